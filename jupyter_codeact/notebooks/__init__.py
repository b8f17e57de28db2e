"""Notebooks the agent can work in: through the open page, or a file with a kernel of its own."""
