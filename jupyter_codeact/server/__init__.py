"""The Jupyter Server extension: notebook sessions, the pages that show them, and the runs in them."""
