"""One tool call from its arguments to its answer, the same for MCP and REST."""
