"""The Model Context Protocol: others' tools in the kernel, and the notebook as tools for others."""
