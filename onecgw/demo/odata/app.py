"""The OData interface of the demo 1C as an ASGI application."""

import base64
import gzip
from collections.abc import Collection
from typing import Any, Final

import attrs
import trio

from onecgw.demo import asgi_responses as asgi
from onecgw.demo.books import Books
from onecgw.demo.fault_middleware import FAULT_HEADER, FaultMiddleware
from onecgw.demo.fault_plan import BadFault
from onecgw.demo.fault_responses import FAULT_RESPONSES
from onecgw.demo.fault_responses import FaultResponse as HttpReply
from onecgw.demo.odata.configurations import ConfigurationName, read_configuration
from onecgw.demo.odata.errors import JSON_TYPE, XML_TYPE, ODataError, bad_method, no_right
from onecgw.demo.odata.facts import Store, build_store
from onecgw.demo.odata.faults import ODataFaults, parse_odata_faults, shared_faults
from onecgw.demo.odata.metadata import metadata
from onecgw.demo.odata.model import Schema
from onecgw.demo.odata.query import Query
from onecgw.demo.odata.render import (
    ATOM_TYPE,
    SERVICE_TYPE,
    answer_atom,
    answer_json,
    service_document,
)
from onecgw.demo.odata.request_log import RequestLog
from onecgw.demo.odata.url import Target, parse_target

_MAX_THREADS: Final = 4
_GZIP_FROM_BYTES: Final = 1_024
_HTML: Final = "text/html; charset=utf-8"
_TOO_LONG: Final = HttpReply(
    status=404,
    content_type=_HTML,
    body=b"<!DOCTYPE html><html><head><title>IIS 10.0 Detailed Error - 404.15 - Not Found</title>"
    b"</head><body><h2>HTTP Error 404.15 - Not Found</h2><p>The request filtering module is "
    b"configured to deny a request where the query string is too long.</p></body></html>",
)
_BAD_SEGMENT: Final = HttpReply(
    status=400,
    content_type=_HTML,
    body=b"<!DOCTYPE html><html><head><title>Bad Request</title></head><body>"
    b"<h2>Bad Request - Invalid URL</h2><hr><p>HTTP Error 400. The request URL is invalid.</p>"
    b"</body></html>",
)
_BLOCKED: Final = HttpReply(
    status=500,
    content_type=_HTML,
    body=(
        "<!DOCTYPE html><html><head><title>1C:Enterprise 8 application error</title></head><body>"
        "<h2>1C:Enterprise 8 application error:</h2><pre>Ошибка начала сеанса\nпо причине:\n"
        "Начало сеанса с информационной базой запрещено. Регламентные работы до 18:00</pre>"
        "</body></html>"
    ).encode(),
)


