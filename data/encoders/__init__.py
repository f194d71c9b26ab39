"""Encoders: examples to numbers, fitted on the training data."""
