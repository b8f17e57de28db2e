"""Training data from trajectories, and a better model from training data."""
