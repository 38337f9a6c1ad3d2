"""The OData backend: an operation and the contract's JSON in, the contract's JSON out."""

import logging
from collections.abc import Callable
from contextvars import ContextVar
from datetime import date
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
import trio

from onecgw.auth.caller import Caller
from onecgw.auth.context import CallContext
from onecgw.auth.key_verification import KeyVerdict, UncheckedKey
from onecgw.backends.base import BackendCall, BackendState
from onecgw.backends.http.client import GATEWAY_SUB, HttpClient
from onecgw.backends.http.memory import Lease
from onecgw.backends.http.transport import HttpRequest, Transport
from onecgw.backends.odata.base import SERVICE_DOCUMENT, Base, BaseReader
from onecgw.backends.odata.bounds import Bounds
from onecgw.backends.odata.errors import ROOT, failure_of
from onecgw.backends.odata.fetch import Fetcher
from onecgw.backends.odata.profile_reader import load_profiles
from onecgw.backends.odata.refusals import as_the_base_has_it
from onecgw.backends.odata.report_runner import ReportRunner
from onecgw.backends.odata.reports import (
    CUSTOMER_SUMMARY,
    PRODUCT_DETAILS,
    RESOLVERS,
    TABULAR,
    TOP_PRODUCTS,
)
from onecgw.backends.odata.request import Body, read_request
from onecgw.backends.odata.resolver_answers import answer_product_details, answer_resolver
from onecgw.backends.odata.sales_cards import answer_customer_summary, answer_top_products
from onecgw.backends.odata.url import Spelling
from onecgw.backends.scheduling.deadline import deadline
from onecgw.catalogue.capabilities import Capabilities
from onecgw.errors import OnecError, OnecRejected
from onecgw.locales.text import localized, say
from onecgw.settings import OnecSettings

log = logging.getLogger(__name__)

# Decimals leave as JSON numbers with exactly their digits.
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_OWN_CONTEXT: Final = CallContext(
    caller=Caller(sub=GATEWAY_SUB, scopes=frozenset()), request_id="odata", surface="mcp"
)
# In whose name the requests of a task are: one call makes many, and catalogues serve all.
_CONTEXT: Final = ContextVar("odata_call", default=_OWN_CONTEXT)


