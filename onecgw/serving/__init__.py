"""An ASGI application on a socket: the only room that knows Hypercorn, and what guards it."""

from onecgw.serving.server import find_free_port, serve_app

__all__ = ["find_free_port", "serve_app"]
