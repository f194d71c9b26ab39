"""Readers of data sets and files."""
