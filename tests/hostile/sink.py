"""A process that accepts connections and discards what they send: an attack on it is a control."""

from contextlib import suppress

import trio


async def _discard(stream: trio.SocketStream) -> None:
    with suppress(trio.BrokenResourceError):
        while await stream.receive_some():
            pass


async def serve() -> None:
    """Serve until the process is ended; the URL is printed."""
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1", backlog=4_096)
    print(f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}", flush=True)
    await trio.serve_listeners(_discard, listeners)


if __name__ == "__main__":
    trio.run(serve)
