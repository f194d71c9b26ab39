"""What answers: Keras layers and models; no files, no data sets."""
