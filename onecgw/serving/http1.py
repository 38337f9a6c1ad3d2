"""The HTTP/1.1 of one connection: llhttp parses, and one task answers request after request.

Runs for every request, so there is no task, channel, nursery or cancel scope per request, and what
is known of the connection is not computed again. llhttp is strict by default; what it accepts and
must not be accepted is refused here, because two readers of a request that disagree about its end
make request smuggling possible.
"""

import logging
from collections import deque
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import httptools
import trio

from onecgw.serving.budget import BYTES_PER_UNIT, ConnectionBudget
from onecgw.serving.client_stream import ClientStream
from onecgw.serving.endpoints import Endpoints
from onecgw.serving.header_limits import MAX_HEAD_BYTES, MAX_SYNTAX_BYTES, find_rejection
from onecgw.serving.http1_request import Application, Header, Http1Request, error_head

log = logging.getLogger(__name__)

MAX_BUFFERED_BYTES: Final = 64 * 1024  # of a body that the application has not received yet

_HOST: Final = b"host"
_LENGTH: Final = b"content-length"
_CODING: Final = b"transfer-encoding"
_EXPECT: Final = b"expect"
_SINGLE: Final = frozenset({_HOST, _LENGTH, _CODING, _EXPECT})
# llhttp says of an unknown version only this, in words.
_VERSION_ERRORS: Final = frozenset({"Invalid HTTP version", "Pause on PRI/Upgrade"})


