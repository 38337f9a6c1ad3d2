"""The text of a failed response as one safe line, whoever wrote it: platform, web server, proxy."""

import codecs
import json
import re
from html.parser import HTMLParser
from typing import Final

from onecgw.backends.errors.masking import without_private, without_secrets
from onecgw.locales.text import say
from onecgw.responses.error_body import (
    EXCEPTION,
    NO_REASON,
    message_in,
    read_json_value,
    reports_error,
)
from onecgw.text import well_formed, without_bom

SHOWN_CHARACTERS: Final = 300  # of a reason that somebody else wrote
LOGGED_CHARACTERS: Final = 500
MESSAGE_CHARACTERS: Final = 1_000  # of a message that 1C's service wrote for the caller
READ_CHARACTERS: Final = 32 * 1024  # of a page; the reason stands near its beginning

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)

_CHARACTERS: Final = r"((?:[^\"\\]|\\u[0-9a-fA-F]{4}|\\[^u])*)"  # of a JSON string
_ERROR_BEGINS: Final = re.compile(
    rf"\s*\{{\s*\"error\"\s*:\s*\"{_CHARACTERS}\"\s*,\s*\"message\"\s*:\s*\"{_CHARACTERS}"
)
_SPACE: Final = re.compile(r"\s")

# Titles that name the page and not the reason.
_BOILERPLATE: Final = re.compile(
    r"^(?:1[CС]:?\s*(?:Enterprise|Предприятие|Підприємство).{0,60}"
    r"|(?:Ошибка|Помилка) (?:приложения|застосунку|програми).{0,60}"
    r"|\d{3}\b.{0,40}|HTTP(?:/| Error| Status).{0,60}|Internal Server Error|Server Error"
    r"|Bad Gateway|Service Unavailable|Error|Ошибка|Помилка)[:.]?$",
    re.IGNORECASE,
)
_CAUSE: Final = re.compile(
    r"(?:\bпо причине|\b[зі]з? причини|\bby reason|\bdue to the following reason)\s*:",
    re.IGNORECASE,
)
_PLACE: Final = r"\(\d{1,6}(?:,\s*\d{1,6})?\)"  # the line, and the column
_MODULE: Final = r"(?<![\w.])\w{1,80}(?:\.\w{1,80}){1,9}"
_MODULE_LINE: Final = re.compile(rf"\{{[^{{}}\n]{{0,300}}{_PLACE}\}}\s*:?|{_MODULE}{_PLACE}\s*:?")

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_TAG: Final = re.compile(r"<[/!a-zA-Z?][^<>]{0,500}>")


def charset_of(content_type: str) -> str:
    """The charset that a Content-Type declares, in lower case; "" if it declares none."""
    found = _CHARSET.search(content_type)
    return found.group(1).lower() if found else ""


def text_of(body: bytes, content_type: str) -> str:
    """A failure's body as text, whatever its encoding; the first READ_CHARACTERS of it."""
    body = without_bom(body[: 4 * READ_CHARACTERS])
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(encoding, "replace")[:READ_CHARACTERS]
    declared = charset_of(content_type) or charset_of(body[:1024].decode("latin-1"))
    try:
        # Not final: a body that was cut may end within a character.
        text = codecs.utf_8_decode(body, "surrogatepass", False)[0][:READ_CHARACTERS]
        return well_formed(text)
    except UnicodeError:
        pass
    try:
        return body.decode(declared or "cp1251")[:READ_CHARACTERS]
    except (UnicodeError, LookupError):
        return body.decode("cp1251", "replace")[:READ_CHARACTERS]


def foreign_error(text: str) -> str | None:
    """The message of an error body in any other shape of JSON; None if it reports none."""
    value = read_json_value(text)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict) or not reports_error(value):
        return None
    return message_in(value) or say(NO_REASON)


def is_platform_exception(text: str) -> bool:
    """Whether a body is the platform's own description of an exception."""
    value = read_json_value(text)
    return isinstance(value, dict) and not EXCEPTION.isdisjoint(map(str.casefold, value))


def contract_error(text: str) -> str | None:
    """The message of 1C's own error body `{"error": code, "message": text}`, if this is one.

    Other servers send `{"error": "Not Found"}`, some with a message; the contract's code is one
    word. In a body that was cut, these two members may still be complete.
    """
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = _beginning_of_error(text)
    match body:
        case {"error": str(code), "message": str(message)} if code and not _SPACE.search(code):
            return message.strip() or code
    return None


def _beginning_of_error(text: str) -> dict[str, str] | None:
    found = _ERROR_BEGINS.match(text)
    if found is None:
        return None
    try:
        error, message = (json.loads(f'"{part}"', strict=False) for part in found.groups())
    except ValueError:
        return None
    return {"error": error, "message": message}


def lines_of(text: str) -> tuple[str, ...]:
    """The lines of a failure's text that say anything: no markup, no page titles, no source code.

    Of a platform exception in JSON they are those of its innermost description.
    """
    exception = _exception_lines(text)
    lines = _page_lines(text) if exception is None else exception
    return tuple(
        line.strip()
        for line in lines
        if (bare := _bare(line)) and "<<?>>" not in line and not _BOILERPLATE.match(bare)
    )


def reason_in(lines: tuple[str, ...]) -> str:
    """The one line that says why: after the last "by reason", as 1C lists causes inwards."""
    joined = "\n".join(lines)
    causes = list(_CAUSE.finditer(joined))
    inner = joined[causes[-1].end() :] if causes else ""
    return next((line for line in (*inner.splitlines(), *lines) if _bare(line)), "")


def log_line(text: str) -> str:
    """Text on one bounded line for the operator: no credentials and no encoded data."""
    return without_secrets(" ".join(well_formed(text).split()))[:LOGGED_CHARACTERS]


def safe_line(text: str, *, limit: int = SHOWN_CHARACTERS) -> str:
    """Text without markup, module lines, paths, addresses and encoded data, on one bounded line."""
    line = _bare(without_private(_TAG.sub(" ", _bare(text[: 4 * limit]))))
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _bare(line: str) -> str:
    line = _CONTROL.sub(" ", line)
    return " ".join(_MODULE_LINE.sub(" ", line).split()).strip(" :;-")


def _exception_lines(text: str) -> tuple[str, ...] | None:
    """The description of an error in JSON; None: the text is no JSON."""
    found = read_json_value(text) if text.lstrip().startswith(("{", "[")) else None
    if found is None:  # {ОбщийМодуль...} begins so, too
        return None
    return tuple(message_in(found).splitlines())


def _page_lines(text: str) -> tuple[str, ...]:
    """The visible lines of an HTML or XML page, or of plain text."""
    if not _TAG.search(text):
        return tuple(text.splitlines())
    page = _Page()
    page.feed(text)
    page.close()
    return tuple("".join(page.parts).splitlines())


class _Page(HTMLParser):
    """Collects what a browser would show."""

    _HIDDEN: Final = frozenset({"head", "script", "style", "title"})
    _INLINE: Final = frozenset({"a", "b", "em", "font", "i", "span", "strong", "u"})

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in self._HIDDEN:
            self._hidden += 1
        elif tag == "body":
            self._hidden = 0
        if tag not in self._INLINE:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        if tag not in self._INLINE:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)
