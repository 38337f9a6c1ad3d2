"""What this base supports, as its health answer tells."""

import logging
from collections.abc import Callable
from typing import Final

import msgspec
import trio

from onecgw.backends.http_service.client import OnecClient
from onecgw.backends.scheduling.deadline import deadline
from onecgw.catalogue.declaration import Capabilities
from onecgw.errors import OnecError

log = logging.getLogger(__name__)

REFRESH_SECONDS: Final = 300
UNKNOWN_SECONDS: Final = 15  # after a 1C that did not answer
_PARTS: Final = ("filters", "group_by", "measures", "params")
_NOTHING: Final[frozenset[str]] = frozenset()


def read_capabilities(health: bytes) -> Capabilities:
    """The capabilities in a health answer; what is not understood is logged and left out."""
    told = _object(_parsed(health), "health")
    told = _object(told.get("capabilities", {}), "capabilities")
    profile = told.get("profile", "")
    unsupported = _object(told.get("unsupported", {}), "unsupported")
    return Capabilities(
        profile=profile if isinstance(profile, str) else "",
        unavailable=_names(_object(told.get("tools", {}), "tools"), "unavailable"),
        unsupported={
            tool: {part: _names(lacks, part) for part in _PARTS}
            for tool, value in unsupported.items()
            if (lacks := _object(value, f"unsupported.{tool}"))
        },
        always_empty=_names(_object(told.get("resolvers", {}), "resolvers"), "always_empty"),
    )


async def keep_capabilities_fresh(
    client: OnecClient,
    on_change: Callable[[Capabilities], None],
    *,
    timeout_ms: int,
    every_seconds: float = REFRESH_SECONDS,
) -> None:
    """Ask 1C again and again; call on_change with each answer that differs from the last.

    It runs until it is cancelled. A 1C that does not answer changes nothing, and is asked again
    soon.

    Args:
        client: what asks.
        on_change: is called at first only if 1C lacks something.
        timeout_ms: how long one answer may take.
        every_seconds: how long an answer is good for.
    """
    known = Capabilities()
    while True:
        pause_seconds = every_seconds
        try:
            with deadline(timeout_ms):
                health = await client.health("capabilities")
        except OnecError as error:
            log.info("onec.capabilities_unknown", extra={"fields": {"class": error.code}})
            pause_seconds = min(every_seconds, UNKNOWN_SECONDS)
        else:
            now = read_capabilities(health)
            if now != known:
                known = now
                log.info("onec.capabilities", extra={"fields": {"profile": now.profile}})
                on_change(now)
        await trio.sleep(pause_seconds)


def _parsed(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:  # well-formed, but with a number that no float holds
        return None


def _object(value: object, path: str) -> dict[str, object]:
    if isinstance(value, dict):
        return value
    log.warning("onec.capabilities_ignored", extra={"fields": {"path": path}})
    return {}


def _names(told: dict[str, object], key: str) -> frozenset[str]:
    value = told.get(key, [])
    if isinstance(value, list):
        return frozenset(name for name in value if isinstance(name, str))
    log.warning("onec.capabilities_ignored", extra={"fields": {"path": key}})
    return _NOTHING
