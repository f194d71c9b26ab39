"""Readers: data sets, files and formats to examples."""
