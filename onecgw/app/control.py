"""How `onecgw reload` reaches the gateway that runs, on every system.

The gateway listens on a free port of the loopback, and writes the port and a random token into a
file beside its database that only its owner may read.
"""

import contextlib
import hmac
import json
import logging
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import attrs
import trio

from onecgw.app.reload import ReloadReport
from onecgw.errors import ConfigError
from onecgw.settings import Settings

log = logging.getLogger(__name__)

LOOPBACK: Final = "127.0.0.1"
OWNER_ONLY: Final = 0o600
TOKEN_BYTES: Final = 32
READ_SECONDS: Final = 5
MAX_REQUEST_BYTES: Final = 200
ANSWER_SECONDS: Final = 120  # a reload waits for every worker


def control_path(settings: Settings) -> Path:
    """The file of the gateway that has these settings."""
    return settings.database.path.with_suffix(".control")


async def serve_control(settings: Settings, reload: Callable[[], Awaitable[ReloadReport]]) -> None:
    """Reload for whoever may read the control file, until cancelled."""
    path, token = control_path(settings), secrets.token_urlsafe(TOKEN_BYTES)
    (listener,) = await trio.open_tcp_listeners(0, host=LOOPBACK)
    port = listener.socket.getsockname()[1]

    async def answer(stream: trio.SocketStream) -> None:
        # A client without the token gets no answer, and no line is logged: there may be many.
        with contextlib.suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            async with stream:
                if hmac.compare_digest(await _read_line(stream), token.encode()):
                    report = json.dumps(attrs.asdict(await reload()), ensure_ascii=False)
                    await stream.send_all(report.encode() + b"\n")

    try:
        with _control_file(path, {"port": port, "token": token}):
            log.info("control.started", extra={"fields": {"path": str(path)}})
            await trio.serve_listeners(answer, [listener])
    except OSError as error:
        fields = {"path": str(path), "reason": error.strerror}
        log.warning("control.unavailable", extra={"fields": fields})


def request_reload(path: Path) -> ReloadReport:
    """Reload the gateway that has written a control file.

    Raises:
        ConfigError: none runs.
    """
    try:
        control = json.loads(path.read_bytes())
        address = (LOOPBACK, control["port"])
        with socket.create_connection(address, timeout=ANSWER_SECONDS) as connection:
            connection.sendall(control["token"].encode() + b"\n")
            with connection.makefile("rb") as answer:
                report: dict[str, Any] = json.loads(answer.readline())
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(
            f"no gateway with these settings runs: {path} is not there, or of one that has ended"
            " without removing it. If database.path was changed, start the gateway again"
        ) from error
    return ReloadReport(
        error=report["error"],
        applied=tuple(report["applied"]),
        after_restart=tuple(report["after_restart"]),
    )


async def _read_line(stream: trio.SocketStream) -> bytes:
    read = b""
    with trio.move_on_after(READ_SECONDS):
        while b"\n" not in read and len(read) < MAX_REQUEST_BYTES:
            part = await stream.receive_some(MAX_REQUEST_BYTES)
            if not part:
                break
            read += part
    return read.partition(b"\n")[0]


@contextmanager
def _control_file(path: Path, content: dict[str, object]) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)  # of a gateway that was killed
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
