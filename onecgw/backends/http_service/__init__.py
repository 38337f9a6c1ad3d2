"""The backend for bases with the HTTP service `mcp` (docs/how-to/connect-1c.md)."""
