"""From recorded runs to training data, and from training data to a better model."""
