"""The language of $filter and of conditions: text to a tree."""

import re
from collections.abc import Iterator
from typing import Final, Literal

import attrs

from onecgw.demo.odata.errors import ODataError, bad_filter

ValueKind = Literal["guid", "date", "text", "number", "bool"]

_TOKEN: Final = re.compile(
    r"""\s*(?:
    (?P<guid>guid'[^']*')
    |(?P<date>datetime'[^']*')
    |(?P<text>'(?:[^']|'')*')
    |(?P<number>-?\d+(?:\.\d+)?(?![\w.]))
    |(?P<name>[^\W\d]\w*)
    |(?P<sign>[(),/:])
    )""",
    re.VERBOSE,
)
_GUID: Final = re.compile(r"guid'([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})'")
_DATETIME: Final = re.compile(r"datetime'(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)'")
_QUOTED: Final = re.compile(r"'(?:[^']|'')*'")
_COMPARISONS: Final = frozenset({"eq", "ne", "gt", "ge", "lt", "le"})
# Conditions are made by programs; this is far more than any URL holds.
_MAX_DEPTH: Final = 200


@attrs.frozen
class Constant:
    """A literal; dates and guids are text in their canonical form, numbers are as written."""

    kind: ValueKind
    value: str


@attrs.frozen
class Path:
    """A field, or a field of what it refers to: ("Контрагент", "Parent_Key")."""

    parts: tuple[str, ...]


@attrs.frozen
class Function:
    """A call of a function."""

    name: str
    arguments: tuple["Expression", ...]


@attrs.frozen
class Operation:
    """Two operands: or, and, a comparison, add, sub, mul, div."""

    operator: str
    left: "Expression"
    right: "Expression"


@attrs.frozen
class Negation:
    """not."""

    operand: "Expression"


@attrs.frozen
class Quantifier:
    """any or all of the rows of a tabular part."""

    name: str
    path: Path
    variable: str
    condition: "Expression | None"


Expression = Constant | Path | Function | Operation | Negation | Quantifier


def parse_expression(text: str) -> Expression:
    """Parse a $filter or a condition.

    Raises:
        ODataError: code 14; code -1 where `+` stands for spaces.
    """
    if "+" in _QUOTED.sub("", text):
        # 1C does not take `+` for a space and says so in the words of its query language.
        raise ODataError(500, "-1", 'Операция не разрешена в предложении "ГДЕ"')
    parser = _Parser(list(_tokens(text)))
    found = parser.disjunction()
    parser.expect_end()
    return found


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    rest = len(text.rstrip())
    while place < rest:
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise bad_filter()
        yield match.lastgroup, match[match.lastgroup]
        place = match.end()
    yield "end", ""


class _Parser:
    """Recursive descent, one method for each level of precedence."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0

    def disjunction(self) -> Expression:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise bad_filter()
        found = self._conjunction()
        while self._take("or"):
            found = Operation("or", found, self._conjunction())
        self._depth -= 1
        return found

    def _conjunction(self) -> Expression:
        found = self._negation()
        while self._take("and"):
            found = Operation("and", found, self._negation())
        return found

    def _negation(self) -> Expression:
        negations = 0
        while self._take("not"):
            negations += 1
        found = self._comparison()
        for _ in range(negations):
            found = Negation(found)
        return found

    def _comparison(self) -> Expression:
        found = self._sum()
        word = self._peek()
        if word in _COMPARISONS:
            self._place += 1
            found = Operation(word, found, self._sum())
        return found

    def _sum(self) -> Expression:
        found = self._product()
        while (word := self._peek()) in ("add", "sub"):
            self._place += 1
            found = Operation(word, found, self._product())
        return found

    def _product(self) -> Expression:
        found = self._primary()
        while (word := self._peek()) in ("mul", "div"):
            self._place += 1
            found = Operation(word, found, self._primary())
        return found

    def _primary(self) -> Expression:
        kind, word = self._tokens[self._place]
        self._place += 1
        if kind == "sign" and word == "(":
            found = self.disjunction()
            self._expect(")")
            return found
        if kind == "name":
            return self._named(word)
        constant = _constant(kind, word)
        if constant is None:
            raise bad_filter()
        return constant

    def _named(self, word: str) -> Expression:
        if word in ("true", "false"):
            return Constant("bool", word)
        if self._take("("):
            arguments = [self.disjunction()]
            while self._take(","):
                arguments.append(self.disjunction())
            self._expect(")")
            return Function(word, tuple(arguments))
        parts = [word]
        while self._take("/"):
            kind, part = self._tokens[self._place]
            if kind != "name":
                raise bad_filter()
            self._place += 1
            if part in ("any", "all") and self._take("("):
                return self._quantifier(part, Path(tuple(parts)))
            parts.append(part)
        return Path(tuple(parts))

    def _quantifier(self, name: str, path: Path) -> Expression:
        if name == "any" and self._take(")"):
            return Quantifier(name, path, "", None)
        kind, variable = self._tokens[self._place]
        if kind != "name":
            raise bad_filter()
        self._place += 1
        self._expect(":")
        condition = self.disjunction()
        self._expect(")")
        return Quantifier(name, path, variable, condition)

    def _peek(self) -> str:
        kind, word = self._tokens[self._place]
        return word if kind in ("name", "sign") else ""

    def _take(self, word: str) -> bool:
        if self._peek() != word:
            return False
        self._place += 1
        return True

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise bad_filter()

    def expect_end(self) -> None:
        if self._tokens[self._place][0] != "end":
            raise bad_filter()


def read_constant(literal: str) -> Constant | None:
    """Read a literal that stands alone; None where the text is none."""
    match = _TOKEN.fullmatch(literal)
    return None if match is None else _constant(str(match.lastgroup), literal.strip())


def _constant(kind: str, word: str) -> Constant | None:
    if kind == "guid" and (match := _GUID.fullmatch(word)):
        return Constant("guid", match[1].lower())
    if kind == "date" and (match := _DATETIME.fullmatch(word)):
        return Constant("date", match[1])
    if kind == "text":
        return Constant("text", word[1:-1].replace("''", "'"))
    return Constant("number", word) if kind == "number" else None
