"""Answers as JSON or Atom, and the service document."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final
from xml.sax.saxutils import escape, quoteattr

import msgspec

from onecgw.demo.odata.errors import METADATA_NAMESPACE
from onecgw.demo.odata.model import EDM_TYPES, ColumnKind, Schema
from onecgw.demo.odata.query import Entity, ODataAnswer

ATOM_TYPE: Final = "application/atom+xml;type=feed;charset=utf-8"
SERVICE_TYPE: Final = "application/atomsvc+xml;charset=utf-8"
_ATOM: Final = "http://www.w3.org/2005/Atom"
_DATA: Final = "http://schemas.microsoft.com/ado/2007/08/dataservices"
# Decimals leave as JSON numbers with exactly their digits.
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def answer_json(answer: ODataAnswer, root: str, *, with_metadata: bool) -> bytes:
    """Return the body of an answer.

    Args:
        answer: what was found.
        root: the URL of the interface with a slash at its end.
        with_metadata: False for `odata=nometadata`.
    """
    head: Entity = {}
    if with_metadata:
        single = "/@Element" if answer.is_single else ""
        head["odata.metadata"] = f"{root}$metadata#{answer.name}{single}"
    if answer.is_single:
        return _ENCODER.encode({**head, **answer.rows[0]})
    if answer.count is not None:
        head["odata.count"] = str(answer.count)
    return _ENCODER.encode({**head, "value": answer.rows})


def answer_atom(answer: ODataAnswer, root: str) -> bytes:
    """Return the same as Atom."""
    updated = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "")
    namespaces = f'xmlns="{_ATOM}" xmlns:d="{_DATA}" xmlns:m="{METADATA_NAMESPACE}"'
    entries = [_entry(answer, entity, updated) for entity in answer.rows]
    if answer.is_single:
        body = entries[0].replace("<entry>", f"<entry {namespaces}>", 1)
    else:
        count = "" if answer.count is None else f"<m:count>{answer.count}</m:count>"
        body = (
            f"<feed {namespaces} xml:base={quoteattr(root)}><id>{escape(root + answer.name)}</id>"
            f'<title type="text"/><updated>{updated}</updated>{count}{"".join(entries)}</feed>'
        )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode()


def service_document(schema: Schema, root: str, *, as_json: bool) -> bytes:
    """Return the list of entity sets."""
    if as_json:
        value = [{"name": name, "url": name} for name in schema.sets]
        return _ENCODER.encode({"odata.metadata": f"{root}$metadata", "value": value})
    sets = "".join(
        f'<collection href="{name}"><atom:title>{name}</atom:title></collection>'
        for name in schema.sets
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<service xmlns="http://www.w3.org/2007/app" xmlns:atom="{_ATOM}" '
        f"xml:base={quoteattr(root)}><workspace><atom:title>Default</atom:title>{sets}"
        "</workspace></service>"
    ).encode()


def _entry(answer: ODataAnswer, entity: Entity, updated: str) -> str:
    return (
        f"<entry><title/><updated>{updated}</updated>"
        f'<category term="StandardODATA.{answer.name}"/><content type="application/xml">'
        f"<m:properties>{''.join(_properties(entity, answer.kinds))}</m:properties></content>"
        "</entry>"
    )


def _properties(entity: Entity, kinds: Mapping[str, ColumnKind]) -> Iterable[str]:
    for name, value in entity.items():
        if isinstance(value, dict):
            yield f"<d:{name}>{''.join(_properties(value, {}))}</d:{name}>"
        elif isinstance(value, list):
            rows = "".join(
                f"<d:element>{''.join(_properties(row, {}))}</d:element>" for row in value
            )
            yield f"<d:{name}>{rows}</d:{name}>"
        else:
            edm = EDM_TYPES[kinds.get(name, "text")]
            kind = "" if edm == "Edm.String" else f' m:type="{edm}"'
            yield f"<d:{name}{kind}>{escape(_text(value))}</d:{name}>"


def _text(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal() | int() | str():
            return str(value)
    return ""