class ODataBackend:
    """Answers the contract's operations from a stock base, with GET alone.

    Args:
        settings: where 1C is, its profile and the limits.
        max_response_bytes: the largest answer, inflated.
        cache_folder: where what was read of `$metadata` is kept; None keeps nothing on disk.
        transport: for tests; the default opens sockets.
        today: the day of a balance for which none is given; by default that of onec.timezone.

    Raises:
        ConfigError: the profile cannot be used; every problem has its file, line and path.
    """

    def __init__(
        self,
        settings: OnecSettings,
        *,
        max_response_bytes: int,
        cache_folder: Path | None = None,
        transport: Transport | None = None,
        today: Callable[[], date] | None = None,
    ) -> None:
        self._today = today or settings.today
        self._deadline_ms = settings.report_deadline_ms
        profiles = load_profiles(settings.odata.profile, currency=settings.odata.currency)
        self._http = HttpClient(
            settings,
            max_response_bytes=max_response_bytes,
            finish_path=f"{ROOT}{SERVICE_DOCUMENT}",
            failure_of=failure_of,
            read_body=_as_it_is,
            transport=transport,
        )
        fetcher = Fetcher(
            self.read,
            bounds_of(settings),
            concurrency=settings.max_concurrency,
            changed=lambda: self._reader.forget(),  # noqa: PLW0108 - it is made below
            lease=self._http.lease,
        )
        self._fetcher = fetcher
        self._reader = BaseReader(fetcher, profiles, settings, cache_folder=cache_folder)
        self._runner = ReportRunner(fetcher)

    async def capabilities(self) -> Capabilities:
        """What the base does not support.

        Raises:
            OnecError: the base cannot be read.
        """
        return await self._reader.capabilities()

    async def base(self) -> Base:
        """What is known of the base, for `onecgw check`.

        Raises:
            OnecNotPublished: no profile fits it.
            OnecError: it cannot be read.
        """
        return await self._reader.base()

    async def fetch(self, call: BackendCall) -> bytes:
        """Answer one operation, as in `reports/sales`.

        Raises:
            OnecRejected: the arguments are wrong, or the answer would have too many rows.
            OnecNotPublished: the base lacks what the answer needs; the message names it.
            OnecError: 1C could not be read.
        """
        _CONTEXT.set(call.context)
        with self._fetcher.held():
            answer = await self._answer(call, _object(call.body))
        if "notes" in answer:
            # What is encoded has one language; the figures beside the notes have none.
            answer["notes"] = localized(answer["notes"], call.context.language)
        body = await trio.to_thread.run_sync(_ENCODER.encode, answer)
        if call.held is not None:
            call.held.enter_context(self._http.lease()).grow(
                2 * len(body)
            )  # and what is made of it
        return body

    async def _answer(self, call: BackendCall, arguments: Body) -> dict[str, object]:
        base = await self._reader.base()
        kind, _, name = call.operation.partition("/")
        if kind == "resolve" and name in RESOLVERS:
            return await answer_resolver(base, name, arguments)
        if name == PRODUCT_DETAILS:
            return await answer_product_details(base, arguments)
        if name == TOP_PRODUCTS:
            return await answer_top_products(self._runner, base, arguments, call.progress)
        if name == CUSTOMER_SUMMARY:
            return await answer_customer_summary(self._runner, base, arguments, call.progress)
        report = next((one for one in TABULAR if one.operation == call.operation), None)
        if report is None:
            raise OnecRejected(say("odata.unknown_operation", name=f"{call.operation:.60}"))
        request = read_request(as_the_base_has_it(base, report), arguments, today=self._today())
        return await self._runner.report(base, request, call.progress)

    async def verify_key(self, key: str, request_id: str) -> KeyVerdict:
        """A stock base has no accounts of the gateway; the settings refuse to ask it."""
        del key, request_id
        return UncheckedKey(error=OnecRejected(say("odata.keys_local")))

    def state(self) -> BackendState:
        """How 1C is doing."""
        return self._http.state()

    async def run(self) -> None:
        """Warm the base up; end the sessions in 1C whose calls were cancelled or failed."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._http.end_abandoned_sessions)
            nursery.start_soon(self._warm_up)

    async def aclose(self) -> None:
        """End the sessions kept in 1C, then close every connection."""
        await self._http.aclose()

    async def _warm_up(self) -> None:
        """Read what the first calls would wait for: `$metadata`, and what resolvers search."""
        try:
            with deadline(self._deadline_ms):
                base = await self._reader.base()
            for kind in base.profile.catalogues:
                with deadline(self._deadline_ms), self._fetcher.held():
                    await base.loading.catalogue(kind)
        except OnecError as error:
            log.info("onec.not_warm", extra={"fields": {"class": error.code}})

    async def read(self, address: str, memory: Lease | None = None) -> bytes:
        """The body of the answer to a GET of an address under `/odata/standard.odata/`.

        Args:
            address: with its query.
            memory: where the answer is counted; None = until it is read.

        Raises:
            OnecError: 1C could not be read.
        """
        context = _CONTEXT.get()
        return await self._http.send(
            HttpRequest(
                path=f"{ROOT}{address}",
                headers=(),
                sub=context.sub,
                request_id=context.request_id,
                memory=memory,
            )
        )


def bounds_of(settings: OnecSettings) -> Bounds:
    """What a single request to a base must not exceed."""
    odata = settings.odata
    publication = urlsplit(settings.base_url).path.rstrip("/")
    return Bounds(
        url_bytes=odata.max_url_bytes - len(publication) - len(ROOT),
        rows=odata.max_rows,
        buckets=odata.max_buckets,
        spelling=Spelling(odata.arguments),
        is_partial_allowed=odata.partial_data == "allow",
    )


def _as_it_is(body: bytes, _: str) -> bytes:
    return body


def _object(body: bytes) -> Body:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise OnecRejected(say("odata.no_json")) from error
    if not isinstance(found, dict):
        raise OnecRejected(say("odata.no_object_body"))
    return found
