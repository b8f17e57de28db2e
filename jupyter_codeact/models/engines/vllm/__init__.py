"""The vLLM engine: models on GPUs, many replies at a time."""
