"""The kinds of tools: how each one is asked of 1C, answered and described."""

import functools
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from typing import Any, ClassVar, Final, Protocol, get_args

import attrs
import msgspec

from onecgw.auth.context import CallContext
from onecgw.catalogue.capabilities import Capabilities
from onecgw.catalogue.declaration import Field, fields_of
from onecgw.catalogue.parsing import to_onec
from onecgw.catalogue.restrictions import Restrictions
from onecgw.locales.text import localized, say
from onecgw.responses.builders import (
    CardShape,
    build_candidates,
    build_card,
    build_details,
    build_table,
)
from onecgw.responses.notices import notice_member, text_notices
from onecgw.responses.raw_json import read_members, splice
from onecgw.responses.redaction import (
    OF_EVERY_ANSWER,
    REFERENCE,
    AnyNameBut,
    Declared,
    Redaction,
    declared_table,
)
from onecgw.responses.shaping import Answer, ResponseLimits
from onecgw.responses.units import NO_UNITS, MeasureUnits
from onecgw.settings import LimitsSettings

JsonObject = dict[str, Any]

LARGE_BYTES: Final = 1024 * 1024  # of an answer that is checked and cut outside of the event loop

# Decimals leave as JSON numbers, with exactly their digits.
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


# What the gateway says of a list that it may cut; `notice` only where there is something to say.
# Descriptions are few: every client reads them for every tool.
_ADDED: Final[Mapping[str, JsonObject]] = {
    "truncated": {"type": "boolean"},
    "notice": {"type": "string"},
}
_TEXT: Final[JsonObject] = {"type": "string"}
# No type: 1C may send null there, and a cell may be a number, a text or a reference. minProperties
# says nothing of them, but strict clients object to a schema without any keyword.
UNTYPED: Final[JsonObject] = {"minProperties": 0}
MAY_BE_NULL: Final[JsonObject] = {"description": "May be null.", **UNTYPED}
CELL: Final[JsonObject] = {"description": "A number, a text, {id, label} or null.", **UNTYPED}
CURRENCY: Final[JsonObject] = {"description": "Of the money; absent: unknown.", **UNTYPED}
AS_OF: Final[JsonObject] = {"description": "Last document.", **UNTYPED}
_COLUMN: Final[JsonObject] = {"type": "object", "description": "{name, type}"}


def object_schema(properties: Mapping[str, JsonObject], required: Iterable[str] = ()) -> JsonObject:
    """The schema of an object that may hold more than it declares.

    `additionalProperties` is written out because some converters drop undeclared members.
    """
    schema: JsonObject = {"type": "object", "properties": dict(properties)}
    if names := list(required):
        schema["required"] = names
    return schema | {"additionalProperties": True}


def _table_schema(dated: Mapping[str, JsonObject]) -> JsonObject:
    members: dict[str, JsonObject] = {
        "rows_returned": {"type": "integer"},
        **_ADDED,
        "columns": {"type": "array", "items": _COLUMN},
        "rows": {"type": "array", "items": {"type": "array", "items": CELL}},
        "totals": {"description": "Of the whole selection. May be null.", **UNTYPED},
        "currency": CURRENCY,
        **dated,
        "as_of": AS_OF,
        "applied_filters": MAY_BE_NULL,
    }
    return object_schema(members, ("rows_returned", "truncated", "columns", "rows"))


class Upstream(Protocol):
    """Access to 1C for one tool call."""

    context: CallContext
    limits: LimitsSettings
    restrictions: Restrictions

    @property
    def today(self) -> Callable[[], date]:
        """What day it is in the time zone of 1C."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What the 1C base does not support, of what the caller may know of."""
        ...

    @property
    def base_currency(self) -> str:
        """The base currency, as 1C or the settings name it; "" if neither does."""
        ...

    @property
    def notices(self) -> tuple[str, ...]:
        """The notices about the request, which are added to any answer."""
        ...

    def deadline(self, *, is_report: bool) -> AbstractContextManager[None]:
        """Limit the time of everything that is asked inside."""
        ...

    async def resolve_name(self, argument: "NameArgument", request: Any) -> Any:  # noqa: ANN401 - any request class
        """The request with an id where a name was given."""
        ...

    async def fetch(
        self, tool: "SingleCallTool", arguments: JsonObject, cache_key: Hashable | None
    ) -> bytes:
        """1C's answer to one request; None = an answer from the cache is not accepted."""
        ...

    async def fetch_all(self, requests: Mapping[Any, "SubRequest"]) -> Mapping[Any, object]:
        """The result of each request: the value that was read, or the OnecgwError."""
        ...

    async def compute(self, function: Callable[[], Any]) -> Any:  # noqa: ANN401 - any result
        """The result of a computation, which does not hold up other calls."""
        ...


