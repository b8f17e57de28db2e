"""The agent: the loop, what it reads and what it says. Knows no HTTP, no JupyterLab and no files."""
