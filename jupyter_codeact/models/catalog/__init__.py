"""The catalog: models to download, where they come from, and which of them this machine can run."""
