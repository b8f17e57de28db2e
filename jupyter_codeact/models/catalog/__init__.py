"""The catalogue: models to download, where their files come from, and which of them suit this machine."""
