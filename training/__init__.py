"""Training: from encoded examples to a saved model with its results."""
