"""The llama.cpp engine: models in GGUF files, on CPUs."""
