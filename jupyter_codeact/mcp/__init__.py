"""The Model Context Protocol: other programs' tools in the kernel, and the notebook as tools for other programs."""
