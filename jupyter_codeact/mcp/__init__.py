"""The Model Context Protocol: the notebook as tools for other agents, and their tools in the kernel."""
