"""Completion of code as the user types: what the model is given, and how much is taken of what it writes."""
