"""A CodeAct agent that lives in a Jupyter notebook."""
