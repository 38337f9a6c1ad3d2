"""onecgw: a call over MCP or REST is identified, scoped, parsed, sent to 1C and answered."""

__version__ = "0.1.0"
