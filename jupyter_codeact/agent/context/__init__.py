"""Context: what the model is told of the notebook, and the conversation so far."""