def lower_to_limits(request: Any, limits: LimitsSettings) -> tuple[Any, tuple[str, ...]]:  # noqa: ANN401 - any request class
    """The request with numbers above their limit lowered, and a sentence for each."""
    lowered: dict[str, int] = {}
    notices = []
    for field in fields_of(request.__class__):
        value = getattr(request, field.attribute)
        if field.arg.maximum is None or value is None:
            continue
        maximum: int = getattr(limits, field.arg.maximum)
        if value > maximum:
            notices.append(
                say("notices.lowered", argument=field.name, value=value, maximum=maximum)
            )
            lowered[field.attribute] = maximum
    return attrs.evolve(request, **lowered) if lowered else request, tuple(notices)


@attrs.frozen(kw_only=True)
class NameArgument:
    """An argument that holds an id, and another one that may hold a name instead.

    name, id: the two arguments; exactly one is given. resolver: finds what the name means.
    """

    name: str
    id: str
    resolver: "ResolverTool"


@attrs.frozen(kw_only=True)
class Tool(ABC):
    """One thing the gateway can answer, declared once.

    scopes: all of them are needed.
    about: for a model that has to choose.
    remarks: further sentences, each shown only to callers who may know of every tool and measure
        that it names.
    operation: how REST and the backends call it, as in `reports/sales`.
    stock_value: its measures that are the value of stock at cost (limits.stock_amount_scope).
    name_argument: an id that may also be given by name; None without one.
    """

    is_report: ClassVar[bool] = True

    name: str
    title: str
    scopes: frozenset[str]
    about: str
    remarks: tuple[str, ...] = ()
    request: type
    operation: str
    stock_value: frozenset[str] = frozenset()
    name_argument: NameArgument | None = None

    @property
    def rest_path(self) -> str:
        """The REST route."""
        return f"/{self.operation}"

    def is_open_to(self, scopes: frozenset[str]) -> bool:
        """Whether a caller with these scopes may call the tool."""
        return self.scopes <= scopes

    @property
    def needs(self) -> tuple[str, ...]:
        """The tools that the 1C base must have: itself, and those that it asks."""
        return (self.name,)

    def is_supported(self, capabilities: Capabilities) -> bool:
        """Whether the 1C base has what the tool needs."""
        return capabilities.unavailable_tools.isdisjoint(self.needs)

    @abstractmethod
    def output_schema(self) -> JsonObject:
        """The JSON Schema of the answer: what is always there; 1C may add more."""

    @abstractmethod
    async def answer(self, request: Any, upstream: Upstream) -> Answer:  # noqa: ANN401 - any request class
        """The answer to a parsed request.

        Raises:
            OnecgwError: 1C did not answer, or its answer cannot be passed on.
        """


