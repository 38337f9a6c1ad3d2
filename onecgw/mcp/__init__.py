"""The MCP protocol as pure code: messages, both eras, running requests; no HTTP, no 1C.

`jsonrpc` reads a message, `validation` finds its era and checks it, `engine` runs its method
against the mounted `providers`, and `jsonrpc` writes the response. A transport
(onecgw/web/mcp.py, onecgw/app/stdio.py) carries the bytes.

The stateless era is revision 2026-07-28; the handshake era is every revision before it, in which
a client begins with `initialize`.
"""
