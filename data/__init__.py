"""From the world to batches: data sets, files, vocabularies, encoded columns."""
