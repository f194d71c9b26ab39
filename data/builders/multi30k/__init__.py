"""The Broad Twitter Corpus for TFDS."""
