"""Traces of calls: their form, and that nothing of a person or a secret is in them."""

import json
from datetime import UTC, datetime
from typing import Any

import attrs
import httpx
import pytest

from onecgw.app.lifespan import ProcessState, open_application
from onecgw.app.serve_demo import DEMO_API_TOKEN, demo_settings
from onecgw.app.tracing import Tracer, open_tracer
from onecgw.demo.books import Books
from onecgw.errors import ConfigError
from onecgw.observability.onec_spans import listen
from onecgw.settings import TracingSettings
from onecgw.storage.audit_log import AuditRecord
from onecgw.web.app import build_app
from tests.builders.demo_server import PASSWORD, demo_on_socket

SpanProcessor: Any = pytest.importorskip("opentelemetry.sdk.trace").SpanProcessor

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"


@attrs.define
class Spans(SpanProcessor):  # type: ignore[misc]  # it comes with an extra
    """A processor that keeps the spans."""

    kept: list[Any] = attrs.field(factory=list)

    def on_end(self, span: Any) -> None:
        self.kept.append(json.loads(span.to_json()))


async def test_a_call_is_a_span_of_the_callers_trace_with_its_requests_to_1c(
    small_books: Books,
) -> None:
    spans = Spans()
    tracer = Tracer(spans)
    end = listen(tracer.take_request)
    async with demo_on_socket(small_books) as base_url:
        settings = demo_settings(base_url=base_url, port=0, password=PASSWORD)
        async with open_application(settings, state=ProcessState(tracer=tracer)) as application:
            app: Any = build_app(settings, application.gateway, application.engine)
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(app),
                base_url="http://localhost",
                headers={
                    "authorization": f"Bearer {DEMO_API_TOKEN}",
                    "traceparent": f"00-{TRACE}-{CALLER}-01",
                },
            ) as client:
                await client.post("/resolve/customer", json={"query": "мрія"})
                await client.post(
                    "/resolve/customer",
                    json={"query": "мрія-2"},
                    headers={"traceparent": f"00-{TRACE}-{CALLER}-00"},
                )
    end()

    call, request = spans.kept
    assert (call["name"], call["kind"], call["parent_id"]) == (
        "tools/call resolve_customer",
        "SpanKind.SERVER",
        f"0x{CALLER}",
    )
    assert (request["name"], request["kind"], request["parent_id"]) == (
        "POST 1C",
        "SpanKind.CLIENT",
        call["context"]["span_id"],
    )
    assert {one["context"]["trace_id"] for one in spans.kept} == {f"0x{TRACE}"}
    assert set(call["attributes"]) == {
        *("onecgw.tool", "onecgw.surface", "onecgw.request_id", "onecgw.bytes"),
        *("onecgw.onec_calls", "onecgw.rows", "onecgw.code"),
    }
    assert request["attributes"] == {
        "http.request.method": "POST",
        "url.path": "/mcp/resolve/customer",
        "onecgw.code": "ok",
    }
    text = json.dumps(spans.kept, ensure_ascii=False)
    assert not any(word in text for word in (DEMO_API_TOKEN, PASSWORD, "мрія", "127.0.0.1"))


def test_what_a_caller_invents_is_no_name_of_a_span() -> None:
    spans = Spans()
    record = AuditRecord(
        ts=datetime.now(UTC),
        request_id="r-1",
        surface="mcp",
        sub="olena",
        client="c",
        tool="my-secret",
        ok=False,
        code="not_found",
        duration_ms=1,
        rows=None,
        bytes=0,
        onec_calls=0,
        ip="192.0.2.1",
    )
    Tracer(spans).take_call(record)

    (span,) = spans.kept
    assert (span["name"], span["status"]["status_code"]) == ("tools/call unknown", "ERROR")
    assert not any(word in json.dumps(span) for word in ("my-secret", "olena", "192.0.2.1"))


def test_without_an_endpoint_nothing_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_name: str) -> None:
        raise ImportError

    monkeypatch.setattr("onecgw.app.tracing.import_module", refuse)
    with open_tracer(TracingSettings()) as tracer:
        assert tracer is None
    with (
        pytest.raises(ConfigError, match=r"pip install 'onecgw\[otel\]'"),
        open_tracer(TracingSettings(endpoint="http://127.0.0.1:4318/v1/traces")),
    ):
        pass