class ODataApp:
    """Answers GET as a 1C with a published OData interface does.

    log: the requests.
    """

    def __init__(
        self,
        store: Store,
        schema: Schema,
        *,
        authorization: bytes,
        faults: ODataFaults,
    ) -> None:
        self.log = RequestLog()
        self._store = store
        self._schema = schema
        self._authorization = authorization
        self._faults = faults
        self._is_cold = True
        self._limiter = trio.CapacityLimiter(_MAX_THREADS)
        self._faulty = FaultMiddleware(self._answer, faults.http)

    def objects(self) -> frozenset[str]:
        """Return the metadata objects that are published."""
        return self._schema.objects()

    def varied(
        self, faults: ODataFaults | None = None, *, unpublished: Collection[str] = ()
    ) -> "ODataApp":
        """Return the same data behind other faults, with some objects not published."""
        return ODataApp(
            self._store,
            self._schema.reduced(composition=self._schema.objects() - {*unpublished}),
            authorization=self._authorization,
            faults=faults or ODataFaults(),
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        """Answer one call, well or badly."""
        if scope["type"] != "http":
            return
        query = scope["query_string"]
        self.log.record(scope["method"], scope["raw_path"] + (b"?" + query if query else b""))
        try:
            faults, headers = self._faults_of(scope)
        except BadFault as error:
            await asgi.send_refusal(send, str(error))
            return
        if self._is_cold:
            self._is_cold = False
            await trio.sleep(faults.first_call_seconds)
        await self._faulty({**scope, "headers": headers, "odata_faults": faults}, receive, send)

    def _faults_of(self, scope: asgi.Event) -> tuple[ODataFaults, list[tuple[bytes, bytes]]]:
        """The faults of a call, and its headers with what the shared layer has to do."""
        headers = [
            (name, value) for name, value in scope["headers"] if name.lower() != FAULT_HEADER
        ]
        for name, value in scope["headers"]:
            if name.lower() == FAULT_HEADER:
                text = value.decode()
                own = parse_odata_faults(text)
                if own.http is not None:
                    headers.append((name, shared_faults(text).encode()))
                return own, headers
        return self._faults, headers

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        del receive
        faults: ODataFaults = scope["odata_faults"]
        headers = {name.lower(): value for name, value in scope["headers"]}
        refused = self._refused(scope, headers, faults)
        if refused is not None:
            await asgi.send_fault_response(send, refused)
            return
        accept = headers.get(b"accept", b"").decode("latin-1")
        try:
            target = parse_target(scope["raw_path"], scope["query_string"])
        except ODataError as error:
            await _send(send, _refusal(error, as_json="json" in accept), headers)
            return
        if target is None:
            await asgi.send_fault_response(send, FAULT_RESPONSES["not_published"])
            return
        as_json = "json" in target.options.get("$format", accept)
        try:
            if scope["method"] != "GET":
                raise bad_method(scope["method"])
            call = _Call(
                target=target,
                schema=self._schema.reduced(
                    unpublished=faults.unpublished, missing_fields=faults.missing_fields
                ),
                faults=faults,
                as_json=as_json and not faults.is_atom,
                host=headers.get(b"host", b"localhost").decode("latin-1"),
            )
            reply = await trio.to_thread.run_sync(call.reply, self._store, limiter=self._limiter)
        except ODataError as error:
            reply = _refusal(error, as_json=as_json and not faults.has_xml_errors)
        await _send(send, reply, headers)

    def _refused(
        self, scope: asgi.Event, headers: dict[bytes, bytes], faults: ODataFaults
    ) -> HttpReply | None:
        """What the web server or the start of the session refuses before 1C reads the URL."""
        if faults.query_bytes is not None and len(scope["query_string"]) > faults.query_bytes:
            return _TOO_LONG
        segments = scope["path"].split("/")
        if faults.segment_signs is not None and max(map(len, segments)) > faults.segment_signs:
            return _BAD_SEGMENT
        if headers.get(b"authorization") != self._authorization:
            return FAULT_RESPONSES["unauthorized"]
        return _BLOCKED if faults.is_blocked else None


@attrs.frozen(kw_only=True)
class _Call:
    """A request that has come as far as 1C."""

    target: Target
    schema: Schema
    faults: ODataFaults
    as_json: bool
    host: str

    def reply(self, store: Store) -> HttpReply:
        """Answer it.

        Raises:
            ODataError: it is refused.
        """
        root = f"http://{self.host}{self.target.publication}/odata/standard.odata/"
        content_type, body = self._answer(root, store)
        return HttpReply(status=200, content_type=content_type, body=body)

    def _answer(self, root: str, store: Store) -> tuple[str, bytes]:
        """The media type and the body."""
        segments = self.target.segments
        if not segments:
            body = service_document(self.schema, root, as_json=self.as_json)
            return JSON_TYPE if self.as_json else SERVICE_TYPE, body
        if segments[0].name == "$metadata" and len(segments) == 1:
            return XML_TYPE, metadata(self.schema)
        owner = self.schema.entity_set(segments[0].name).owner
        restricted: frozenset[str] = frozenset()
        if owner in self.faults.rls:
            if self.target.options.get("allowedOnly") != "true":
                raise no_right(owner)
            restricted = frozenset({owner})
        query = Query(schema=self.schema, target=self.target, restricted=restricted)
        with store.reading() as db:
            found = query.answer(db)
        if isinstance(found, int):
            return "text/plain;charset=utf-8", str(found).encode()
        if not self.as_json:
            return ATOM_TYPE, answer_atom(found, root)
        with_metadata = "nometadata" not in self.target.options.get("$format", "")
        return JSON_TYPE, answer_json(found, root, with_metadata=with_metadata)


def build_odata_app(
    books: Books,
    configuration: ConfigurationName,
    *,
    login: str,
    password: str,
    faults: ODataFaults | None = None,
    composition: Collection[str] | None = None,
) -> ODataApp:
    """Return the interface as an ASGI application, under any publication name.

    Building takes a few seconds: the registers are drawn from the documents.

    Args:
        books: what it answers from.
        configuration: "ut", "unf", "bp", or "bas": БП with the chart of accounts of BAS.
        login: the user; basic authentication in UTF-8 is checked on every call.
        password: likewise.
        faults: what goes wrong on its own; a call's X-Demo-Fault header wins over it.
        composition: the metadata objects that are published, None is all of the configuration.

    Raises:
        ValueError: the composition names what the configuration does not have.
    """
    schema, setup = read_configuration(configuration)
    unknown = set(composition or ()) - schema.objects()
    if unknown:
        raise ValueError(f"{configuration} has no {', '.join(sorted(unknown))}")
    store = build_store(books, schema, setup)
    authorization = b"Basic " + base64.b64encode(f"{login}:{password}".encode())
    return ODataApp(
        store,
        schema.reduced(composition=composition),
        authorization=authorization,
        faults=faults or ODataFaults(),
    )


def _refusal(error: ODataError, *, as_json: bool) -> HttpReply:
    # 1C asks for the password again, as it does where the password is wrong.
    realm = (("WWW-Authenticate", 'Basic realm="1C:Enterprise 8.3"'),)
    return HttpReply(
        status=error.status,
        content_type=JSON_TYPE if as_json else XML_TYPE,
        body=error.body(as_json=as_json),
        headers=realm if error.status == FAULT_RESPONSES["unauthorized"].status else (),
    )


async def _send(send: asgi.Send, reply: HttpReply, headers: dict[bytes, bytes]) -> None:
    body = reply.body
    more: tuple[tuple[str, str], ...] = (("DataServiceVersion", "3.0"),)
    if b"gzip" in headers.get(b"accept-encoding", b"") and len(body) >= _GZIP_FROM_BYTES:
        body = gzip.compress(body, 1)
        more += (("Content-Encoding", "gzip"),)
    await asgi.send_fault_response(
        send, attrs.evolve(reply, body=body, headers=(*more, *reply.headers))
    )
