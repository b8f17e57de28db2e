"""MCP servers of the user's, whose tools become functions in the kernel."""
