"""What crosses rooms: frozen dataclasses of the standard library and NumPy; imported by all, imports none."""
