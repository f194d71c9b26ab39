"""TFDS builders of our own, for data sets that TFDS does not have: a folder each, with the checksums of its files."""
