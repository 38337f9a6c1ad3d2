"""`onecgw check` of a stock 1C: what of it can be read through OData, and what that opens."""

from collections.abc import Iterator
from datetime import date
from typing import Final

import attrs
import trio

from onecgw.backends.odata import url
from onecgw.backends.odata.backend import ODataBackend, bounds_of
from onecgw.backends.odata.base import SERVICE_DOCUMENT, Base
from onecgw.backends.odata.catalogues import ZERO
from onecgw.backends.odata.object_names import (
    WHERE_TO_PUBLISH,
    described,
    records_of,
)
from onecgw.backends.odata.plan import objects_to_publish
from onecgw.backends.odata.profile import RegisterSource
from onecgw.backends.odata.reports import NOT_ANSWERED
from onecgw.backends.odata.url import ODataQuery, Spelling
from onecgw.backends.scheduling.deadline import deadline
from onecgw.catalogue.capabilities import Capabilities
from onecgw.catalogue.tools import ALL
from onecgw.diagnostics.step import ReportStep
from onecgw.diagnostics.step_log import CheckStopped, StepLog, check_network, ms_since
from onecgw.errors import OnecAuth, OnecError, OnecForbidden
from onecgw.locales.text import say
from onecgw.settings import OnecSettings

_ADVICE: Final = {
    "onec_auth": "set onec.auth.username and onec.auth.password to a 1C user that may log in"
    " (with `authentication by 1C:Enterprise` switched on)",
    "onec_forbidden": "give the 1C user of onec.auth a role that reads this object, all of it",
    "onec_not_published": "see docs/how-to/stock-1c.md",
}
_LENGTHS: Final = (1900, 1500, 1000, 700)  # bytes that are tried where the configured ones fail
_SEGMENT_CHARACTERS: Final = 260  # of a path, by default, on Windows


async def check_odata(onec: OnecSettings, report: ReportStep, *, max_response_bytes: int) -> bool:
    """Check a stock 1C and report each step when it is done; return whether all steps passed.

    Args:
        onec: the 1C to check.
        report: called with each step.
        max_response_bytes: the largest answer that is read.
    """
    backend = ODataBackend(onec, max_response_bytes=max_response_bytes)
    check = _ODataCheck(onec, backend, StepLog(report))
    try:
        await check.run()
    finally:
        await backend.aclose()
    return check.steps.has_passed


@attrs.frozen(kw_only=True)
class _Result:
    """How a request ended. error: None if it was answered."""

    latency_ms: int
    error: OnecError | None


