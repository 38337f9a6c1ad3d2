"""What the gateway counts and measures, in the text format of Prometheus."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

from onecgw import __version__
from onecgw.backends.base import BackendState
from onecgw.backends.scheduling.answer_cache import AnswerCache
from onecgw.backends.scheduling.breaker import BreakerState
from onecgw.catalogue.listing import Catalogue
from onecgw.storage.audit_log import AuditRecord

# A resolver from the cache takes a millisecond, a report of 1C up to its deadline.
_LATENCY_SECONDS: Final = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
# One, a composite of the cycle, or its largest plan.
_ONEC_CALLS: Final = (0, 1, 2, 5, 10, 20, 50)
_UNKNOWN_TOOL: Final = "unknown"


class Metrics:
    """The metrics of one gateway.

    Args:
        catalogue: its tools; another name that a caller sends is counted as `unknown`, so that
            nobody can add series.
        read_state: the state of the backend.
        caches: each cache by its name.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        read_state: Callable[[], BackendState],
        caches: Mapping[str, AnswerCache],
    ) -> None:
        self._tools = frozenset(tool.name for tool in catalogue.tools)
        self._registry = CollectorRegistry()
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
        self._registry.register(_StateCollector(read_state, caches))

    def observe(self, record: AuditRecord) -> None:
        """Count one call by its audit record."""
        tool = record.tool if record.tool in self._tools else _UNKNOWN_TOOL
        self._calls.labels(tool, record.surface, record.code).inc()
        self._seconds.labels(tool, record.surface).observe(record.duration_ms / 1000)
        self._onec_calls.labels(tool).observe(record.onec_calls)

    def render(self) -> bytes:
        """Return all metrics in the text format, version 0.0.4."""
        return generate_latest(self._registry)


class _StateCollector(Collector):
    """What is read at the moment of a scrape."""

    def __init__(
        self, read_state: Callable[[], BackendState], caches: Mapping[str, AnswerCache]
    ) -> None:
        self._read_state = read_state
        self._caches = caches

    def collect(self) -> Iterable[GaugeMetricFamily | InfoMetricFamily]:
        state = self._read_state()
        yield InfoMetricFamily("onecgw", "The running program.", {"version": __version__})
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
            "onecgw_cache_lookups", "Lookups since the start.", labels=("cache", "result")
        )
        for name, cache in self._caches.items():
            lookups.add_metric((name, "hit"), cache.hits)
            lookups.add_metric((name, "miss"), cache.misses)
        yield lookups


def _gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, value=value)
