"""The URL of a request: path segments, arguments of functions, query options."""

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import unquote_to_bytes

import attrs

from onecgw.demo.odata.errors import ODataError, bad_argument, bad_format, no_segment
from onecgw.demo.odata.expression import ValueKind, read_constant

_ROOT: Final = re.compile(r"(?P<publication>(?:/[^/]+)*?)/odata/standard\.odata(?P<rest>/.*)?")
_SEGMENT: Final = re.compile(r"(?P<name>[\w$]+)(?:\((?P<arguments>.*)\))?", re.DOTALL)
# What belongs to the protocol and not to a function, though it has no dollar.
_PLAIN_OPTIONS: Final = frozenset({"allowedOnly"})


@attrs.frozen(kw_only=True)
class PathSegment:
    """One segment of the path.

    arguments: what stands between its parentheses, None without them.
    """

    name: str
    arguments: str | None


@attrs.frozen(kw_only=True)
class Target:
    """What a request asks for.

    publication: the path of the published infobase, "/trade".
    segments: the path below /odata/standard.odata.
    options: query options with their dollar, and allowedOnly.
    arguments: arguments of a function that stand in the query string.
    """

    publication: str
    segments: tuple[PathSegment, ...]
    options: Mapping[str, str]
    arguments: tuple[tuple[str, str], ...]


def parse_target(raw_path: bytes, raw_query: bytes) -> Target | None:
    """Parse the target of a request line; None if it is not one of the OData interface.

    `+` is a plus: 1C does not take it for a space.

    Raises:
        ODataError: code 1 if it is not UTF-8, code 6 if a segment is malformed.
    """
    match = _ROOT.fullmatch(_decode(raw_path))
    if match is None:
        return None
    options: dict[str, str] = {}
    arguments = []
    for part in filter(None, raw_query.split(b"&")):
        name, _, value = (_decode(piece) for piece in part.partition(b"="))
        if name.startswith("$") or name in _PLAIN_OPTIONS:
            options[name] = value
        else:
            arguments.append((name, value))
    rest = (match["rest"] or "").strip("/")
    return Target(
        publication=match["publication"],
        segments=tuple(map(_segment, _split(rest, "/"))) if rest else (),
        options=options,
        arguments=tuple(arguments),
    )


def parse_arguments(text: str) -> Iterator[tuple[str, str]]:
    """Split `Period=datetime'…',Dimensions='…'` into names and literals, if with no name."""
    for part in _split(text, ","):
        piece = part.strip()
        match = re.match(r"(\w+)\s*=\s*", piece)
        if piece:  # old clients leave arguments empty: SliceLast(,)
            yield (match[1], piece[match.end() :]) if match else ("", piece)


def read_argument(name: str, literal: str, kind: ValueKind) -> str:
    """The value of an argument of a function; a date has seconds and no zone.

    Raises:
        ODataError: code 21, it is not of this kind.
    """
    found = read_constant(literal)
    if found is None or found.kind != kind:
        raise bad_argument(name)
    return found.value


def read_count(options: Mapping[str, str], name: str) -> int | None:
    """The whole number of $top or $skip."""
    value = options.get(name)
    if value is None:
        return None
    if not re.fullmatch("[0-9]{1,12}", value):
        raise bad_format(name)
    return int(value)


def _segment(text: str) -> PathSegment:
    match = _SEGMENT.fullmatch(text)
    if match is None:
        raise no_segment(text)
    return PathSegment(name=match["name"], arguments=match["arguments"])


def _split(text: str, separator: str) -> Iterator[str]:
    """Split outside of quotes and parentheses."""
    depth, quoted, start = 0, False, 0
    for place, sign in enumerate(text):
        if sign == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif sign == "(":
            depth += 1
        elif sign == ")":
            depth -= 1
        elif sign == separator and depth == 0:
            yield text[start:place]
            start = place + 1
    yield text[start:]


def _decode(raw: bytes) -> str:
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeDecodeError as error:
        raise ODataError(400, "1", "Неверная кодировка URL") from error
