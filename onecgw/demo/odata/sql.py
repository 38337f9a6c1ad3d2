"""$filter and conditions as SQL over the columns of a row."""

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Final

import attrs

from onecgw.demo.odata.errors import bad_filter, no_segment
from onecgw.demo.odata.expression import (
    Constant,
    Expression,
    Function,
    Negation,
    Operation,
    Path,
    Quantifier,
)
from onecgw.demo.odata.model import NAMESPACE, EntitySet, ODataColumn, Schema

_SIGNS: Final = {"eq": "=", "ne": "<>", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_ARITHMETIC: Final = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
_DATE_PARTS: Final = {
    "year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M", "second": "%S",
}  # fmt: skip


@attrs.frozen
class Value:
    """A compiled expression; `kind` is a column's kind, or "cast": a reference with its type."""

    kind: str
    sql: str
    type_sql: str = ""


@attrs.frozen(kw_only=True)
class Scope:
    """What an expression can name.

    columns: property → column, with SQL that is valid where the expression stands.
    parts: collection → (set, SQL of the key of its owner).
    variables: the scopes of lambda variables.
    """

    columns: Mapping[str, ODataColumn]
    parts: Mapping[str, tuple[EntitySet, str]] = attrs.field(factory=dict)
    variables: Mapping[str, "Scope"] = attrs.field(factory=dict)


@attrs.define
class Compiler:
    """Compiles expressions; collects the values that the SQL names."""

    schema: Schema
    values: dict[str, object] = attrs.field(factory=dict)
    _aliases: Iterator[int] = attrs.field(factory=count)

    def condition(self, expression: Expression, scope: Scope) -> str:
        """Return the SQL of a condition.

        Raises:
            ODataError: code 6 for an unknown name, 14 for what is no condition.
        """
        found = self._value(expression, scope)
        if found.kind != "bool":
            raise bad_filter()
        return found.sql

    def column(
        self, path: tuple[str, ...], scope: Scope, *, composites: bool = False
    ) -> ODataColumn:
        """Return the column that a path leads to.

        Args:
            path: names of references, and of a property at last.
            scope: where it begins.
            composites: whether it may lead through composite fields.

        Raises:
            ODataError: code 6.
        """
        if path[0] in scope.variables:
            return self.column(path[1:], scope.variables[path[0]])
        *references, name = path
        columns = scope.columns
        for reference in references:
            columns = self.behind(self.navigation(columns, reference, composites=composites))
        if name not in columns:
            raise no_segment(name)
        return columns[name]

    def navigation(
        self, columns: Mapping[str, ODataColumn], name: str, *, composites: bool
    ) -> ODataColumn:
        """Return the column of the reference that a navigation property follows."""
        found = columns.get(f"{name}_Key") or (columns.get(name) if composites else None)
        if found is None or not any(target in self.schema.sets for target in found.targets):
            raise no_segment(name)
        return found

    def presentation(self, column: ODataColumn) -> str:
        """Return the SQL of what 1C shows for a value."""
        if not column.targets:
            return f"CAST({column.sql} AS TEXT)"
        return self._looked_up(column, lambda one: one.presentation)

    def behind(self, reference: ODataColumn) -> dict[str, ODataColumn]:
        """Return the columns of what a reference leads to."""
        columns: dict[str, ODataColumn] = {}
        for target in reference.targets:
            for column in self.schema.sets[target].columns if target in self.schema.sets else ():
                columns.setdefault(column.name, column)
        return {
            name: attrs.evolve(
                column,
                sql=self._looked_up(reference, partial_column(name)),
                type_sql=self._looked_up(reference, partial_column(f"{name}_Type"))
                if column.kind == "composite"
                else "",
            )
            for name, column in columns.items()
        }

    def _looked_up(self, reference: ODataColumn, sql: Callable[[EntitySet], str | None]) -> str:
        found = [
            f'(SELECT {wanted} FROM "{target}" WHERE "Ref_Key" = {reference.sql})'  # noqa: S608 - names of a configuration
            for target in reference.targets
            if target in self.schema.sets and (wanted := sql(self.schema.sets[target])) is not None
        ]
        return f"COALESCE({', '.join(found)})" if len(found) > 1 else "".join(found) or "NULL"

    def bind(self, value: object) -> str:
        """Return a name for a value."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def _value(self, expression: Expression, scope: Scope) -> Value:
        match expression:
            case Constant():
                return self._constant(expression)
            case Path():
                return _of_column(self.column(expression.parts, scope))
            case Negation():
                return Value("bool", f"NOT ({self.condition(expression.operand, scope)})")
            case Operation():
                return self._operation(expression, scope)
            case Quantifier():
                return self._quantifier(expression, scope)
            case Function():
                return self._function(expression, scope)

    def _constant(self, constant: Constant) -> Value:
        if constant.kind == "number":
            return Value("number", self.bind(float(constant.value)))
        if constant.kind == "bool":
            return Value("bool", "1" if constant.value == "true" else "0")
        return Value(constant.kind, self.bind(constant.value))

    def _operation(self, operation: Operation, scope: Scope) -> Value:
        if operation.operator in ("and", "or"):
            left = self.condition(operation.left, scope)
            right = self.condition(operation.right, scope)
            return Value("bool", f"({left}) {operation.operator.upper()} ({right})")
        left_value = self._value(operation.left, scope)
        right_value = self._value(operation.right, scope)
        if operation.operator in _SIGNS:
            return Value("bool", _comparison(operation.operator, left_value, right_value))
        if (left_value.kind, right_value.kind) != ("number", "number"):
            raise bad_filter()
        sign = _ARITHMETIC[operation.operator]
        return Value("number", f"(1.0 * {left_value.sql} {sign} {right_value.sql})")

    def _quantifier(self, quantifier: Quantifier, scope: Scope) -> Value:
        name = quantifier.path.parts[-1]
        if len(quantifier.path.parts) != 1 or name not in scope.parts:
            raise no_segment(name)
        part, owner_key = scope.parts[name]
        alias = f"part{next(self._aliases)}"
        where = f'{alias}."{part.keys[0]}" = {owner_key}'
        if quantifier.condition is not None:
            inner = attrs.evolve(
                scope,
                variables={
                    **scope.variables,
                    quantifier.variable: Scope(columns=set_columns(part, alias)),
                },
            )
            condition = self.condition(quantifier.condition, inner)
            where += f" AND {'' if quantifier.name == 'any' else 'NOT '}({condition})"
        exists = f'EXISTS (SELECT 1 FROM "{part.name}" AS {alias} WHERE {where})'  # noqa: S608 - as above
        return Value("bool", exists if quantifier.name == "any" else f"NOT {exists}")

    def _function(self, function: Function, scope: Scope) -> Value:
        if function.name == "cast":
            return self._cast(function, scope)
        if function.name == "isof":
            return self._isof(function, scope)
        arguments = [self._value(one, scope) for one in function.arguments]
        kinds = tuple("text" if one.kind == "guid" else one.kind for one in arguments)
        made = _FUNCTIONS.get((function.name, kinds))
        if made is None:
            raise bad_filter()
        kind, sql = made
        return Value(kind, f"({sql.format(*(one.sql for one in arguments))})")

    def _cast(self, function: Function, scope: Scope) -> Value:
        """A reference with its type, the only thing that a composite field compares with."""
        match function.arguments:
            case (Constant("guid", guid), Constant("text", name)):
                bound = self.bind(guid)
                return Value("cast", bound, self.bind(NAMESPACE + name))
            case (Path(parts), Constant("text", name)):
                found = _of_column(self.column(parts, scope))
                if found.kind == "composite":
                    wanted = self.bind(NAMESPACE + name)
                    return Value(
                        "guid", f"CASE {found.type_sql} WHEN {wanted} THEN {found.sql} END"
                    )
        raise bad_filter()

    def _isof(self, function: Function, scope: Scope) -> Value:
        match function.arguments:
            case (Path(parts), Constant("text", name)):
                column = self.column(parts, scope)
                if column.kind == "composite":
                    return Value("bool", f"({column.type_sql} = {self.bind(NAMESPACE + name)})")
                return Value("bool", str(int(name in column.targets)))
        raise bad_filter()


def set_columns(one: EntitySet, alias: str) -> dict[str, ODataColumn]:
    """Return the columns of a set that stands in a statement under an alias."""
    return {
        column.name: attrs.evolve(
            column,
            sql=f'{alias}."{column.name}"',
            type_sql=f'{alias}."{column.name}_Type"' if column.kind == "composite" else "",
        )
        for column in one.columns
    }


def partial_column(name: str) -> Callable[[EntitySet], str | None]:
    """Return what finds a column in a set: its quoted name, None where the set has no such."""
    return lambda one: f'"{name}"' if any(name == own.name for own in one.columns) else None


def _of_column(column: ODataColumn) -> Value:
    if column.kind in ("number", "int64"):
        return Value("number", f"({column.sql} / 1e{column.places})")
    return Value(column.kind, column.sql, column.type_sql)


def _comparison(operator: str, left: Value, right: Value) -> str:
    """A guid never equals a composite field: 1C compares the types first."""
    sign = _SIGNS[operator]
    kinds = {left.kind, right.kind}
    if kinds <= {"composite", "cast"}:
        if operator not in ("eq", "ne"):
            raise bad_filter()
        return f"(({left.sql}, {left.type_sql}) {sign} ({right.sql}, {right.type_sql}))"
    if len(kinds) > 1 and kinds != {"guid", "cast"}:
        return "1" if operator == "ne" else "0"
    return f"({left.sql} {sign} {right.sql})"


# (function, kinds of arguments) → its kind and its SQL. Text is compared without case, as the
# databases of 1C do.
_FUNCTIONS: Final[Mapping[tuple[str, tuple[str, ...]], tuple[str, str]]] = {
    ("substringof", ("text", "text")): ("bool", "instr(onec_fold({1}), onec_fold({0})) > 0"),
    ("startswith", ("text", "text")): (
        "bool",
        "substr(onec_fold({0}), 1, length(onec_fold({1}))) = onec_fold({1})",
    ),
    ("endswith", ("text", "text")): ("bool", "onec_ends({0}, {1})"),
    ("like", ("text", "text")): ("bool", "onec_like({0}, {1})"),
    ("concat", ("text", "text")): ("text", "{0} || {1}"),
    ("substring", ("text", "number")): ("text", "substr({0}, CAST({1} AS INTEGER) + 1)"),
    ("substring", ("text", "number", "number")): (
        "text",
        "substr({0}, CAST({1} AS INTEGER) + 1, CAST({2} AS INTEGER))",
    ),
    ("round", ("number",)): ("number", "round({0})"),
    **{
        (name, ("date",)): ("number", f"CAST(strftime('{part}', {{0}}) AS INTEGER)")
        for name, part in _DATE_PARTS.items()
    },
    ("quarter", ("date",)): ("number", "(CAST(strftime('%m', {0}) AS INTEGER) + 2) / 3"),
    ("dayofweek", ("date",)): ("number", "(CAST(strftime('%w', {0}) AS INTEGER) + 6) % 7 + 1"),
    ("dateadd", ("date", "text", "number")): ("date", "onec_date_add({0}, {1}, {2})"),
    ("datedifference", ("date", "date", "text")): (
        "number",
        "onec_date_difference({0}, {1}, {2})",
    ),
}
