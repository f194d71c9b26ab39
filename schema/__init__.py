"""What several packages share: frozen dataclasses, and functions of text, on the standard library and NumPy alone.

`schema.text` holds the tokenization that the data and the scores share. Every package may import this one; it imports
none of them.
"""

NAME = "unrolled"
VERSION = "0.2.0"
"""Printed by `--version`; pyproject.toml holds the same."""
