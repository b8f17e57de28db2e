"""Context: the notebook and the conversation so far, as messages for the model."""