@attrs.frozen(kw_only=True)
class SingleCallTool(Tool):
    """A tool that is answered by one operation of the backend."""

    rows_argument: ClassVar[str] = "top"

    async def answer(self, request: Any, upstream: Upstream) -> Answer:  # noqa: ANN401
        """The answer of one call, held to the limits of the surface."""
        with upstream.deadline(is_report=self.is_report):
            if self.name_argument is not None:
                request = await upstream.resolve_name(self.name_argument, request)
            request, notices = lower_to_limits(request, upstream.limits)
            arguments = to_onec(request)
            limits = self._limits(arguments, upstream, notices)
            sent = self._prepared(arguments, limits)
            body = await upstream.fetch(self, sent, self.cache_key(sent))
        build = functools.partial(self._build, body, arguments, limits)
        return build() if len(body) < LARGE_BYTES else await upstream.compute(build)

    def redaction(self, restrictions: Restrictions) -> Redaction | None:
        """What a caller may see of 1C's answers; None = everything."""
        return self._redaction(restrictions.of(self)) if restrictions.measures else None

    @abstractmethod
    def _redaction(self, restricted: frozenset[str]) -> Redaction:
        """What a caller may see who must not see some measures."""

    def cache_key(self, arguments: JsonObject) -> Hashable | None:  # noqa: ARG002 - of resolvers
        """What identifies an answer that may be kept; None where none may."""
        return None

    @abstractmethod
    def _build(self, body: bytes, arguments: JsonObject, limits: ResponseLimits) -> Answer:
        """The answer that a body of 1C becomes. arguments: what was asked, after clamping."""

    def _prepared(self, arguments: JsonObject, limits: ResponseLimits) -> JsonObject:
        """The arguments for 1C: one more is asked for, which tells whether there are more."""
        return arguments | {self.rows_argument: limits.rows + 1}

    def _default_rows(self, upstream: Upstream) -> int:
        limits = upstream.limits
        return limits.default_rows if upstream.context.surface == "mcp" else limits.max_rows

    def _limits(
        self, arguments: JsonObject, upstream: Upstream, notices: tuple[str, ...]
    ) -> ResponseLimits:
        is_mcp = upstream.context.surface == "mcp"
        return ResponseLimits(
            rows=arguments.get(self.rows_argument, self._default_rows(upstream)),
            max_rows=upstream.limits.max_rows,
            max_bytes=upstream.limits.max_result_bytes if is_mcp else None,
            refuses_extra_rows=not is_mcp,
            redaction=self.redaction(upstream.restrictions),
            notices=(*upstream.notices, *notices),
            language=upstream.context.language,
            base_currency=upstream.base_currency,
        )

    @functools.cached_property
    def filters_with_groups(self) -> frozenset[str]:
        """The filters in which the id of a folder means what is in it."""
        return frozenset(field.name for field in self._filters if field.arg.takes_groups)

    @property
    def _filters(self) -> tuple[Field, ...]:
        filters = next((one.type for one in fields_of(self.request) if one.name == "filters"), None)
        return fields_of(filters) if filters is not None else ()

    def _table_redaction(self, restricted: frozenset[str], columns: Iterable[str]) -> Redaction:
        seen = frozenset(columns) - restricted
        filters = [field.name for field in self._filters]
        members = declared_table(columns=seen, filters=filters)
        return Redaction(restricted=restricted, members=members, columns=seen)


class ResolverTool(SingleCallTool):
    """A tool that finds objects by words of their names; bounded by `limit`."""

    is_report = False
    rows_argument = "limit"

    def output_schema(self) -> JsonObject:
        """Candidates with id and label."""
        candidate = object_schema({"id": _TEXT, "label": _TEXT}, ("id", "label"))
        members: dict[str, JsonObject] = {
            "candidates_returned": {"type": "integer"},
            **_ADDED,
            "candidates": {"type": "array", "items": candidate},
        }
        return object_schema(members, ("candidates_returned", "truncated", "candidates"))

    def is_supported(self, capabilities: Capabilities) -> bool:
        """Whether the resolver exists and its catalogue can hold anything in this base."""
        kind_of_object = self.operation.rpartition("/")[2]
        return super().is_supported(capabilities) and (
            kind_of_object not in capabilities.always_empty
        )

    def arguments_for(self, name: str, limits: LimitsSettings) -> JsonObject:
        """The arguments of a search for one name, with one candidate more to detect a cut."""
        return {"query": name, "limit": limits.resolve_limit + 1}

    def cache_key(self, arguments: JsonObject) -> Hashable:
        """The words without case and spacing, and whatever else was asked."""
        words = " ".join(str(arguments["query"]).lower().split())
        rest = ((name, value) for name, value in arguments.items() if name != "query")
        return (self.name, words, *sorted(rest))

    def _default_rows(self, upstream: Upstream) -> int:
        return upstream.limits.resolve_limit

    def _redaction(self, restricted: frozenset[str]) -> Redaction:
        members = {**OF_EVERY_ANSWER, "total": {}, "candidates": REFERENCE}
        return Redaction(restricted=restricted, members=members)

    def _build(self, body: bytes, arguments: JsonObject, limits: ResponseLimits) -> Answer:
        if arguments.get("query") == "":
            return build_candidates(body, limits, narrow="notices.give_words")
        return build_candidates(body, limits)


