"""The kinds of tools: how each one is asked of 1C, answered and described."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, Protocol

import attrs
import msgspec

from onecgw.auth.context import Surface
from onecgw.catalogue.capabilities import Capabilities
from onecgw.catalogue.declaration import fields_of, restricted_measures
from onecgw.catalogue.parsing import to_onec
from onecgw.responses.shaping import (
    Answer,
    ResponseLimits,
    build_candidates,
    build_passthrough,
    build_table,
)
from onecgw.settings import LimitsSettings

JsonObject = dict[str, Any]

# Decimals leave as JSON numbers, with exactly their digits.
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


_CANDIDATES: Final[Mapping[str, JsonObject]] = {
    "candidates": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"id": {"type": "string"}, "label": {"type": "string"}},
            "required": ["id", "label"],
        },
    }
}
_TABLE: Final[Mapping[str, JsonObject]] = {
    "columns": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "type": {"type": "string"}},
        },
    },
    # A cell is a number, a string, null or a reference, and types may not be listed here; strict
    # clients refuse a cell of which nothing is said.
    "rows": {
        "type": "array",
        "items": {"type": "array", "items": {"properties": {"id": {"type": "string"}}}},
    },
    "totals": {"type": "object"},
}
_ADDED: Final[Mapping[str, JsonObject]] = {
    "rows_returned": {"type": "integer"},
    "truncated": {"type": "boolean"},
    "notice": {"type": "string", "description": "What was cut, and how to narrow."},
}


def _object(properties: Mapping[str, JsonObject], required: Iterable[str] = ()) -> JsonObject:
    schema: JsonObject = {"type": "object", "properties": dict(properties)}
    return schema | ({"required": list(required)} if required else {})


class Upstream(Protocol):
    """What a tool asks 1C through, for one call of one caller."""

    limits: LimitsSettings

    @property
    def surface(self) -> Surface:
        """Where the answer goes."""
        ...

    @property
    def scopes(self) -> frozenset[str]:
        """What the caller may see."""
        ...

    def deadline(self, *, is_report: bool) -> AbstractContextManager[None]:
        """Limit the time of everything that is asked inside."""
        ...

    async def resolve_name(self, argument: "NameArgument", request: Any) -> Any:  # noqa: ANN401 - any request class
        """The request with an id where a name was given."""
        ...

    async def fetch(self, tool: "SingleCallTool", arguments: JsonObject) -> bytes:
        """1C's answer to one request."""
        ...

    async def fetch_all(self, requests: Mapping[Any, "SubRequest"]) -> Mapping[Any, object]:
        """What several requests came to: the value that was read, or the OnecgwError."""
        ...


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
        return capabilities.unavailable.isdisjoint(self.needs)

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
            arguments, notices = self._clamp(to_onec(request), upstream.limits)
            limits = self._limits(arguments, upstream, notices)
            body = await upstream.fetch(self, self._prepared(arguments, limits))
        return self._build(body, limits)

    def cache_key(self, arguments: JsonObject) -> Hashable | None:  # noqa: ARG002 - of resolvers
        """What identifies an answer that may be kept; None where none may."""
        return None

    @abstractmethod
    def _build(self, body: bytes, limits: ResponseLimits) -> Answer:
        """The answer that a body of 1C becomes."""

    def _prepared(self, arguments: JsonObject, limits: ResponseLimits) -> JsonObject:  # noqa: ARG002
        """The arguments for 1C."""
        return arguments

    def _default_rows(self, upstream: Upstream) -> int:
        limits = upstream.limits
        return limits.default_rows if upstream.surface == "mcp" else limits.max_rows

    def _limits(
        self, arguments: JsonObject, upstream: Upstream, notices: tuple[str, ...]
    ) -> ResponseLimits:
        is_mcp = upstream.surface == "mcp"
        return ResponseLimits(
            rows=arguments.get(self.rows_argument, self._default_rows(upstream)),
            max_rows=upstream.limits.max_rows,
            max_bytes=upstream.limits.max_result_bytes if is_mcp else None,
            refuses_extra_rows=not is_mcp,
            restricted=restricted_measures(upstream.scopes),
            notices=notices,
        )

    def _clamp(
        self, arguments: JsonObject, limits: LimitsSettings
    ) -> tuple[JsonObject, tuple[str, ...]]:
        """The arguments with numbers above their limit lowered, and a sentence for each."""
        notices = []
        for field in fields_of(self.request):
            if field.arg.maximum is None or field.name not in arguments:
                continue
            maximum: int = getattr(limits, field.arg.maximum)
            if arguments[field.name] > maximum:
                notices.append(f"{field.name} was {arguments[field.name]}, the limit is {maximum}.")
                arguments[field.name] = maximum
        return arguments, tuple(notices)


