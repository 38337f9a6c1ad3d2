"""What the gateway counts and measures, in the text format of Prometheus."""

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import attrs
import trio
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from onecgw import __version__
from onecgw.backends.base import BackendState
from onecgw.backends.scheduling.answer_cache import AnswerCache
from onecgw.backends.scheduling.breaker import BreakerState
from onecgw.catalogue.tools import ALL
from onecgw.oauth.storage.grant_queries import LoginCounts
from onecgw.storage.audit_log import AuditRecord

# A resolver from the cache takes a millisecond, a report of 1C up to its deadline.
_LATENCY_SECONDS: Final = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
# One, a composite of the cycle, or its largest plan.
_ONEC_CALLS: Final = (0, 1, 2, 5, 10, 20, 50)
_UNKNOWN_TOOL: Final = "unknown"
# A call of the gateway itself takes a millisecond of the event loop, a large list some tens.
_LAG_SECONDS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
_LAG_PAUSE_SECONDS: Final = 0.25


@attrs.frozen(kw_only=True)
class MetricSources:
    """What is read at the moment of a scrape.

    read_state: of the backend. caches: by name. count_logins: None without OAuth.
    """

    read_state: Callable[[], BackendState]
    caches: Mapping[str, AnswerCache]
    count_logins: Callable[[], LoginCounts | None] = lambda: None


class Metrics:
    """The metrics of one process; they outlive a reload of the settings.

    A tool that does not exist is counted as `unknown`, so that no caller can add series.
    """

    def __init__(self) -> None:
        self._tools = frozenset(tool.name for tool in ALL)
        self._registry = CollectorRegistry()
        self._sources: MetricSources | None = None
        self.certificate_expires_at: float | None = None  # seconds since the epoch
        self._calls = Counter(
            "onecgw_tool_calls",
            "Tool calls that have ended, by tool, surface and code (`ok`, an error, `cancelled`).",
            ("tool", "surface", "code"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "onecgw_tool_call_seconds",
            "Duration of a tool call, with everything towards 1C.",
            ("tool", "surface"),
            buckets=_LATENCY_SECONDS,
            registry=self._registry,
        )
        self._onec_calls = Histogram(
            "onecgw_onec_calls_per_tool_call",
            "Requests to 1C of one tool call; 0: answered from a cache, or refused before.",
            ("tool",),
            buckets=_ONEC_CALLS,
            registry=self._registry,
        )
        self._lag = Histogram(
            "onecgw_event_loop_lag_seconds",
            "How much later than planned a task of the event loop ran.",
            buckets=_LAG_SECONDS,
            registry=self._registry,
        )
        # Looking labels up costs more than counting.
        self._series = functools.cache(self._find_series)
        self._registry.register(FunctionCollector(self._collect_state))

    def follow(self, sources: MetricSources) -> None:
        """Read the state of these sources from now on."""
        self._sources = sources

    async def measure_lag(self) -> None:
        """Measure the lag of the event loop until cancelled."""
        while True:
            planned = trio.current_time() + _LAG_PAUSE_SECONDS
            await trio.sleep_until(planned)
            self._lag.observe(trio.current_time() - planned)

    def observe(self, record: AuditRecord) -> None:
        """Count one call by its audit record."""
        tool = record.tool if record.tool in self._tools else _UNKNOWN_TOOL
        calls, seconds, onec_calls = self._series(tool, record.surface, record.code)
        calls.inc()
        seconds.observe(record.duration_ms / 1000)
        onec_calls.observe(record.onec_calls)

    def _find_series(
        self, tool: str, surface: str, code: str
    ) -> tuple[Counter, Histogram, Histogram]:
        """Return what counts the calls of a tool with one outcome."""
        return (
            self._calls.labels(tool, surface, code),
            self._seconds.labels(tool, surface),
            self._onec_calls.labels(tool),
        )

    def render(self) -> bytes:
        """Return the metrics of this process in the text format, version 0.0.4."""
        return generate_latest(self._registry)

    def render_shared(self) -> bytes:
        """Return what is the same in all processes of a gateway."""
        return generate_latest(FunctionCollector(self._collect_logins))

    def _collect_state(self) -> Iterable[Metric]:
        yield InfoMetricFamily("onecgw", "The running program.", {"version": __version__})
        if self._sources is None:
            return
        state = self._sources.read_state()
        yield _gauge("onecgw_onec_in_flight", "Requests that 1C is answering.", state.in_flight)
        yield _gauge("onecgw_onec_waiting", "Requests that wait for a place.", state.waiting)
        yield _gauge(
            "onecgw_onec_idle_sessions", "1C sessions kept for reuse.", state.idle_sessions
        )
        breaker = GaugeMetricFamily(
            "onecgw_breaker", "1 for the breaker's state.", labels=("state",)
        )
        for one in BreakerState:
            breaker.add_metric((str(one),), float(one == state.breaker))
        yield breaker
        lookups = GaugeMetricFamily(
            "onecgw_cache_lookups",
            "Lookups since the start or the last reload.",
            labels=("cache", "result"),
        )
        for name, cache in self._sources.caches.items():
            lookups.add_metric((name, "hit"), cache.hits)
            lookups.add_metric((name, "miss"), cache.misses)
        yield lookups

    def _collect_logins(self) -> Iterable[Metric]:
        if self.certificate_expires_at is not None:
            about = "When the TLS certificate in use expires, in seconds since the epoch."
            yield _gauge("onecgw_certificate_expires", about, self.certificate_expires_at)
        counts = self._sources.count_logins() if self._sources is not None else None
        if counts is None:
            return
        yield _gauge("onecgw_logins", "Logins of people in clients.", counts.logins)
        tokens = GaugeMetricFamily("onecgw_tokens", "Tokens that are valid.", labels=("kind",))
        tokens.add_metric(("access",), counts.access_tokens)
        tokens.add_metric(("refresh",), counts.refresh_tokens)
        yield tokens


@attrs.frozen
class FunctionCollector(Collector):
    """A collector that is a function."""

    collect: Callable[[], Iterable[Metric]]


def _gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, value=value)
