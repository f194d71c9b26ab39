"""Data from its sources to batches: data sets, files, encoders, splits, batches and the cache."""
