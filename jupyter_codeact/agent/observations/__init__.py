"""Observations: a cell's outputs as the model is shown them."""
