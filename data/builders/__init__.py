"""TFDS builders for data sets that TFDS does not provide, each with the checksums of its files."""
