"""AESLC for TFDS."""
