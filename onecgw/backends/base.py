"""The protocol of every backend: a 1C base that answers the contract's operations."""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from typing import Final, Protocol

import attrs
import trio

from onecgw.auth.context import CallContext
from onecgw.auth.key_verification import KeyVerdict
from onecgw.backends.scheduling.breaker import BreakerState
from onecgw.backends.scheduling.deadline import deadline
from onecgw.backends.scheduling.fan_out import Progress, ignore_progress
from onecgw.catalogue.capabilities import Capabilities
from onecgw.errors import OnecError

log = logging.getLogger(__name__)

REFRESH_SECONDS: Final = 300
UNKNOWN_SECONDS: Final = 15  # after a 1C that did not answer


@attrs.frozen(kw_only=True)
class BackendCall:
    """One request to a 1C base.

    operation: as a tool declares it, `reports/sales`.
    body: the arguments, the contract's JSON in UTF-8.
    progress: called while an answer is made of several requests to 1C.
    held: closed when the call has been answered; until then its answers are counted in the memory
        of all. None = until `fetch` returns.
    """

    context: CallContext
    operation: str
    body: bytes
    progress: Progress = ignore_progress
    held: ExitStack | None = None


@attrs.frozen(kw_only=True)
class BackendState:
    """How 1C is doing, as far as the calls tell.

    last_success_at: when a call last ended well; None = not since the start.
    """

    breaker: BreakerState
    in_flight: int
    waiting: int
    idle_sessions: int
    last_success_at: datetime | None


class Backend(Protocol):
    """A 1C base. Every call runs inside the deadline that its caller has opened."""

    async def fetch(self, call: BackendCall) -> bytes:
        """The answer, the contract's JSON: compact, in UTF-8, its digits and texts untouched.

        Raises:
            OnecError: whatever went wrong.
        """
        ...

    async def capabilities(self) -> Capabilities:
        """What the base does not support.

        Raises:
            OnecError: it cannot be learnt now.
        """
        ...

    async def verify_key(self, key: str, request_id: str) -> KeyVerdict:
        """The result of verifying an access key: valid, invalid, or not verified."""
        ...

    def state(self) -> BackendState:
        """How the base is doing."""
        ...

    async def run(self) -> None:
        """Do what has to be done between calls, until it is cancelled."""
        ...

    async def aclose(self) -> None:
        """End what is kept in 1C and close every connection, within seconds."""
        ...


async def keep_capabilities_fresh(
    backend: Backend,
    on_change: Callable[[Capabilities], None],
    *,
    timeout_ms: int,
    every_seconds: float = REFRESH_SECONDS,
) -> None:
    """Ask the backend again and again; call on_change with each answer that differs from the last.

    It runs until it is cancelled. A 1C that does not answer changes nothing, and is asked again
    soon.

    Args:
        backend: the 1C base.
        on_change: not called for a first answer that equals `Capabilities()`.
        timeout_ms: how long one answer may take.
        every_seconds: the pause before the next query.
    """
    known = Capabilities()
    while True:
        pause_seconds = every_seconds
        try:
            with deadline(timeout_ms):
                latest = await backend.capabilities()
        except OnecError as error:
            log.info("onec.capabilities_unknown", extra={"fields": {"class": error.code}})
            pause_seconds = min(every_seconds, UNKNOWN_SECONDS)
        else:
            if latest != known:
                known = latest
                log.info("onec.capabilities", extra={"fields": {"profile": latest.profile}})
                on_change(latest)
        await trio.sleep(pause_seconds)
