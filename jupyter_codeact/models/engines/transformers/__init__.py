"""The transformers engine: models on GPUs."""
