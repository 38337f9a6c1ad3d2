"""One answer of 1C while it arrives: its head, its cookies, its body read, inflated and bounded.

Hot, and the same for every transport. It must not look at what it reads: texts and figures are the
business of `response_body`.
"""

from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Final

import trio

from onecgw.backends.errors.failures import Reply
from onecgw.backends.http.inflate import Inflater
from onecgw.backends.http.memory import Lease

FAILURE_BODY_BYTES: Final = 64 * 1024  # of an error page; its reason stands at the beginning
# Some services answer a POST with 201; a proxy that changes an answer makes it 203.
GOOD_STATUSES: Final = frozenset(
    {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NON_AUTHORITATIVE_INFORMATION}
)


def ignore_cookies(_: Sequence[str]) -> None:
    """Default: cookies are not kept."""


class ResponseReader:
    """Takes one answer, piece by piece.

    Args:
        max_bytes: the largest body of a good answer, inflated.
        memory: where the body is counted; None = nowhere.
        on_cookies: gets every Set-Cookie before the body is read, which may fail or be cancelled.
    """

    def __init__(
        self,
        *,
        max_bytes: int,
        memory: Lease | None = None,
        on_cookies: Callable[[Sequence[str]], None] = ignore_cookies,
    ) -> None:
        self._max_bytes = max_bytes
        self._memory = memory
        self._on_cookies = on_cookies
        self._status = 0
        self._headers: dict[str, str] = {}
        self._body: Inflater | None = None

    @property
    def has_begun(self) -> bool:
        """Whether the head is there."""
        return self._status != 0

    @property
    def is_failure(self) -> bool:
        """Whether the head is there and its status is not one of success.

        The beginning of such an answer says enough, however its body goes on.
        """
        return self._status != 0 and self._status not in GOOD_STATUSES

    def begin(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Take the head.

        Raises:
            OnecBadResponse: the body cannot be read, or is announced as too large.
        """
        self._status = status
        pairs = [
            (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers
        ]
        self._headers = known = dict(pairs)
        if "set-cookie" in known:
            self._on_cookies([value for name, value in pairs if name == "set-cookie"])
        max_bytes = FAILURE_BODY_BYTES if self.is_failure else self._max_bytes
        self._body = Inflater(
            known.get("content-encoding", ""), max_bytes=max_bytes, memory=self._memory
        )
        length = known.get("content-length", "")
        if length.isdecimal() and int(length) > max_bytes and not self.is_failure:
            raise self._body.too_large()  # a packed body is larger still

    async def feed(self, chunk: bytes) -> None:
        """Take the next piece of the body.

        Raises:
            OnecBadResponse: the body is too large, or not what it declares.
            MemorySpent: there is no memory for it.
        """
        if self._body is not None:
            has_more = self._body.feed(chunk)
            while has_more:
                await trio.lowlevel.checkpoint()
                has_more = self._body.resume()

    def finish(self) -> Reply:
        """The whole answer.

        Raises:
            OnecBadResponse: its compressed body does not end.
        """
        if self._body is not None and not self.is_failure:
            self._body.finish()
        return self.reply()

    def reply(self) -> Reply:
        """The answer as far as it was read."""
        body = self._body.kept() if self._body is not None else b""
        return Reply(status=self._status, headers=self._headers, body=body)
