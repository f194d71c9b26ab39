"""The commands train, evaluate and predict, and their command lines."""
