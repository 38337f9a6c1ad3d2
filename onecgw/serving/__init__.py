"""Serve an ASGI application on a socket, with the protocols of Hypercorn."""

from onecgw.serving.listener import find_free_port, require_free_port, reserve_port
from onecgw.serving.server import serve_app

__all__ = ["find_free_port", "require_free_port", "reserve_port", "serve_app"]
