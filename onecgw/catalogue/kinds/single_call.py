"""Tools that are answered by one call of 1C: reports, rankings, cards."""

import functools
from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Final, get_args

import attrs

from onecgw.catalogue.declaration import Field, fields_of
from onecgw.catalogue.kinds.output_schema import (
    CUT_MEMBERS,
    MAY_BE_NULL,
    JsonObject,
    object_schema,
    table_schema,
)
from onecgw.catalogue.kinds.tool import Tool, Upstream
from onecgw.catalogue.parsing import lower_to_limits, to_onec
from onecgw.responses.card import CardShape, build_card
from onecgw.responses.redaction import (
    OF_EVERY_ANSWER,
    AnyNameBut,
    Declared,
    Redaction,
    declared_table,
)
from onecgw.responses.shaping import Answer, ResponseLimits, build_table
from onecgw.responses.units import NO_UNITS, MeasureUnits

LARGE_BYTES: Final = 1024 * 1024  # of an answer that is checked and cut outside of the event loop


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
            cache_key = None if self.is_report else self.cache_key(sent)
            body = await upstream.fetch(self, sent, cache_key)
        build = functools.partial(self._build, body, arguments, limits)
        return build() if len(body) < LARGE_BYTES else await upstream.compute(build)

    def redaction(self, restricted: frozenset[str]) -> Redaction | None:
        """What a caller may see who must not see some measures; None = everything."""
        return self._redaction(restricted) if restricted else None

    @abstractmethod
    def _redaction(self, restricted: frozenset[str]) -> Redaction:
        """As `redaction`, of at least one measure."""

    @abstractmethod
    def _build(self, body: bytes, arguments: JsonObject, limits: ResponseLimits) -> Answer:
        """The answer that a body of 1C becomes. arguments: of the request, lowered to limits."""

    def _prepared(self, arguments: JsonObject, limits: ResponseLimits) -> JsonObject:
        """The arguments for 1C: one row more, which shows whether there are more."""
        return arguments | {self.rows_argument: limits.rows + 1}

    def _rows_without_argument(self, upstream: Upstream) -> int:
        limits = upstream.limits
        return limits.default_rows if upstream.context.surface == "mcp" else limits.max_rows

    def _limits(
        self, arguments: JsonObject, upstream: Upstream, notices: tuple[str, ...]
    ) -> ResponseLimits:
        is_mcp = upstream.context.surface == "mcp"
        return ResponseLimits(
            rows=arguments.get(self.rows_argument, self._rows_without_argument(upstream)),
            max_rows=upstream.limits.max_rows,
            max_bytes=upstream.limits.max_result_bytes if is_mcp else None,
            refuses_extra_rows=not is_mcp,
            redaction=self.redaction(upstream.restrictions[self.name]),
            notices=(*upstream.notices, *notices),
            language=upstream.context.language,
            base_currency=upstream.base_currency,
        )

    @property
    def filters_with_groups(self) -> frozenset[str]:
        """The filters in which the id of a folder means what is in it."""
        return _filters_with_groups(self.request)

    def _table_redaction(self, restricted: frozenset[str], columns: Iterable[str]) -> Redaction:
        seen = frozenset(columns) - restricted
        filters = [field.name for field in _filters_of(self.request)]
        members = declared_table(columns=seen, filters=filters)
        return Redaction(restricted=restricted, members=members, columns=seen)


def _filters_of(request: type) -> tuple[Field, ...]:
    filters = [one.type for one in fields_of(request) if one.name == "filters"]
    return fields_of(filters[0]) if filters else ()


# No cached_property: attrs would give the tools a __getattr__ that slows down every access.
@functools.cache
def _filters_with_groups(request: type) -> frozenset[str]:
    return frozenset(field.name for field in _filters_of(request) if field.arg.takes_groups)