@attrs.frozen(kw_only=True)
class DetailsTool(ResolverTool):
    """A tool that tells of objects whose ids are known. ids_argument: the argument with the ids."""

    ids_argument: str

    def cache_key(self, arguments: JsonObject) -> Hashable:
        """The ids, whatever their order."""
        return (self.name, *sorted(arguments[self.ids_argument]))

    def _prepared(self, arguments: JsonObject, limits: ResponseLimits) -> JsonObject:  # noqa: ARG002
        """The arguments as they are: there are as many objects as ids."""
        return arguments

    def _build(self, body: bytes, arguments: JsonObject, limits: ResponseLimits) -> Answer:
        ids = arguments[self.ids_argument]
        return build_details(body, ids, attrs.evolve(limits, rows=len(ids)))


@attrs.frozen(kw_only=True)
class TableTool(SingleCallTool):
    """A report with columns and rows.

    additive: the measures whose rows add up to their total.
    units: what its measures are in.
    ranked: gives an order to a request without group_by and sort, where the contract's is not
        largest first; None = that order is.
    quiet_days: so many days may have nothing in it; more, and there are no books of them. None:
        any number may.
    analyse: answers a request that gives arguments which are not for 1C (Arg.is_local).
    """

    additive: tuple[str, ...]
    units: MeasureUnits = NO_UNITS
    ranked: Callable[[Any], Any] | None = None
    quiet_days: int | None = 14
    analyse: Callable[["TableTool", Any, Upstream], Awaitable[Answer]]

    async def answer(self, request: Any, upstream: Upstream) -> Answer:  # noqa: ANN401
        """The answer of 1C, or what is computed from its whole list."""
        local = (field for field in fields_of(self.request) if field.arg.is_local)
        if any(getattr(request, field.attribute) is not None for field in local):
            return await self.analyse(self, request, upstream)
        return await self.answer_of_onec(request, upstream)

    async def answer_of_onec(self, request: Any, upstream: Upstream) -> Answer:  # noqa: ANN401
        """The answer of one call of 1C, without what is not for 1C."""
        if (
            self.ranked is not None
            and request.group_by is request.sort is None
            and "sort" not in upstream.capabilities.lacks(self.name, "params")
        ):
            request = self.ranked(request)
        return await super().answer(request, upstream)

    def output_schema(self) -> JsonObject:
        """Columns, rows, totals, and what is said of a cut."""
        names = [field.name for field in fields_of(self.request)]
        return _table_schema({name: MAY_BE_NULL for name in ("period", "date") if name in names})

    def _redaction(self, restricted: frozenset[str]) -> Redaction:
        chosen = (one for one in fields_of(self.request) if one.name in ("group_by", "measures"))
        columns = (name for one in chosen for name in get_args(get_args(one.type)[0]))
        found = self._table_redaction(restricted, columns)
        if not self.units.own_currency:
            return found
        by_currency = {"totals_by_currency": AnyNameBut(restricted)}
        return attrs.evolve(found, members={**found.members, **by_currency})

    def _build(self, body: bytes, arguments: JsonObject, limits: ResponseLimits) -> Answer:
        return build_table(
            body, arguments, limits, with_groups=self.filters_with_groups, units=self.units
        )


@attrs.frozen(kw_only=True)
class RankingTool(SingleCallTool):
    """A report whose columns 1C chooses: the best of something.

    columns: those that it may choose. default_rows: without `top`.
    """

    columns: tuple[str, ...]
    default_rows: int

    def output_schema(self) -> JsonObject:
        """Columns and rows, and what is said of a cut."""
        return _table_schema({"period": MAY_BE_NULL})

    def _default_rows(self, upstream: Upstream) -> int:
        return min(self.default_rows, upstream.limits.max_rows)

    def _redaction(self, restricted: frozenset[str]) -> Redaction:
        return self._table_redaction(restricted, self.columns)

    def _build(self, body: bytes, arguments: JsonObject, limits: ResponseLimits) -> Answer:
        return build_table(
            body,
            arguments,
            limits,
            narrow="notices.narrow_ranking",
            more="notices.more_ranking",
            with_groups=self.filters_with_groups,
            units=MeasureUnits(money=frozenset({"amount"}), quantities=frozenset({"qty"})),
        )


