"""Answers a request from the database: which rows, which of their properties."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final, cast

import attrs

from onecgw.demo.odata.errors import (
    bad_argument,
    bad_format,
    no_instance,
    no_method,
    no_segment,
    unknown_argument,
)
from onecgw.demo.odata.expression import parse_expression, read_constant
from onecgw.demo.odata.model import (
    ColumnKind,
    EntitySet,
    ODataColumn,
    ODataField,
    Schema,
    VirtualTable,
)
from onecgw.demo.odata.sql import Compiler, Scope, set_columns
from onecgw.demo.odata.url import (
    PathSegment,
    Target,
    parse_arguments,
    read_argument,
    read_count,
)

_PRESENTATION: Final = "____Presentation"
# Arguments that $metadata lists and this demo does not carry out.
_NOT_CARRIED_OUT: Final = frozenset({"ExtraDimensions", "BalancedExtraDimensions", "Order", "Top"})
Entity = dict[str, object]
# Of a value: the names of the objects that it stands in, and its own.
_Path = tuple[str, ...]


@attrs.frozen(kw_only=True)
class ODataAnswer:
    """What a request found.

    name: of the entity set, or of the type of rows.
    kinds: the kinds of the properties that are no strings, by name; for Atom.
    count: the number of rows for $inlinecount, None without it.
    """

    name: str
    rows: list[Entity]
    kinds: Mapping[str, ColumnKind]
    count: int | None = None
    is_single: bool = False


@attrs.frozen(kw_only=True)
class _Source:
    """Rows before the query options are applied."""

    name: str
    sql: str
    scope: Scope
    where: str = "TRUE"
    is_single: bool = False


@attrs.frozen(kw_only=True)
class Query:
    """One request against a schema.

    restricted: objects of which the user may read only a part, with allowedOnly=true.
    """

    schema: Schema
    target: Target
    restricted: frozenset[str] = frozenset()

    def answer(self, db: sqlite3.Connection) -> ODataAnswer | int:
        """Return the rows, or their number where the path ends with /$count.

        Raises:
            ODataError: what 1C says of a wrong request.
        """
        segments = list(self.target.segments)
        is_count = segments[-1].name == "$count"
        if is_count:
            segments.pop()
        compiler = Compiler(self.schema)
        source = self._source(segments, compiler)
        where = self._where(source, compiler)
        rows = f"SELECT {{0}} FROM {source.sql} WHERE {source.where} AND ({where})"  # noqa: S608 - names of a configuration
        if is_count:
            return _count(db, rows, compiler)
        return self._rows(source, rows, compiler, db=db)

    def _source(self, segments: Sequence[PathSegment], compiler: Compiler) -> _Source:
        first, *others = segments
        if not others:
            return self._of_set(first, compiler)
        self.schema.entity_set(first.name)
        function = others[0]
        table = self.schema.tables.get((first.name, function.name))
        if len(others) > 1 or first.arguments is not None:
            raise no_segment(others[-1].name)
        if table is None:
            is_known = any(name == function.name for _, name in self.schema.tables)
            raise no_method(function.name) if is_known else no_segment(function.name)
        return self._of_table(table, function.arguments or "", compiler)

    def _of_set(self, segment: PathSegment, compiler: Compiler) -> _Source:
        one = self.schema.entity_set(segment.name)
        columns = set_columns(one, "t")
        key = columns[one.keys[0]].sql
        where = f"substr({key}, -1) < '8'" if one.owner in self.restricted else "TRUE"
        if segment.arguments is not None:
            where += "".join(
                f" AND {columns[name].sql} = {compiler.bind(value)}"
                for name, value in _key(one, segment.arguments)
            )
        parts = {
            name: (self.schema.sets[part], key)
            for name, part in one.parts.items()
            if part in self.schema.sets
        }
        return _Source(
            name=one.name,
            sql=f'"{one.name}" AS t',
            where=where,
            scope=Scope(columns=columns, parts=parts),
            is_single=segment.arguments is not None,
        )

    def _of_table(self, table: VirtualTable, written: str, compiler: Compiler) -> _Source:
        given: dict[str, str] = {}
        for name, literal in (*parse_arguments(written), *self.target.arguments):
            if name not in table.parameters or name in _NOT_CARRIED_OUT:
                raise unknown_argument(name)
            if name in given:
                raise bad_argument(name)
            given[name] = literal
        dimensions = _dimensions(table, given)
        where = self._table_where(table, given, compiler)
        if table.owner in self.restricted:
            where.append("doc % 2 = 0" if table.only == "TRUE" else "FALSE")
        raw = list(dict.fromkeys(name for one in dimensions for name in one.raw))
        summed = [*raw, *(f'{one.sql} AS "{one.name}"' for one in table.sums)]
        inner = ", ".join(summed) if table.sums else f"*, {table.only} AS is_kept"
        # Grouped by nothing, SQL would make a row of no movements; 1C makes none.
        grouped = f"GROUP BY {', '.join(raw) or 'NULL'}" if table.sums else ""
        columns = [
            *(column for one in dimensions for column in one.columns()),
            *(attrs.evolve(one, sql=f'"{one.name}"') for one in table.sums),
        ]
        return _Source(
            name=table.result,
            sql=(
                f"(SELECT {inner} FROM {table.source} "  # noqa: S608 - names of a configuration
                f"WHERE {' AND '.join(where) or 'TRUE'} {grouped})"
            ),
            where="TRUE" if table.sums else "is_kept",
            scope=Scope(columns={column.name: column for column in columns}),
        )

    def _table_where(
        self, table: VirtualTable, given: Mapping[str, str], compiler: Compiler
    ) -> list[str]:
        where: list[str] = []
        for name, signs in _PERIODS[table.period].items():
            # The sums of BalanceAndTurnovers name the beginning, whether it is given or not.
            compiler.values[name] = (
                read_argument(name, given[name], "date") if name in given else ""
            )
            if name in given and signs:
                where.append(f"period {signs} :{name}")
        columns = {column.name: column for one in table.dimensions for column in one.columns()}
        for name, fields in table.parameters.items():
            if fields is not None and name in given:
                text = read_argument(name, given[name], "text")
                named = {
                    alias: columns[real] for alias, real in map(_alias, fields) if real in columns
                }
                condition = compiler.condition(parse_expression(text), Scope(columns=named))
                column = table.accounts.get(name)
                if column is not None:
                    # A chart has few accounts: judge each of them once, not every movement.
                    condition = (
                        f"{column} IN (SELECT {column} FROM (SELECT id AS {column} "  # noqa: S608 - names of a configuration
                        f"FROM accounts) WHERE {condition})"
                    )
                where.append(f"({condition})")
        return where

    def _where(self, source: _Source, compiler: Compiler) -> str:
        text = self.target.options.get("$filter")
        if text is None:
            return "TRUE"
        return compiler.condition(parse_expression(text), source.scope)

    def _rows(
        self, source: _Source, rows: str, compiler: Compiler, *, db: sqlite3.Connection
    ) -> ODataAnswer:
        options = self.target.options
        outputs, parts = self._outputs(source, compiler)
        values = [f"{one.sql} AS c{number}" for number, one in enumerate(outputs.values())]
        order = self._order(source, compiler)
        top, skip = read_count(options, "$top"), read_count(options, "$skip")
        counted = options.get("$inlinecount", "none")
        if counted not in ("none", "allpages"):
            raise bad_format("$inlinecount")
        limit = ""
        if counted == "none" and not source.is_single and (top, skip) != (None, None):
            limit = f" LIMIT {-1 if top is None else top} OFFSET {skip or 0}"
        owner_keys = [key for _, key in parts.values()]
        statement = rows.format(", ".join([*values, *owner_keys]) or "1")
        found = db.execute(f"{statement}{order}{limit}", compiler.values).fetchall()
        if source.is_single and not found:
            raise no_instance()
        entities = [_entity(outputs, row) for row in found]
        for number, (name, (part, _)) in enumerate(parts.items()):
            owners = [row[len(outputs) + number] for row in found]
            _add_part(entities, owners, name=name, part=part, db=db)
        return ODataAnswer(
            name=source.name,
            rows=entities,
            kinds={path[-1]: one.kind for path, one in outputs.items()},
            count=len(found) if counted == "allpages" else None,
            is_single=source.is_single,
        )

    def _order(self, source: _Source, compiler: Compiler) -> str:
        text = self.target.options.get("$orderby")
        if not text:
            return ""
        terms = []
        for part in text.split(","):
            name, _, direction = part.strip().partition(" ")
            if direction.strip() not in ("", "asc", "desc"):
                raise no_segment(part.strip())
            column = compiler.column(tuple(name.split("/")), source.scope)
            terms.append(f"{column.sql} {direction.strip() or 'asc'}")
        return f" ORDER BY {', '.join(terms)}"

    def _outputs(
        self, source: _Source, compiler: Compiler
    ) -> tuple[dict[_Path, ODataColumn], dict[str, tuple[EntitySet, str]]]:
        """The values and the tabular parts of the answer."""
        text = self.target.options.get("$select")
        names = [name.strip() for name in text.split(",")] if text else ["*"]
        expanded = self._expanded(source, compiler)
        scope = source.scope
        outputs: dict[_Path, ODataColumn] = {}
        parts: dict[str, tuple[EntitySet, str]] = {}
        for name in names:
            if name in scope.parts:
                parts[name] = scope.parts[name]
            elif name == "*":
                parts.update(scope.parts)
                outputs.update({(one,): column for one, column in scope.columns.items()})
                for navigation in sorted(expanded):
                    outputs.update(_whole(navigation, scope, compiler))
            elif name.endswith(_PRESENTATION):
                outputs.update(_presented(name.removesuffix(_PRESENTATION), scope, compiler))
            else:
                outputs.update(
                    _selected(tuple(name.split("/")), expanded, scope, compiler=compiler)
                )
        return outputs, parts

    def _expanded(self, source: _Source, compiler: Compiler) -> set[tuple[str, ...]]:
        found: set[tuple[str, ...]] = set()
        text = self.target.options.get("$expand")
        for part in text.split(",") if text else ():
            path = tuple(part.strip().split("/"))
            if path[0] not in source.scope.parts:
                compiler.column((*path, "Ref_Key"), source.scope, composites=True)
                found |= {path[:length] for length in range(1, len(path) + 1)}
        return found


_PERIODS: Final[Mapping[str, Mapping[str, str]]] = {
    "before": {"Period": "<"},
    "until": {"Period": "<="},
    "from": {"Period": ">="},
    "between": {"StartPeriod": ">=", "EndPeriod": "<="},
    "to_end": {"StartPeriod": "", "EndPeriod": "<="},
}


def _alias(name: str) -> tuple[str, str]:
    """A field of a condition: its name, or `name=the name in the row`."""
    alias, _, real = name.partition("=")
    return alias, real or alias


def _key(one: EntitySet, text: str) -> Iterable[tuple[str, str]]:
    """The properties of a key and their values: (guid'…') or (Ref_Key=guid'…',LineNumber=1)."""
    for name, literal in parse_arguments(text):
        key = name or one.keys[0]
        if key not in one.keys:
            raise no_segment(key)
        found = read_constant(literal)
        if found is None:
            raise no_segment(literal)
        yield key, found.value


def _dimensions(table: VirtualTable, given: Mapping[str, str]) -> list[ODataField]:
    """Those that the argument Dimensions names; all without it."""
    if "Dimensions" not in given:
        return list(table.dimensions)
    text = read_argument("Dimensions", given["Dimensions"], "text")
    names = [name.strip() for name in text.split(",") if name.strip()]
    known = {one.name for one in table.dimensions}
    for name in names:
        if name not in known:
            raise bad_argument(f"Dimensions: {name}")
    if not names:
        return list(table.dimensions)
    kept = set(names) if table.fixed & set(names) else {*names, *table.fixed}
    return [one for one in table.dimensions if one.name in kept]


def _shown(path: tuple[str, ...], scope: Scope) -> tuple[str, ...]:
    """The names in the answer: what is behind a composite field stands in `<name>_Expanded`."""
    first, *others = path
    return (first if f"{first}_Key" in scope.columns else f"{first}_Expanded", *others)


def _whole(
    navigation: tuple[str, ...], scope: Scope, compiler: Compiler
) -> dict[tuple[str, ...], ODataColumn]:
    """All properties of what a navigation property leads to."""
    columns = scope.columns
    for name in navigation[:-1]:
        columns = compiler.behind(compiler.navigation(columns, name, composites=True))
    last = compiler.navigation(columns, navigation[-1], composites=True)
    return {
        _shown((*navigation, name), scope): column for name, column in compiler.behind(last).items()
    }


def _selected(
    path: tuple[str, ...], expanded: set[tuple[str, ...]], scope: Scope, *, compiler: Compiler
) -> dict[tuple[str, ...], ODataColumn]:
    """What a name of $select stands for: nothing behind a reference that $expand does not name."""
    own: dict[tuple[str, ...], ODataColumn] = {}
    if len(path) == 1 and path[0] in scope.columns:
        own[path] = scope.columns[path[0]]
    if path in expanded:
        return own | _whole(path, scope, compiler)
    if len(path) > 1:
        column = compiler.column(path, scope, composites=True)
        return {_shown(path, scope): column} if path[:-1] in expanded else {}
    if not own:
        compiler.navigation(scope.columns, path[0], composites=True)
    return own


def _presented(name: str, scope: Scope, compiler: Compiler) -> dict[tuple[str, ...], ODataColumn]:
    """What 1C shows for a field, or for all references: `*____Presentation`."""
    if name == "*":
        columns = [column for column in scope.columns.values() if column.targets]
    elif (column := scope.columns.get(f"{name}_Key") or scope.columns.get(name)) is not None:
        columns = [column]
    else:
        raise no_segment(name + _PRESENTATION)
    return {
        (shown,): ODataColumn(name=shown, kind="text", sql=f"COALESCE({sql}, '')")
        for one in columns
        for shown, sql in [
            ((one.base if name == "*" else name) + _PRESENTATION, compiler.presentation(one))
        ]
    }


def _entity(outputs: Mapping[_Path, ODataColumn], row: Sequence[object]) -> Entity:
    entity: Entity = {}
    for ((*objects, last), column), value in zip(outputs.items(), row, strict=False):
        place = entity
        for name in objects:
            place = cast(Entity, place.setdefault(name, {}))
        place[last] = _shown_value(column, value)
    return entity


def _shown_value(column: ODataColumn, value: object) -> object:
    match column.kind, value:
        case "number", int():
            return shown_number(value, column.places)
        case "bool", int():
            return bool(value)
        case "int64", int():
            return str(value)  # so that no client loses digits: OData 3.0, JSON format, 5.2
    return value


def shown_number(value: int, places: int) -> int | Decimal:
    """Return a number as 1C prints it: without zeros at the end."""
    while places and value % 10 == 0:
        value, places = value // 10, places - 1
    return Decimal(value).scaleb(-places) if places else value


def _add_part(
    entities: Sequence[Entity],
    keys: Sequence[object],
    *,
    name: str,
    part: EntitySet,
    db: sqlite3.Connection,
) -> None:
    """Put the rows of a tabular part into their owners."""
    outputs: dict[_Path, ODataColumn] = {(one.name,): one for one in part.columns}
    columns = ", ".join(f'"{one.name}"' for one in part.columns)
    owner = part.keys[0]
    found: dict[object, list[Entity]] = {key: [] for key in keys}
    for row in db.execute(
        f'SELECT "{owner}", {columns} FROM "{part.name}" '  # noqa: S608 - names of a configuration
        f'WHERE "{owner}" IN (SELECT value FROM json_each(?))',
        (json.dumps([*found]),),
    ):
        found[row[0]].append(_entity(outputs, row[1:]))
    for entity, key in zip(entities, keys, strict=True):
        entity[name] = found[key]


def _count(db: sqlite3.Connection, rows: str, compiler: Compiler) -> int:
    return int(db.execute(rows.format("COUNT(*)"), compiler.values).fetchone()[0])