class Http1:
    """The requests of one connection, one after the other.

    `Upgrade` is ignored, as RFC 9110 section 7.8 allows: with h2c and WebSocket, requests would
    bypass the rules of a proxy. Of requests that are sent without waiting for responses, at most
    one read is parsed ahead; the rest stays in the socket.

    Args:
        app: the application.
        stream: the bytes.
        endpoints: the addresses of both ends.
        budget: counts the work that the client causes.
    """

    def __init__(
        self,
        app: Application,
        *,
        stream: ClientStream,
        endpoints: Endpoints,
        budget: ConnectionBudget,
    ) -> None:
        self._app = app
        self._stream = stream
        self._endpoints = endpoints
        self._budget = budget
        self._parser: Any = httptools.HttpRequestParser(self)
        self._target = b""
        self._headers: list[Header] = []
        self._single: dict[bytes, bytes] = {}
        self._has_repeated = False
        self._is_in_head = False
        self._is_in_replay = False
        self._running: Http1Request | None = None  # the one that the application answers
        self._receiving: Http1Request | None = None  # the one whose body is being received
        self._waiting: deque[Http1Request] = deque()
        self._changed = trio.lowlevel.ParkingLot()
        self._rejection: HTTPStatus | None = None  # of what follows the waiting requests
        self._is_deaf = False  # nothing that the client sends is looked at any more
        self._is_ended = False  # nothing is read any more
        self._heads = 0  # in one read
        self._parts = 0
        self._part_bytes = 0
        self._idle_bytes = 0  # that have brought neither a whole head nor a part of a body

    async def run(self, data: bytes) -> None:
        """Serve the connection until it ends. data: the first bytes."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._answer_all)
            await self._read(data)
            self._is_ended = True
            if self._running is not None:
                self._running.disconnect()
            self._changed.unpark_all()

    async def _read(self, data: bytes) -> None:
        stream, budget = self._stream, self._budget
        while not stream.is_over:
            with stream.limit_reading():
                while data or (data := await stream.receive()):
                    if stream.is_lingering:
                        budget.charge(1)
                        if not stream.count_lingered(len(data)):
                            return
                    else:
                        if not budget.is_known:
                            await budget.wait_turn()
                        if self._is_deaf:
                            budget.charge_body_part(len(data), is_wanted=False)
                            if budget.is_spent:
                                return
                        else:
                            self._parse(data)
                    data = b""
                    while self._is_full():
                        await self._changed.park()
                return

    def _is_full(self) -> bool:
        request = self._receiving
        return bool(self._waiting) or (
            request is not None and request.buffered_bytes > MAX_BUFFERED_BYTES
        )

    def _parse(self, data: bytes) -> None:
        self._heads = self._parts = self._part_bytes = 0
        size_bytes = len(data)
        try:
            while data and not self._is_deaf:
                try:
                    self._parser.feed_data(data)
                    break
                except httptools.HttpParserUpgrade as upgrade:
                    data = data[upgrade.args[0] :]
                    self._ignore_upgrade()
        except httptools.HttpParserCallbackError as error:
            raise error.__context__ or error from None
        except httptools.HttpParserError as error:
            is_version = str(error) in _VERSION_ERRORS
            version, other = HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, HTTPStatus.BAD_REQUEST
            self._refuse(version if is_version else other)
        self._count(size_bytes)
        self._changed.unpark_all()

    def _ignore_upgrade(self) -> None:
        """Let the body follow: after a head with `Upgrade` the parser takes it for other data."""
        if self._receiving is None:
            return
        self._parser = httptools.HttpRequestParser(self)
        self._is_in_replay = True
        framing = next(item for item in self._single.items() if item[0] in (_LENGTH, _CODING))
        self._parser.feed_data(b"POST / HTTP/1.1\r\n%b: %b\r\n\r\n" % framing)
        self._is_in_replay = False

    def _count(self, size_bytes: int) -> None:
        """Count one read."""
        self._idle_bytes = 0 if self._heads or self._parts else self._idle_bytes + size_bytes
        if self._idle_bytes > MAX_HEAD_BYTES + MAX_SYNTAX_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        units = self._parts - self._part_bytes / BYTES_PER_UNIT if self._idle_bytes == 0 else 1
        # A request in one read is the rule, and is counted when it is answered.
        if units > self._heads:
            self._budget.charge(units)
            if self._budget.is_spent:
                self._refuse(HTTPStatus.TOO_MANY_REQUESTS)

    def _refuse(self, status: HTTPStatus) -> None:
        """Look at nothing more; answer with a status what is not being answered already."""
        if self._is_deaf:
            return
        self._is_deaf = True
        request, self._receiving = self._receiving, None
        if request is None or not request.is_started:
            self._rejection = status
        if request is not None:
            request.disconnect()
        self._changed.unpark_all()

    # Called by the parser.

    def on_message_begin(self) -> None:
        """Begin a request."""
        if self._is_in_replay:
            return
        self._target, self._headers, self._single = b"", [], {}
        self._has_repeated = False
        self._is_in_head = True

    def on_url(self, part: bytes) -> None:
        """Add to the target of the request."""
        if not self._is_in_replay:
            self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header field. Trailers are dropped."""
        if not self._is_in_head:
            return
        name, value = name.lower(), value.rstrip(b" \t")
        if name in _SINGLE:
            self._has_repeated |= name in self._single
            self._single[name] = value
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Accept the request, or refuse it."""
        self._is_in_head = False
        if self._is_in_replay:
            return
        self._heads += 1
        if self._is_deaf:
            return
        parser = self._parser
        method, version = parser.get_method(), parser.get_http_version()
        target, headers = self._target, self._headers
        if not target.startswith(b"/"):
            target, headers = _origin_form(target, headers)
        status = self._find_rejection(method, target, version, headers)
        if status is not None:
            self._refuse(status)
            return
        unread = float("inf") if _CODING in self._single else int(self._single.get(_LENGTH, 0))
        self._receiving = Http1Request(
            (method.decode("ascii"), target, version),
            headers,
            unread_bytes=unread,
            expects_continue=version == "1.1"
            and self._single.get(_EXPECT, b"").lower() == b"100-continue",
            keeps_open=version == "1.1" and parser.should_keep_alive(),
            endpoints=self._endpoints,
            budget=self._budget,
            stream=self._stream,
            changed=self._changed,
        )
        self._waiting.append(self._receiving)

    def on_body(self, part: bytes) -> None:
        """Add a part of the body."""
        self._parts += 1
        self._part_bytes += len(part)
        if self._receiving is not None:
            self._receiving.add_part(part)

    def on_message_complete(self) -> None:
        """End the request. RFC 9112, 9.6: bytes after `Connection: close` are ignored."""
        request = self._receiving
        if request is not None and not (self._parser.should_upgrade() and request.unread_bytes):
            self._receiving = None
            request.is_complete = True
            self._is_deaf |= not request.keeps_open

    def _find_rejection(
        self, method: bytes, target: bytes, version: str, headers: list[Header]
    ) -> HTTPStatus | None:
        if version not in ("1.0", "1.1"):
            return HTTPStatus.HTTP_VERSION_NOT_SUPPORTED
        coding = self._single.get(_CODING)
        # RFC 9112, 3.2: exactly one Host. RFC 9112, 6.1: HTTP/1.0 has no chunks, and with a length
        # beside them two readers may disagree about the end of the request.
        if self._has_repeated or (version == "1.1" and _HOST not in self._single):
            return HTTPStatus.BAD_REQUEST
        if coding is not None:
            if version == "1.0" or _LENGTH in self._single:
                return HTTPStatus.BAD_REQUEST
            if coding.lower() != b"chunked":
                return HTTPStatus.NOT_IMPLEMENTED
        return find_rejection(method, target, headers)

    # The task that answers.

    async def _answer_all(self) -> None:
        while not self._is_ended:
            if self._waiting:
                request = self._waiting.popleft()
                self._changed.unpark_all()  # the rest of its body is read if no other waits
                if not await self._answer(request):
                    break
                if self._waiting:
                    await self._budget.wait_turn()
                else:
                    self._stream.set_idle()
            elif self._rejection is not None:
                await self._stream.send(error_head(self._rejection))
                break
            elif self._is_deaf:
                break
            else:
                await self._changed.park()
        self._is_deaf = True
        self._waiting.clear()
        if not self._is_ended:
            await self._stream.end_sending()
        self._changed.unpark_all()

    async def _answer(self, request: Http1Request) -> bool:
        """Run the application; return whether the connection can carry another request."""
        self._running = request
        self._stream.is_idle = False
        self._budget.charge_request()
        try:
            await self._app(request.scope, request.receive, request.send)
        except* Exception:  # the other connections go on
            log.exception("serving.app_failed", extra={"is_anonymous": True})
        self._running = None
        request.close()
        if not request.is_started:
            if request.is_over:
                return True  # the client has gone, or the rest of the request was refused
            await self._stream.send(error_head(HTTPStatus.INTERNAL_SERVER_ERROR))
        return request.is_answered and request.keeps_open and not self._stream.is_stopping


def _origin_form(target: bytes, headers: list[Header]) -> tuple[bytes, list[Header]]:
    """Return target and headers in origin form; the target may be a whole URL.

    Source: RFC 9112, 3.2.2: a server must accept a whole URL, and takes the host from it.
    """
    if not target.isascii():
        return target, headers
    try:
        url = urlsplit(target)
    except ValueError:
        return target, headers
    if url.scheme not in (b"http", b"https") or not url.netloc:
        return target, headers
    path = url.path or b"/"
    others = [(name, value) for name, value in headers if name != _HOST]
    return path + (b"?" + url.query if url.query else b""), [(_HOST, url.netloc), *others]