@attrs.frozen(kw_only=True)
class CardTool(SingleCallTool):
    """A report about one object, in 1C's own form.

    shape: the members that it must hold. declared: those that it may hold besides OF_EVERY_ANSWER.
    default_rows: of its list, without an argument.
    """

    shape: CardShape
    declared: Declared
    default_rows: int

    @property
    def rows_argument(self) -> str:  # type: ignore[override]  # a constant of the other kinds
        """The argument that bounds the list is called like the list."""
        return self.shape.listed

    def output_schema(self) -> JsonObject:
        """The object, its figures, and what is said of a cut."""
        subject = object_schema({"label": MAY_BE_NULL})
        members: dict[str, JsonObject] = {
            f"{self.shape.listed}_returned": {"type": "integer"},
            **_ADDED,
            self.shape.subject: subject,
            "totals": MAY_BE_NULL,
            "period": MAY_BE_NULL,
            self.shape.listed: MAY_BE_NULL,
        }
        return object_schema(members, (f"{self.shape.listed}_returned", "truncated", "totals"))

    def _default_rows(self, upstream: Upstream) -> int:
        return min(self.default_rows, upstream.limits.default_rows)

    def _redaction(self, restricted: frozenset[str]) -> Redaction:
        return Redaction(restricted=restricted, members={**OF_EVERY_ANSWER, **self.declared})

    def _build(self, body: bytes, arguments: JsonObject, limits: ResponseLimits) -> Answer:
        return build_card(body, arguments, limits, shape=self.shape)


@attrs.frozen(kw_only=True)
class SubRequest:
    """One answer that a composite tool needs from 1C.

    request: an object of tool.request.
    read: the answer's bytes → a value of the composite's own; raises OnecBadResponse.
    needed_by: the results that are lost without it.
    is_settled: it is about days that are over, so that its answer may be kept for a while.
    """

    tool: SingleCallTool
    request: object
    read: Callable[[bytes], Any]
    needed_by: tuple[Hashable, ...]
    is_settled: bool = False


@attrs.frozen(kw_only=True)
class CompositeContext:
    """What a composite tool knows besides its request.

    now: UTC. today: in the time zone of 1C.
    restrictions: the measures that the caller must never see.
    capabilities: what the 1C base does not support, of what the caller may know of.
    base_currency: as 1C or the settings name it; "" if neither does.
    """

    now: datetime
    today: date
    limits: LimitsSettings
    restrictions: Restrictions
    capabilities: Capabilities
    base_currency: str = ""


@attrs.frozen(kw_only=True)
class CompositeTool(Tool):
    """A tool that is composed of other tools' answers; 1C itself does not know it.

    tools: those that it asks; where the 1C base lacks one, it lacks the composite.
    plan: request, context → the requests to 1C in their order; raises ValidationFailed.
    compose: request, the result of each sub-request (a value or an OnecgwError), context → the
        answer; raises OnecgwError if no figure can be computed.
    output: the members of the answer, as JSON Schema.
    """

    tools: tuple[SingleCallTool, ...]
    plan: Callable[[Any, CompositeContext], Mapping[Any, SubRequest]]
    compose: Callable[[Any, Mapping[Any, Any], CompositeContext], Mapping[str, object]]
    output: Mapping[str, JsonObject]

    def output_schema(self) -> JsonObject:
        """The declared members, all of which are always there."""
        return object_schema(self.output, self.output)

    @property
    def needs(self) -> tuple[str, ...]:
        """The composite, and every tool that it asks."""
        return (self.name, *(tool.name for tool in self.tools))

    async def answer(self, request: Any, upstream: Upstream) -> Answer:  # noqa: ANN401
        """Ask everything side by side and put it together."""
        context = CompositeContext(
            now=datetime.now(UTC),
            today=upstream.today(),
            limits=upstream.limits,
            restrictions=upstream.restrictions,
            capabilities=upstream.capabilities,
            base_currency=upstream.base_currency,
        )
        request, notices = lower_to_limits(request, upstream.limits)
        outcomes = await upstream.fetch_all(self.plan(request, context))
        compose = functools.partial(self.compose, request, outcomes, context)
        language = upstream.context.language
        body = _encode(localized(await upstream.compute(compose), language))
        if sentences := (*upstream.notices, *notices, *text_notices(body)):
            members = read_members(body)
            body = splice(notice_member(sentences, members, language), members)
        return Answer(body=body)
