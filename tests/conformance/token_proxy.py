"""Gives every request a bearer token: the conformance suite has no option for one."""

from functools import partial

import trio

HOST = "127.0.0.1"
MAX_HEAD_BYTES = 65_536
READ_BYTES = 65_536


async def serve_proxy(
    server_port: int,
    *,
    token: str,
    task_status: "trio.TaskStatus[int]" = trio.TASK_STATUS_IGNORED,
) -> None:
    """Forward connections to a port of this machine, one request each, until cancelled.

    Args:
        server_port: where the server is.
        token: what it wants to see.
        task_status: gets the port of the proxy.
    """
    async with trio.open_nursery() as nursery:
        [listener] = await trio.open_tcp_listeners(0, host=HOST)
        serve = partial(_forward, server_port=server_port, token=token)
        nursery.start_soon(trio.serve_listeners, serve, [listener])
        task_status.started(listener.socket.getsockname()[1])


async def _forward(client: trio.SocketStream, *, server_port: int, token: str) -> None:
    head, rest = await _read_head(client)
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    # One request per connection: nothing of a second one has to be understood.
    lines += [b"Authorization: Bearer " + token.encode("ascii"), b"Connection: close"]
    async with client, await trio.open_tcp_stream(HOST, server_port) as server:
        await server.send_all(b"\r\n".join(lines) + b"\r\n\r\n" + rest)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_pump, client, server, nursery.cancel_scope)
            nursery.start_soon(_pump, server, client, nursery.cancel_scope)


async def _read_head(client: trio.SocketStream) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data and len(data) < MAX_HEAD_BYTES:
        part = await client.receive_some(READ_BYTES)
        if not part:
            break
        data += part
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


async def _pump(source: trio.SocketStream, sink: trio.SocketStream, done: trio.CancelScope) -> None:
    try:
        while data := await source.receive_some(READ_BYTES):
            await sink.send_all(data)
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        pass
    done.cancel()