class _ODataCheck:
    def __init__(self, onec: OnecSettings, backend: ODataBackend, steps: StepLog) -> None:
        self._onec = onec
        self._backend = backend
        self._bounds = bounds_of(onec)
        self.steps = steps

    async def run(self) -> None:
        try:
            await check_network(self._onec, self.steps)
            await self._check_publication()
            base = await self._check_composition()
        except CheckStopped:
            return
        readable = await self._check_objects(base)
        sources = base.profile.sources.values()
        balances = (one for one in sources if one.table == "Balance" and one.register in readable)
        balance = next(balances, None)
        if balance is not None:
            await self._check_speed(balance)
            await self._check_spelling(base, balance)
        await self._check_length(base)
        self._judge_tools(base)

    async def _check_publication(self) -> None:
        result = await self._read(SERVICE_DOCUMENT)
        is_denied = isinstance(result.error, OnecAuth | OnecForbidden)
        if result.error is None or is_denied:
            self.steps.succeed(
                "publication", "an OData interface answers", latency_ms=result.latency_ms
            )
        if result.error is not None:
            self._fail("authentication" if is_denied else "publication", result)
            raise CheckStopped
        self.steps.succeed("authentication", "1C accepts the technical user")

    async def _check_composition(self) -> Base:
        """Read `$metadata`, which takes half a minute where everything is published."""
        started = trio.current_time()
        try:
            with deadline(self._onec.report_deadline_ms):
                base = await self._backend.base()
        except OnecError as error:
            self._fail("composition", _Result(latency_ms=ms_since(started), error=error))
            raise CheckStopped from error
        self.steps.succeed(
            "composition",
            f"{len(base.entity_sets)} sets, read as {base.whole.title} ({base.whole.name})",
            latency_ms=ms_since(started),
        )
        return base

    async def _check_objects(self, base: Base) -> set[str]:
        """Check that each object that a tool needs is published, and may be read; those are."""
        readable: set[str] = set()
        for one in objects_to_publish(base.whole):
            entity_set = next(
                (name for name in (records_of(one.name), one.name) if name in base.entity_sets), ""
            )
            name = f"object {one.name}"
            if not entity_set:
                self.steps.fail(
                    name,
                    f"{described(one.name)} is not published",
                    advice=f"tick it in {WHERE_TO_PUBLISH}",
                )
                continue
            query = ODataQuery(resource=entity_set, options=(("$top", "1"),))
            result = await self._read(query.encoded())
            if result.error is None:
                readable.add(one.name)
                self.steps.succeed(name, "published, and read", latency_ms=result.latency_ms)
            else:
                self._fail(name, result)
        return readable

    async def _check_speed(self, source: RegisterSource) -> None:
        address = _balance(source, self._onec.today()).encoded(self._bounds.spelling)
        cold, warm = [await self._read(address) for _ in range(2)]
        if warm.error is not None:
            self._fail("balance", warm)
            return
        self.steps.succeed(
            "balance",
            f"{source.register}: {cold.latency_ms} ms at first, {warm.latency_ms} ms once more",
            latency_ms=warm.latency_ms,
        )

    async def _check_spelling(self, base: Base, source: RegisterSource) -> None:
        """Whether the web server passes long arguments where onec.odata.arguments puts them."""
        condition = _long_condition(base, source)
        results = {
            one: await self._read(_balance(source, self._onec.today(), condition).encoded(one))
            for one in Spelling
        }
        passing = [one.value for one, result in results.items() if result.error is None]
        ours = self._bounds.spelling
        detail = f"arguments pass in: {' and '.join(passing) or 'neither path nor query'}"
        if results[ours].error is None:
            self.steps.succeed("arguments", detail)
        else:
            advice = (
                f"set onec.odata.arguments: {passing[0]}"
                if passing
                else "let the web server pass longer URLs (UrlSegmentMaxLength, maxQueryString)"
            )
            self.steps.fail("arguments", detail, advice=advice)

    async def _check_length(self, base: Base) -> None:
        """Whether the web server passes URLs as long as onec.odata.max_url_bytes allows."""
        configured = self._onec.odata.max_url_bytes
        catalogue = next(name for name in sorted(base.entity_sets) if name.startswith("Catalog_"))
        for length in (configured, *(one for one in _LENGTHS if one < configured)):
            query = _of_length(catalogue, length - (configured - self._bounds.url_bytes))
            if (await self._read(query)).error is not None:
                continue
            if length == configured:
                self.steps.succeed("url length", f"a URL of {length} bytes passes")
            else:
                self.steps.fail(
                    "url length",
                    f"a URL of {configured} bytes does not pass, one of {length} does",
                    advice=f"set onec.odata.max_url_bytes: {length}",
                )
            return
        self.steps.fail(
            "url length",
            f"not even a URL of {min(_LENGTHS)} bytes passes",
            advice="let the web server pass longer URLs (IIS: maxQueryString)",
        )

    def _judge_tools(self, base: Base) -> None:
        """What each tool answers in this base, and what would open the rest."""
        capabilities, whole = base.assessment.capabilities, base.whole
        declared = {
            *NOT_ANSWERED,
            *whole.unavailable,
            *(f"resolve_{one}" for one in whole.empty),
        }
        for tool in ALL:
            name = f"tool {tool.name}"
            if not tool.is_supported(capabilities):
                detail = "not answered" + _why(capabilities, *((one, "", "") for one in tool.needs))
                if declared.isdisjoint(tool.needs):
                    self.steps.fail(name, detail, advice="see the objects above")
                else:
                    self.steps.succeed(name, detail)
                continue
            lacking: dict[str, list[str]] = {}
            for kind, names in sorted(capabilities.unsupported.get(tool.name, {}).items()):
                for one in sorted(names):
                    why = _why(capabilities, (tool.name, kind, one))
                    lacking.setdefault(why, []).append(f"{kind} {one}")
            lacks = "; ".join(f"{', '.join(names)}{why}" for why, names in lacking.items())
            self.steps.succeed(name, f"answered without {lacks}" if lacks else "whole")

    def _fail(self, name: str, result: _Result) -> None:
        error = result.error
        assert error is not None  # noqa: S101 - the callers have looked
        self.steps.fail(
            name,
            f"{error.code}: {error.message}",
            latency_ms=result.latency_ms,
            advice=_ADVICE.get(error.code, ""),
        )

    async def _read(self, address: str) -> _Result:
        started = trio.current_time()
        error: OnecError | None = None
        try:
            with deadline(self._onec.report_deadline_ms):
                await self._backend.read(address)
        except OnecError as raised:
            error = raised
        return _Result(latency_ms=ms_since(started), error=error)


def _balance(source: RegisterSource, today: date, condition: str = "") -> ODataQuery:
    """A balance of today, without dimensions."""
    term = next(term for terms in source.facts.values() for term in terms)
    arguments = [("Period", url.after(today))]
    if condition:
        arguments.append(("Condition", url.text(condition)))
    return ODataQuery(
        resource=source.register,
        function="Balance",
        arguments=tuple(arguments),
        options=(("$select", source.column(term.resource)), ("$top", "1")),
    )


def _long_condition(base: Base, source: RegisterSource) -> str:
    """A condition that makes a path segment longer than Windows passes by default."""
    columns = (base.types.column(source.row_type, one.field) for one in source.dims.values())
    column = next((one for one in columns if one and one.endswith("_Key")), None)
    if column is None:
        return ""
    return " or ".join(_comparisons(column, _SEGMENT_CHARACTERS))


def _of_length(entity_set: str, length: int) -> str:
    """The address of a request of at most so many bytes that finds nothing."""
    comparisons = list(_comparisons("Ref_Key", length))
    while True:
        options = (("$filter", " or ".join(comparisons)), ("$top", "1"))
        address = ODataQuery(resource=entity_set, options=options).encoded()
        if len(address) <= length or len(comparisons) == 1:
            return address
        comparisons.pop()


def _comparisons(column: str, length: int) -> Iterator[str]:
    one = f"{column} eq {url.guid(ZERO)}"
    yield from [one] * (1 + length // len(one))


def _why(capabilities: Capabilities, *lacking: tuple[str, str, str]) -> str:
    """The reasons, without where to publish: the steps of the objects say it."""
    return capabilities.why(*lacking).replace(say("odata.publish_it", where=WHERE_TO_PUBLISH), "")
