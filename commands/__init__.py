"""The commands: what a person asks on the command line, from words to work."""
