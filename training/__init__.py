"""From batches to a trained model, and what is kept of it."""
