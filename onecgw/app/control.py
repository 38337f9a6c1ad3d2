"""How `onecgw reload` reaches the gateway that runs, on every system.

The gateway listens on a free port of the loopback. It writes the port and a random token into a
file beside its database, which only the owner of the file may read.
"""

import contextlib
import hmac
import logging
import secrets
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import attrs
import msgspec
import trio

from onecgw.app.reload import ReloadReport
from onecgw.errors import ConfigError
from onecgw.settings import Settings
from onecgw.storage.private_file import write_private_file

log = logging.getLogger(__name__)

LOOPBACK: Final = "127.0.0.1"
TOKEN_BYTES: Final = 32
READ_SECONDS: Final = 5
MAX_REQUEST_BYTES: Final = 200
ANSWER_SECONDS: Final = 120  # a reload waits for every worker


@attrs.frozen(kw_only=True)
class _Control:
    """What the control file holds."""

    port: int
    token: str


def control_path(settings: Settings) -> Path:
    """The file of the gateway that has these settings."""
    return settings.database.path.with_suffix(".control")


async def serve_control(settings: Settings, reload: Callable[[], Awaitable[ReloadReport]]) -> None:
    """Answer requests to reload, until cancelled; the token in the control file permits one.

    Args:
        settings: whose database the control file stands beside.
        reload: reads the settings again and uses them.
    """
    path, token = control_path(settings), secrets.token_urlsafe(TOKEN_BYTES)
    (listener,) = await trio.open_tcp_listeners(0, host=LOOPBACK)
    port = listener.socket.getsockname()[1]

    async def answer(stream: trio.SocketStream) -> None:
        # A client without the token gets no answer, and no line is logged: there may be many.
        with contextlib.suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            async with stream:
                if hmac.compare_digest(await _read_line(stream), token.encode()):
                    await stream.send_all(msgspec.json.encode(await reload()) + b"\n")

    try:
        path.unlink(missing_ok=True)  # of a gateway that was killed
        write_private_file(path, msgspec.json.encode(_Control(port=port, token=token)))
        try:
            log.info("control.started", extra={"fields": {"path": str(path)}})
            await trio.serve_listeners(answer, [listener])
        finally:
            with contextlib.suppress(OSError):  # the error would take the place of the end
                path.unlink(missing_ok=True)
    except OSError as error:
        fields = {"path": str(path), "reason": error.strerror}
        log.warning("control.unavailable", extra={"fields": fields})


def request_reload(path: Path) -> ReloadReport:
    """Let the gateway that wrote a control file read its settings again.

    Raises:
        ConfigError: no gateway that wrote this file runs.
    """
    try:
        control = msgspec.json.decode(path.read_bytes(), type=_Control)
        address = (LOOPBACK, control.port)
        with socket.create_connection(address, timeout=ANSWER_SECONDS) as connection:
            connection.sendall(control.token.encode() + b"\n")
            with connection.makefile("rb") as answer:
                return msgspec.json.decode(answer.readline(), type=ReloadReport)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"no gateway with these settings runs: {path} is not there, or of one that has ended"
            " without removing it. If database.path was changed, start the gateway again"
        ) from error


async def _read_line(stream: trio.SocketStream) -> bytes:
    read = b""
    with trio.move_on_after(READ_SECONDS):
        while b"\n" not in read and len(read) < MAX_REQUEST_BYTES:
            part = await stream.receive_some(MAX_REQUEST_BYTES)
            if not part:
                break
            read += part
    return read.partition(b"\n")[0]
