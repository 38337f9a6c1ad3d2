"""The steps of one check as they are done, and those that every check of 1C begins with."""

from collections.abc import Awaitable
from urllib.parse import urlsplit

import attrs
import trio

from onecgw.backends.http.transport import tls_context
from onecgw.diagnostics import probes
from onecgw.diagnostics.step import CheckStep, ReportStep
from onecgw.settings import OnecSettings


class CheckStopped(Exception):
    """A step failed on which the following steps depend."""


class StepLog:
    """Reports each step when it is done.

    Args:
        report: called with each step.
    """

    def __init__(self, report: ReportStep) -> None:
        self._report = report
        self.has_passed = True

    def add(self, step: CheckStep) -> None:
        """Report a step."""
        self.has_passed = self.has_passed and step.ok
        self._report(step)

    def succeed(
        self, name: str, detail: str, *, latency_ms: int | None = None, advice: str = ""
    ) -> None:
        """Report a step that passed."""
        self.add(CheckStep(name=name, ok=True, latency_ms=latency_ms, detail=detail, advice=advice))

    def fail(self, name: str, detail: str, *, latency_ms: int | None = None, advice: str) -> None:
        """Report a step that failed."""
        self.add(
            CheckStep(name=name, ok=False, latency_ms=latency_ms, detail=detail, advice=advice)
        )


async def check_network(onec: OnecSettings, steps: StepLog) -> None:
    """Check name, connection and certificate; each step depends on the one before.

    Raises:
        CheckStopped: one failed.
    """
    address = urlsplit(onec.base_url)
    host, secure = address.hostname or "", address.scheme == "https"
    port = address.port or (443 if secure else 80)

    async def probe(name: str, probing: Awaitable[CheckStep]) -> None:
        started = trio.current_time()
        step = CheckStep(
            name=name,
            ok=False,
            detail="no answer in time",
            advice="let the firewall pass, or raise onec.connect_timeout_ms",
        )
        with trio.move_on_after(onec.connect_timeout_ms / 1000):
            step = await probing
        steps.add(attrs.evolve(step, latency_ms=ms_since(started)))
        if not step.ok:
            raise CheckStopped

    await probe("dns", probes.probe_dns(host, port))
    await probe("tcp", probes.probe_tcp(host, port))
    if secure:
        await probe("tls", probes.probe_tls(host, port, tls_context(onec)))


def ms_since(started: float) -> int:
    """Milliseconds since a moment of Trio's clock."""
    return round((trio.current_time() - started) * 1000)
