"""Runs GETs side by side: bounded, decoded outside the event loop, refused above the row cap."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from functools import partial
from typing import Any, Final, TypeVar

import msgspec
import trio

from onecgw.backends.http.memory import Lease
from onecgw.backends.odata.bounds import Bounds
from onecgw.backends.odata.catalogues import Row
from onecgw.backends.odata.url import ODataQuery
from onecgw.backends.scheduling.fan_out import Progress
from onecgw.errors import OnecBadResponse, OnecNotPublished, OnecRejected
from onecgw.locales.text import say

_BOM: Final = b"\xef\xbb\xbf"
_ResultT = TypeVar("_ResultT")


# GETs an address under `/odata/standard.odata/`: the body of a 200, or an OnecError. Its answer is
# counted in the memory of all answers until the lease ends.
Get = Callable[[str, Lease], Awaitable[bytes]]

DECODED_FACTOR: Final = 5  # rows in Python take up to so many times the bytes of their JSON
# Where the rows that a task reads are counted; None = until they are returned.
_MEMORY: Final[ContextVar[Lease | None]] = ContextVar("odata_memory", default=None)


class RowsBody(msgspec.Struct):
    """Rows as OData sends them; other keys are ignored.

    next_link: where the rest is; 1C sends no pages by itself, what stands between may.
    """

    value: list[dict[str, Any]]
    next_link: str | None = msgspec.field(name="odata.nextLink", default=None)


# Numbers keep the digits that 1C printed: a binary float would not.
_DECODER: Final = msgspec.json.Decoder(RowsBody, float_hook=Decimal)


class Fetcher:
    """Reads rows of a base.

    Args:
        get: reads an address.
        bounds: of one call.
        concurrency: how many calls of one question run at once.
        changed: called after an error that shows that the composition has changed.
        lease: makes the share of the memory that one call may take.
    """

    def __init__(
        self,
        get: Get,
        bounds: Bounds,
        *,
        concurrency: int,
        changed: Callable[[], None],
        lease: Callable[[], Lease],
    ) -> None:
        self._get = get
        self._lease = lease
        self.bounds = bounds
        self._concurrency = concurrency
        self._changed = changed
        # Decoding takes the processor for seconds: not more than one thread of it at a time.
        self._decoding = trio.CapacityLimiter(1)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Count the rows that are read inside until the block ends: they are kept as long."""
        with self._lease() as memory:
            token = _MEMORY.set(memory)
            try:
                yield
            finally:
                _MEMORY.reset(token)

    async def body(self, address: str) -> bytes:
        """Read an address: of the service document, of `$metadata`.

        Raises:
            OnecError: what went wrong, in the contract's classes.
        """
        with self._lease() as memory:
            return await self._body(address, memory)

    async def _body(self, address: str, memory: Lease) -> bytes:
        try:
            return await self._get(address, memory)
        except OnecNotPublished:
            self._changed()
            raise

    async def rows(self, query: ODataQuery) -> list[dict[str, Any]]:
        """Read the rows of one GET, as many as there are.

        Raises:
            OnecError: as `body`; or the answer is not OData's JSON.
        """
        with self._lease() as memory:
            body = await self._body(query.encoded(self.bounds.spelling), memory)
            rows = await self._in_thread(memory, decode, body, query)
        if (kept := _MEMORY.get()) is not None:
            kept.grow(DECODED_FACTOR * len(body))
        return rows

    async def each(
        self,
        queries: Sequence[ODataQuery],
        take: Callable[[int, list[dict[str, Any]]], None],
        progress: Progress,
    ) -> None:
        """Read several GETs side by side.

        Args:
            queries: each requests one row more than the cap.
            take: called with the place of a query and its rows, in a thread, one at a time.
            progress: called after each.

        Raises:
            OnecError: the first failure; the other calls are cancelled.
            OnecRejected: an answer has more rows than the cap.
        """
        done = 0

        def decode_and_take(place: int, body: bytes) -> None:
            rows = decode(body, queries[place])
            check_rows(rows, self.bounds.rows)
            take(place, rows)

        async def one(place: int) -> None:
            nonlocal done
            with self._lease() as memory:
                body = await self._body(queries[place].encoded(self.bounds.spelling), memory)
                await self._in_thread(memory, decode_and_take, place, body)
            done += 1
            await progress(done, len(queries))

        await self.side_by_side([partial(one, place) for place in range(len(queries))])

    async def side_by_side(self, jobs: Sequence[Callable[[], Awaitable[None]]]) -> None:
        """Run jobs, at most `concurrency` at once.

        Raises:
            Exception: the first that a job raised, as itself and never in a group; the other jobs
                are cancelled.
        """
        waiting = iter(jobs)
        failures: list[Exception] = []

        async def work(scope: trio.CancelScope) -> None:
            for job in waiting:
                try:
                    await job()
                except Exception as error:  # noqa: BLE001 - raised again below, outside of the group
                    failures.append(error)
                    scope.cancel()
                    return

        async with trio.open_nursery() as nursery:
            for _ in range(min(self._concurrency, len(jobs))):
                nursery.start_soon(work, nursery.cancel_scope)
        if failures:
            raise failures[0]

    async def _in_thread(
        self, memory: Lease, work: Callable[..., _ResultT], *arguments: object
    ) -> _ResultT:
        async with self._decoding:
            memory.grow(DECODED_FACTOR * memory.size_bytes)
            return await trio.to_thread.run_sync(lambda: work(*arguments), abandon_on_cancel=False)


def decode(body: bytes, query: ODataQuery) -> list[dict[str, Any]]:
    """The rows of an answer, digit for digit.

    Raises:
        OnecBadResponse: it is not OData's JSON, it is one page of several, or a row
            lacks a column that was selected.
    """
    try:
        answer = _DECODER.decode(body.removeprefix(_BOM))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        is_xml = body.lstrip(_BOM + b" \r\n\t").startswith(b"<")
        raise OnecBadResponse(say("odata.atom" if is_xml else "odata.no_odata")) from error
    if answer.next_link is not None:
        raise OnecBadResponse(say("odata.first_page", name=query.resource))
    rows = answer.value
    selected = frozenset(dict(query.options)["$select"].split(","))
    for row in rows:
        if not row.keys() >= selected:
            lacking = ", ".join(sorted(selected - row.keys()))
            raise OnecBadResponse(say("odata.row_lacks", name=query.resource, columns=lacking))
    return rows


def check_rows(rows: Sequence[Row], cap: int) -> None:
    """Refuse an answer that is not whole.

    Raises:
        OnecRejected: there are more rows than the cap.
    """
    if len(rows) > cap:
        raise OnecRejected(say("odata.too_many_rows", rows=cap))
