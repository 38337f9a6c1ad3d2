"""OpenTelemetry traces of tool calls and their requests to 1C, sent over OTLP.

A trace holds names of tools and paths, codes, sizes and times: no arguments, answers, people, keys
or addresses.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

from onecgw import __version__
from onecgw.catalogue.tools import BY_NAME
from onecgw.errors import ConfigError
from onecgw.observability.onec_spans import NANOSECONDS, OnecSpan, listen
from onecgw.settings import TracingSettings
from onecgw.storage.audit_log import AuditRecord

MAX_RUNNING: Final = 10_000  # calls whose requests are kept until the call ends
FLUSH_MS: Final = 2_000  # at the end of the process
OK: Final = "ok"


class Tracer:
    """Makes a span of each call, and one of each of its requests to 1C.

    Args:
        processor: takes the spans; a SpanProcessor of the SDK.
    """

    def __init__(self, processor: Any) -> None:  # noqa: ANN401 - of an extra
        self._api = import_module("opentelemetry.trace")
        sdk = import_module("opentelemetry.sdk.trace")
        resources = import_module("opentelemetry.sdk.resources")
        sampling = import_module("opentelemetry.sdk.trace.sampling")
        propagation = import_module("opentelemetry.trace.propagation.tracecontext")
        provider = sdk.TracerProvider(
            resource=resources.Resource.create(
                {"service.name": "onecgw", "service.version": __version__}
            ),
            sampler=sampling.DEFAULT_ON,  # all, but not where the caller's trace is not sampled
            shutdown_on_exit=False,  # the process ends with a limit of time, see FLUSH_MS
        )
        provider.add_span_processor(processor)
        self._tracer = provider.get_tracer("onecgw")
        self._propagator = propagation.TraceContextTextMapPropagator()
        self._requests: OrderedDict[str, list[OnecSpan]] = OrderedDict()

    def take_request(self, span: OnecSpan) -> None:
        """Keep a request until its call ends, which knows the trace."""
        self._requests.setdefault(span.request_id, []).append(span)
        if len(self._requests) > MAX_RUNNING:
            self._requests.popitem(last=False)

    def take_call(self, record: AuditRecord) -> None:
        """Send the spans of a call, unless its caller's trace is not sampled."""
        # Another name is a text of the caller's, which may be anything.
        tool = record.tool if record.tool in BY_NAME else "unknown"
        began_ns = int(record.ts.timestamp() * NANOSECONDS)
        call = self._send(
            f"tools/call {tool}",
            within=self._propagator.extract({"traceparent": record.traceparent}),
            kind=self._api.SpanKind.SERVER,
            code=record.code,
            attributes={
                "onecgw.tool": tool,
                "onecgw.surface": record.surface,
                "onecgw.request_id": record.request_id,
                "onecgw.bytes": record.bytes,
                "onecgw.onec_calls": record.onec_calls,
                **({} if record.rows is None else {"onecgw.rows": record.rows}),
            },
            span_ns=(began_ns, began_ns + record.duration_ms * NANOSECONDS // 1000),
        )
        for request in self._requests.pop(record.request_id, []):
            self._send(
                f"{request.method} 1C",
                within=self._api.set_span_in_context(call),
                kind=self._api.SpanKind.CLIENT,
                code=request.code,
                attributes={"http.request.method": request.method, "url.path": request.path},
                span_ns=(request.began_ns, request.ended_ns),
            )

    def _send(
        self,
        name: str,
        *,
        within: Any,  # noqa: ANN401 - of an extra
        kind: Any,  # noqa: ANN401 - the same
        code: str,
        attributes: dict[str, Any],
        span_ns: tuple[int, int],
    ) -> Any:  # noqa: ANN401 - the same
        attributes = {**attributes, "onecgw.code": code}
        span = self._tracer.start_span(name, within, kind, attributes, start_time=span_ns[0])
        if code != OK:
            span.set_status(self._api.StatusCode.ERROR)
        span.end(span_ns[1])
        return span


@contextmanager
def open_tracer(settings: TracingSettings) -> Iterator[Tracer | None]:
    """Open the tracer of the settings; None if traces are off.

    Raises:
        ConfigError: OpenTelemetry is not installed.
    """
    if settings.endpoint is None:
        yield None
        return
    try:
        export = import_module("opentelemetry.sdk.trace.export")
        otlp = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    except ImportError as error:
        raise ConfigError(
            "tracing.endpoint: OpenTelemetry is not installed; pip install 'onecgw[otel]'"
        ) from error
    processor = export.BatchSpanProcessor(otlp.OTLPSpanExporter(endpoint=settings.endpoint))
    tracer = Tracer(processor)
    end = listen(tracer.take_request)
    try:
        yield tracer
    finally:
        end()
        processor.force_flush(FLUSH_MS)
        processor.shutdown()