@attrs.frozen(kw_only=True)
class TableTool(SingleCallTool):
    """A report with columns and rows.

    units: what its measures are in.
    ranked: gives an order to a request without group_by and sort, where the contract's is not
        largest first; None = that order is.
    quiet_days: how many days in a row may have no figures; more of them lie outside the books.
        None: any number.
    """

    units: MeasureUnits = NO_UNITS
    ranked: Callable[[Any], Any] | None = None
    quiet_days: int | None = 14

    @property
    def additive(self) -> tuple[str, ...]:
        """The measures whose rows add up to their total: those of which there are shares."""
        # In the order of the measures: typing keeps one of two Literals that differ only in order.
        shared = get_args(self._type_of("share"))
        return tuple(name for name in self.choices("measures") if name in shared)

    def filters_of(self, **values: tuple[str, ...] | None) -> object:
        """An object of the class of its filters."""
        found: object = self._type_of("filters")(**values)
        return found

    def choices(self, argument: str) -> tuple[str, ...]:
        """What `group_by` or `measures` chooses from."""
        return get_args(get_args(self._type_of(argument))[0])

    def _type_of(self, argument: str) -> Any:  # noqa: ANN401 - a type hint
        return next(one.type for one in fields_of(self.request) if one.name == argument)

    async def answer(self, request: Any, upstream: Upstream) -> Answer:  # noqa: ANN401
        """The answer of 1C, or what is computed from its whole list."""
        local = (field for field in fields_of(self.request) if field.arg.is_local)
        if any(getattr(request, field.attribute) is not None for field in local):
            return await self.analyse(request, upstream)
        return await self.answer_of_onec(request, upstream)

    @abstractmethod
    async def analyse(self, request: Any, upstream: Upstream) -> Answer:  # noqa: ANN401
        """The answer to a request with arguments that are not for 1C (Arg.is_local)."""

    async def answer_of_onec(self, request: Any, upstream: Upstream) -> Answer:  # noqa: ANN401
        """The answer of one call of 1C, which ignores the arguments that are not for 1C."""
        if (
            self.ranked is not None
            and request.group_by is request.sort is None
            and "sort" not in upstream.capabilities.lacks(self.name, "params")
        ):
            request = self.ranked(request)
        return await super().answer(request, upstream)

    def output_schema(self) -> JsonObject:
        """Columns, rows and totals; whether and where the list was cut."""
        names = [field.name for field in fields_of(self.request)]
        return table_schema(*(name for name in ("period", "date") if name in names))

    def _redaction(self, restricted: frozenset[str]) -> Redaction:
        columns = (*self.choices("group_by"), *self.choices("measures"))
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

    columns: those that it may choose. contract_rows: how many the contract lists without `top`.
    """

    columns: tuple[str, ...]
    contract_rows: int

    def output_schema(self) -> JsonObject:
        """Columns and rows; whether and where the list was cut."""
        return table_schema("period")

    def _rows_without_argument(self, upstream: Upstream) -> int:
        return min(self.contract_rows, upstream.limits.max_rows)

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
    contract_rows: how many items of the list the contract has without the argument.
    """

    shape: CardShape
    declared: Declared
    contract_rows: int

    @property
    def rows_argument(self) -> str:  # type: ignore[override]  # a constant of the other kinds
        """The argument that bounds the list is called like the list."""
        return self.shape.listed

    def output_schema(self) -> JsonObject:
        """The object and its figures; whether and where its list was cut."""
        subject = object_schema({"label": MAY_BE_NULL})
        members: dict[str, JsonObject] = {
            f"{self.shape.listed}_returned": {"type": "integer"},
            **CUT_MEMBERS,
            self.shape.subject: subject,
            "totals": MAY_BE_NULL,
            "period": MAY_BE_NULL,
            self.shape.listed: MAY_BE_NULL,
        }
        return object_schema(members, (f"{self.shape.listed}_returned", "truncated", "totals"))

    def _rows_without_argument(self, upstream: Upstream) -> int:
        return min(self.contract_rows, upstream.limits.default_rows)

    def _redaction(self, restricted: frozenset[str]) -> Redaction:
        return Redaction(restricted=restricted, members={**OF_EVERY_ANSWER, **self.declared})

    def _build(self, body: bytes, arguments: JsonObject, limits: ResponseLimits) -> Answer:
        return build_card(body, arguments, limits, shape=self.shape)
