"""The gateway between LLM clients (MCP, REST) and 1C:Enterprise."""

__version__ = "0.2.0"
