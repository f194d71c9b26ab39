"""Output on a terminal: messages, tables and progress."""
