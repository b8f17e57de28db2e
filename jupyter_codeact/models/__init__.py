"""Models: a client for any OpenAI-compatible endpoint, and engines hosted on this machine."""
