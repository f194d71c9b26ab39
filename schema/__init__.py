"""Data types that several packages share: frozen dataclasses, on the standard library and NumPy alone.

Every package may import this one; it imports none of them.
"""

NAME = "unrolled"
VERSION = "0.2.0"
"""Printed by `--version`; pyproject.toml holds the same."""
