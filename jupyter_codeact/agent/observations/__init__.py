"""Observations: what the model is shown of a cell that ran."""
