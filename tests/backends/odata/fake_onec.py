"""A stock base in memory, as far as the client goes: sets, virtual tables, filters, errors."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Any
from urllib.parse import unquote

import attrs
import msgspec

from onecgw.backends.odata.fetch import Reply
from onecgw.errors import OnecError, OnecUnavailable

Row = dict[str, Any]
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_TOKEN = re.compile(
    r"\s*(\(|\)|,|guid'[^']*'|datetime'[^']*'|'(?:[^']|'')*'|[\w/]+)\s*", re.UNICODE
)
_HEAD = (
    '<edmx:Edmx xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx" Version="1.0">'
    '<edmx:DataServices><Schema xmlns="http://schemas.microsoft.com/ado/2009/11/edm" '
    'Namespace="StandardODATA">'
)
EDM = {"Decimal": "Edm.Double", "str": "Edm.String", "bool": "Edm.Boolean"}


@attrs.define
class Register:
    """A register with its records. kind: balance or turnover.

    dims: names without `_Key`. resources: names. split: what makes a balance of full grain
    into the rows that 1C would show.
    """

    name: str
    kind: str
    dims: tuple[str, ...]
    resources: tuple[str, ...]
    records: list[Row]
    split: Callable[[Row], Sequence[Row]] | None = None


@attrs.define
class FakeOnec:
    """Answers addresses; remembers them.

    sets: entity set → rows. registers: by name. hidden: sets that are not published.
    broken: entity set → (status, body) that is answered instead.
    """

    sets: dict[str, list[Row]]
    registers: dict[str, Register]
    hidden: set[str] = attrs.field(factory=set)
    broken: dict[str, tuple[int, bytes]] = attrs.field(factory=dict)
    lacking: set[str] = attrs.field(factory=set)
    asked: list[str] = attrs.field(factory=list)

    def failure(self, reply: Reply) -> OnecError:
        return OnecUnavailable(f"HTTP {reply.status}")

    async def get(self, path_and_query: str) -> Reply:
        assert path_and_query.isascii()
        assert " " not in path_and_query
        assert "+" not in path_and_query
        self.asked.append(path_and_query)
        path, _, query = path_and_query.partition("?")
        options = {
            unquote(part.partition("=")[0]): unquote(part.partition("=")[2])
            for part in query.split("&")
            if part
        }
        if path == "$metadata":
            return Reply(status=200, body=self.metadata().encode())
        options.pop("allowedOnly", None)
        assert options.pop("$format") == "application/json;odata=nometadata"
        if not path:
            names = [
                {"name": name, "url": name}
                for name in [*self.sets, *self.registers]
                if name not in self.hidden
            ]
            return _reply(names)
        name, _, function = unquote(path).partition("/")
        if name in self.broken:
            status, body = self.broken[name]
            return Reply(status=status, body=body)
        owner = name.removesuffix("_RecordType")
        if owner in self.hidden or (owner not in self.sets and owner not in self.registers):
            return _error(404, "8", f"Сущность {name} не найдена")
        if function:
            table, _, inside = function.partition("(")
            arguments = _arguments(inside.removesuffix(")"))
            for key in [key for key in options if not key.startswith("$")]:
                arguments[key] = _literal(options.pop(key))
            rows = self._virtual(self.registers[name], table, arguments)
        elif owner in self.registers:
            rows = self.registers[owner].records
        else:
            rows = self.sets[name]
        return self._options(rows, options)

    def _options(self, rows: Sequence[Row], options: dict[str, str]) -> Reply:
        for name in ("$select", "$filter"):
            wanted = options.get(name, "")
            for column in rows[0] if rows else ():
                if column in self.lacking and column in wanted:
                    return _error(400, "6", f"Сегмент пути {column} не найден!")
        if "$filter" in options:
            holds = parse(options["$filter"])
            rows = [row for row in rows if holds(row)]
        if "$orderby" in options:
            for part in reversed(options["$orderby"].split(",")):
                field, _, direction = part.partition(" ")
                rows = sorted(rows, key=itemgetter(field), reverse=direction == "desc")
        skip = int(options.get("$skip", 0))
        rows = rows[skip : skip + int(options.get("$top", 10**9))]
        names = options["$select"].split(",")
        return _reply([{name: row[name] for name in names} for row in rows])

    def _virtual(self, register: Register, table: str, arguments: Mapping[str, Any]) -> list[Row]:
        holds = parse(arguments.get("Condition", ""))
        if table == "Balance":
            moved = [r for r in register.records if r["Period"] < arguments["Period"]]
        else:
            start, end = arguments["StartPeriod"], arguments["EndPeriod"]
            moved = [r for r in register.records if start <= r["Period"] <= end]
        suffix = "Balance" if table == "Balance" else "Turnover"

        def grouped(
            rows: Sequence[Row], dims: Sequence[str], sign: Callable[[Row], int]
        ) -> list[Row]:
            sums: dict[tuple[Any, ...], Row] = {}
            for row in rows:
                columns = [
                    column
                    for dim in dims
                    for column in (f"{dim}_Key", dim, f"{dim}_Type")
                    if column in row
                ]
                into = sums.setdefault(
                    tuple(row[column] for column in columns),
                    {
                        **{column: row[column] for column in columns},
                        **dict.fromkeys(register.resources, Decimal(0)),
                    },
                )
                for name in register.resources:
                    into[name] += sign(row) * row[name]
            return [*sums.values()]

        def sign(row: Row) -> int:
            return -1 if row.get("RecordType") == "Expense" else 1

        dims = arguments["Dimensions"].split(",")
        assert set(dims) <= set(register.dims), (dims, register.dims)
        if register.split is not None:
            whole = grouped(moved, register.dims, sign)
            moved = [one for row in whole for one in register.split(row)]
            rows = grouped([row for row in moved if holds(row)], dims, lambda _: 1)
        else:
            rows = grouped([row for row in moved if holds(row)], dims, sign)
        return [
            {
                **{name: value for name, value in row.items() if name not in register.resources},
                **{f"{name}{suffix}": row[name] for name in register.resources},
            }
            for row in rows
        ]

    def metadata(self) -> str:
        parts = [_HEAD]
        for name, rows in self.sets.items():
            if name not in self.hidden and rows:
                parts.append(self._type("EntityType", name, rows[0]))
        for register in self.registers.values():
            if register.name in self.hidden:
                continue
            record = register.records[0]
            parts.append(self._type("EntityType", f"{register.name}_RecordType", record))
            dims = {
                column: record[column]
                for dim in register.dims
                for column in (f"{dim}_Key", dim, f"{dim}_Type")
                if column in record
            }
            tables = (
                (("Balance", "Balance"), ("Turnovers", "Turnover"))
                if register.kind == "balance"
                else (("Turnovers", "Turnover"),)
            )
            for _, suffix in tables:
                columns = {f"{one}{suffix}": Decimal(0) for one in register.resources}
                if register.split is not None:
                    dims |= {
                        k: v
                        for k, v in register.split(
                            {**record, **dict.fromkeys(register.resources, Decimal(1))}
                        )[0].items()
                        if (k not in register.resources and k in dims) or k in register.dims
                    }
                parts.append(
                    self._type("ComplexType", f"{register.name}_{suffix}", {**dims, **columns})
                )
            parts.append('<EntityContainer Name="c">')
            parts += [
                f'<FunctionImport Name="{table}"><Parameter Name="bindingParameter" '
                f'Type="StandardODATA.{register.name}"/><Parameter Name="Condition" '
                'Type="Edm.String"/></FunctionImport>'
                for table, _ in tables
            ]
            parts.append("</EntityContainer>")
        parts.append("</Schema></edmx:DataServices></edmx:Edmx>")
        return "".join(parts)

    def _type(self, kind: str, name: str, row: Row) -> str:
        fields = "".join(
            f'<Property Name="{column}" Type="{EDM.get(type(value).__name__, "Edm.Guid")}"/>'
            for column, value in row.items()
            if column not in self.lacking
        )
        return f'<{kind} Name="{name}">{fields}</{kind}>'


def _reply(rows: Sequence[Any]) -> Reply:
    return Reply(status=200, body=_ENCODER.encode({"odata.metadata": "…", "value": rows}))


def _error(status: int, code: str, message: str) -> Reply:
    body = {"odata.error": {"code": code, "message": {"lang": "ru", "value": message}}}
    return Reply(status=status, body=_ENCODER.encode(body))


def _arguments(inside: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, literal in re.findall(r"(\w+)=((?:datetime)?'(?:[^']|'')*')(?:,|$)", inside):
        found[name] = _literal(literal)
    return found


def _literal(text: str) -> Any:
    inside = text[text.index("'") + 1 : -1]
    return inside.replace("''", "'")


def parse(condition: str) -> Callable[[Row], bool]:  # noqa: C901 - a whole grammar
    """A condition of comparisons joined by `and` and `or`; "" always holds."""
    if not condition:
        return lambda _: True
    tokens = [found[1] for found in _TOKEN.finditer(condition)]
    assert "".join(tokens) == re.sub(r"\s+(?=(?:[^']*'[^']*')*[^']*$)", "", condition), condition
    place = 0

    def take() -> str:
        nonlocal place
        place += 1
        return tokens[place - 1]

    def operand() -> Any:
        token = take()
        if token == "cast":
            assert take() == "("
            key, _, kind, _ = take(), take(), take(), take()
            return ("cast", _literal(key), _literal(kind))
        if token in ("true", "false"):
            return token == "true"
        return _literal(token)

    def comparison() -> Callable[[Row], bool]:
        if tokens[place] == "(":
            take()
            inner = either()
            assert take() == ")"
            return inner
        field, sign, value = take(), take(), operand()
        if isinstance(value, tuple):
            _, key, kind = value
            return lambda row: row[field] == key and row[f"{field}_Type"] == f"StandardODATA.{kind}"
        # 1C never finds a plain guid in a field of several types.
        if sign == "eq":
            return lambda row: row[field] == value and f"{field}_Type" not in row
        return lambda row: row[field] >= value if sign == "ge" else row[field] <= value

    def both() -> Callable[[Row], bool]:
        parts = [comparison()]
        while place < len(tokens) and tokens[place] == "and":
            take()
            parts.append(comparison())
        return lambda row: all(part(row) for part in parts)

    def either() -> Callable[[Row], bool]:
        parts = [both()]
        while place < len(tokens) and tokens[place] == "or":
            take()
            parts.append(both())
        return lambda row: any(part(row) for part in parts)

    found = either()
    assert place == len(tokens), condition
    return found


def parts_of(fake: FakeOnec) -> Iterator[str]:
    """The sets that were read, one for each call."""
    for address in fake.asked:
        yield unquote(address.partition("?")[0]).partition("/")[0]
