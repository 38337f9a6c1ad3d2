"""The OData backend: an operation and the contract's JSON in, the contract's JSON out."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

import msgspec
import trio

from onecgw.backends.odata.base import Base, BaseReader
from onecgw.backends.odata.fetch import Fetcher, Progress, Transport
from onecgw.backends.odata.profile import Profile
from onecgw.backends.odata.refusals import as_the_base_has_it
from onecgw.backends.odata.report_runner import ReportRunner
from onecgw.backends.odata.reports import CUSTOMER_SUMMARY, RESOLVERS, TABULAR, TOP_PRODUCTS
from onecgw.backends.odata.request import Body, read_request
from onecgw.backends.odata.resolver_answers import answer_resolver
from onecgw.backends.odata.sales_cards import answer_customer_summary, answer_top_products
from onecgw.backends.odata.settings import ODataSettings
from onecgw.catalogue.capabilities import Capabilities
from onecgw.errors import OnecRejected

# Decimals leave as JSON numbers with exactly their digits.
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


async def _ignore_progress(_: int, __: int) -> None:
    """Default: progress is not reported."""


class ODataBackend:
    """Answers the contract's operations from a stock base.

    Args:
        transport: HTTP to the base.
        profiles: those that may fit, in the order of preference.
        settings: limits.
        today: the day of a balance for which none is given.
    """

    def __init__(
        self,
        transport: Transport,
        profiles: Sequence[Profile],
        *,
        settings: ODataSettings,
        today: Callable[[], date],
    ) -> None:
        self._today = today
        fetcher = Fetcher(
            transport,
            settings.bounds,
            concurrency=settings.concurrency,
            changed=self.composition_changed,
        )
        self._reader = BaseReader(fetcher, profiles, settings)
        self._runner = ReportRunner(fetcher, settings.bounds, concurrency=settings.concurrency)

    def composition_changed(self) -> None:
        """Read the base once more before the next operation."""
        self._reader.forget()

    async def capabilities(self) -> Capabilities:
        """What the base does not support.

        Raises:
            OnecError: the base cannot be read.
        """
        return await self._reader.capabilities()

    async def base(self) -> Base:
        """What is known of the base, for `check`.

        Raises:
            OnecNotPublished: no profile fits it.
            OnecError: it cannot be read.
        """
        return await self._reader.base()

    async def fetch(
        self, operation: str, body: bytes, progress: Progress = _ignore_progress
    ) -> bytes:
        """Answer one operation, as in `reports/sales`.

        Raises:
            OnecRejected: the arguments are wrong, or the answer would have too many rows.
            OnecNotPublished: the base lacks what the answer needs; the message names it.
            OnecError: 1C could not be read.
        """
        asked = _object(body)
        base = await self._reader.base()
        kind, _, name = operation.partition("/")
        if kind == "resolve" and name in RESOLVERS:
            answer = await answer_resolver(base, name, asked)
        elif name == TOP_PRODUCTS:
            answer = await answer_top_products(self._runner, base, asked, progress)
        elif name == CUSTOMER_SUMMARY:
            answer = await answer_customer_summary(self._runner, base, asked, progress)
        else:
            report = next((one for one in TABULAR if one.operation == operation), None)
            if report is None:
                raise OnecRejected(f"unknown operation {operation:.60}")
            request = read_request(as_the_base_has_it(base, report), asked, today=self._today())
            answer = await self._runner.report(base, request, progress)
        return await trio.to_thread.run_sync(_ENCODER.encode, answer)


def _object(body: bytes) -> Body:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise OnecRejected("the body is not JSON") from error
    if not isinstance(found, dict):
        raise OnecRejected("the body is not a JSON object")
    return found
