"""Output: messages, tables and progress on a terminal, and files that are replaced atomically."""
