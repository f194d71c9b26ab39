"""What several packages share: frozen dataclasses and functions of text, on the standard library, NumPy and regex.

`schema.segmentation` holds the tokenization that the data and the scores share. Every package may import this one; it
imports none of them.
"""

NAME = "unrolled"
VERSION = "0.2.0"
"""Printed by `--version`; pyproject.toml holds the same."""
