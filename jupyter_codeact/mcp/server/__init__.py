"""The notebook as tools for other agents: what a client calls goes through the gate, and into the journal.

`tools` are what a client sees, `run` is the run of a client in the journal, and `notebooks` says what a place
with notebooks must offer: a Jupyter server, or one file with a kernel of its own (`headless`). Only `tools`
and what imports it need the package ``mcp``.
"""