class ResolverTool(SingleCallTool):
    """A tool that finds objects by words of their names; bounded by `limit`."""

    is_report = False
    rows_argument = "limit"

    def output_schema(self) -> JsonObject:
        """Candidates with id and label."""
        return _object(_CANDIDATES, _CANDIDATES)

    def is_supported(self, capabilities: Capabilities) -> bool:
        """Whether the resolver exists and its catalogue can hold anything in this base."""
        kind_of_object = self.operation.rpartition("/")[2]
        return super().is_supported(capabilities) and (
            kind_of_object not in capabilities.always_empty
        )

    def arguments_for(self, name: str, limits: LimitsSettings) -> JsonObject:
        """The arguments of a search for one name."""
        return {"query": name, "limit": limits.resolve_limit}

    def cache_key(self, arguments: JsonObject) -> Hashable:
        """The words without case and spacing, and whatever else was asked."""
        words = " ".join(str(arguments["query"]).lower().split())
        rest = ((name, value) for name, value in arguments.items() if name != "query")
        return (self.name, words, *sorted(rest))

    def _default_rows(self, upstream: Upstream) -> int:
        return upstream.limits.resolve_limit

    def _build(self, body: bytes, limits: ResponseLimits) -> Answer:
        return build_candidates(body, limits)


class TableTool(SingleCallTool):
    """A report with columns and rows; one row more is asked for, which tells whether it is cut."""

    def output_schema(self) -> JsonObject:
        """Columns, rows, totals, and what is said of a cut."""
        return _object({**_TABLE, **_ADDED}, ("columns", "rows", "rows_returned"))

    def _prepared(self, arguments: JsonObject, limits: ResponseLimits) -> JsonObject:
        return arguments | {"top": limits.rows + 1}

    def _build(self, body: bytes, limits: ResponseLimits) -> Answer:
        return build_table(body, limits)


class PassthroughTool(SingleCallTool):
    """A tool whose answer is passed through as 1C sends it."""

    def output_schema(self) -> JsonObject:
        """Nothing but what the gateway itself may add."""
        return _object(_ADDED)

    def _build(self, body: bytes, limits: ResponseLimits) -> Answer:
        return build_passthrough(body, limits)


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
class CompositeTool(Tool):
    """A tool that is composed of other tools' answers; 1C itself does not know it.

    tools: those that it asks; where the 1C base lacks one, it lacks the composite.
    plan: request, UTC now → the requests to 1C in their order; raises ValidationFailed.
    compose: request, what each of them came to (its value or an OnecgwError), UTC now → the
        answer; raises OnecgwError where nothing can be told.
    output: the members of the answer, as JSON Schema.
    """

    tools: tuple[SingleCallTool, ...]
    plan: Callable[[Any, datetime], Mapping[Any, SubRequest]]
    compose: Callable[[Any, Mapping[Any, Any], datetime], Mapping[str, object]]
    output: Mapping[str, JsonObject]

    def output_schema(self) -> JsonObject:
        """The declared members, all of which are always there."""
        return _object(self.output, self.output)

    @property
    def needs(self) -> tuple[str, ...]:
        """The composite, and every tool that it asks."""
        return (self.name, *(tool.name for tool in self.tools))

    async def answer(self, request: Any, upstream: Upstream) -> Answer:  # noqa: ANN401
        """Ask everything side by side and put it together."""
        now = datetime.now(UTC)
        outcomes = await upstream.fetch_all(self.plan(request, now))
        return Answer(body=_encode(self.compose(request, outcomes, now)))
