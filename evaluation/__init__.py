"""From answers to what people read: scores, baselines, pictures, the report and the README's table."""
