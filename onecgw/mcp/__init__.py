"""The MCP protocol as pure code: messages, both eras, running calls; no HTTP, no 1C.

`wire` reads a message, `admission` decides its era and whether it is well formed,
`engine` runs it against the `features` that are mounted, and `wire` writes the answer.
A transport (onecgw/web/mcp.py, onecgw/app/stdio.py) carries the bytes.
"""
