"""Requests to 1C as they end, for traces; without a listener nothing is kept."""

import time
from collections.abc import Callable
from typing import Final

import attrs

NANOSECONDS: Final = 1_000_000_000


@attrs.frozen(kw_only=True)
class OnecSpan:
    """One request to 1C, with its retry.

    request_id: of the call that needed it. path: without the query, which may hold names of
        customers. code: "ok", or that of the error. Instants are nanoseconds since the epoch.
    """

    request_id: str
    method: str
    path: str
    code: str
    began_ns: int
    ended_ns: int


_listeners: Final[list[Callable[[OnecSpan], None]]] = []


def listen(listener: Callable[[OnecSpan], None]) -> Callable[[], None]:
    """Call a function with each request that ends; return what ends that."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def note_request(
    request_id: str, *, method: str, path: str, code: str, duration_seconds: float
) -> None:
    """Note a request that has just ended."""
    if not _listeners:
        return
    ended_ns = time.time_ns()
    span = OnecSpan(
        request_id=request_id,
        method=method,
        path=path.partition("?")[0],
        code=code,
        began_ns=ended_ns - int(duration_seconds * NANOSECONDS),
        ended_ns=ended_ns,
    )
    for listener in _listeners:
        listener(span)
