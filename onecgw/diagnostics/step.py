"""The result of one step of a check."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import attrs

SKEW_SECONDS: Final = 60  # a larger difference makes "now" and "today" visibly different


@attrs.frozen(kw_only=True)
class CheckStep:
    """One step of a check.

    name: of 1C: dns, tcp, tls, publication, authentication, health, resolver, report, verify,
        sessions or clock; of a login: its protocol step.
    latency_ms: the duration; None if it means nothing.
    is_warning: the step passed, and something should be changed nevertheless.
    detail: what was observed. advice: what to change; "" if nothing.
    """

    name: str
    ok: bool
    latency_ms: int | None = None
    is_warning: bool = False
    detail: str
    advice: str = ""


ReportStep = Callable[[CheckStep], None]


class CheckFailed(Exception):
    """A step failed.

    advice: what to change.
    """

    def __init__(self, detail: str, advice: str) -> None:
        super().__init__(detail)
        self.advice = advice


def run_step(name: str, step: Callable[[], str]) -> CheckStep:
    """Do a step that returns what it observed, or raises CheckFailed."""
    try:
        return CheckStep(name=name, ok=True, detail=step())
    except CheckFailed as failed:
        return CheckStep(name=name, ok=False, detail=str(failed), advice=failed.advice)


def clock_skew_seconds(headers: Mapping[str, str]) -> int | None:
    """Return how far this clock is ahead of a server's `Date` header; None without one.

    Args:
        headers: of an HTTP response, by their names in lower case.
    """
    try:
        theirs = parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError):
        return None
    theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
    return round((datetime.now(UTC) - theirs).total_seconds())
