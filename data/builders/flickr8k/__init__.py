"""Flickr8k for TFDS."""
