"""What a person sees in a terminal: messages, tables and progress."""
