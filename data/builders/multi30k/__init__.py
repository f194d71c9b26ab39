"""Multi30k for TFDS."""
