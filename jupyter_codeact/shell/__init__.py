"""The agent in an IPython shell: ``%codeact``, the widget, and `run` in a notebook."""
