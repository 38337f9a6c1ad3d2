"""Reading the capabilities of a base from its health answer."""

import logging
from collections.abc import Iterator
from typing import Final

import msgspec

from onecgw.catalogue.capabilities import Capabilities, OwnFirm
from onecgw.responses.notices import DAY

log = logging.getLogger(__name__)

_PARTS: Final = ("filters", "group_by", "measures", "params")
_NOTHING: Final[frozenset[str]] = frozenset()


def read_capabilities(health: bytes) -> Capabilities:
    """The capabilities in a health answer; what is not understood is logged and left out."""
    members = _object(_parsed(health), "health")
    declared = _object(members.get("capabilities", {}), "capabilities")
    profile = declared.get("profile", "")
    unsupported = _object(declared.get("unsupported", {}), "unsupported")
    return Capabilities(
        profile=profile if isinstance(profile, str) else "",
        unavailable_tools=_names(_object(declared.get("tools", {}), "tools"), "unavailable"),
        unsupported={
            tool: {part: _names(lacks, part) for part in _PARTS}
            for tool, value in unsupported.items()
            if (lacks := _object(value, f"unsupported.{tool}"))
        },
        same_for_all=declared.get("answers") == "same_for_all",
        base_currency=_currency(members.get("base_currency")),
        as_of=_day(members.get("as_of")),
        closed_until=_day(members.get("closed_until")),
        firms=tuple(_firms(members.get("firms"))),
        always_empty=_names(_object(declared.get("resolvers", {}), "resolvers"), "always_empty"),
    )


def _currency(named: object) -> str:
    """A currency: a text, or the label of a reference; "" for anything else."""
    label = named.get("label") if isinstance(named, dict) else named
    return label if isinstance(label, str) else ""


def _day(named: object) -> str:
    """A day as YYYY-MM-DD, also that of a time; "" for anything else."""
    found = DAY.match(named) if isinstance(named, str) else None
    return found[0] if found else ""


def _firms(named: object) -> Iterator[OwnFirm]:
    """The references that have an id and a label."""
    for one in named if isinstance(named, list) else ():
        match one:
            case {"id": str(id_), "label": str(label)}:
                yield OwnFirm(id=id_, label=label)


def _parsed(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:  # well-formed, but with a number that no float holds
        return None


def _object(value: object, path: str) -> dict[str, object]:
    if isinstance(value, dict):
        return value
    log.warning("onec.capabilities_ignored", extra={"fields": {"path": path}})
    return {}


def _names(declared: dict[str, object], key: str) -> frozenset[str]:
    value = declared.get(key, [])
    if isinstance(value, list):
        return frozenset(name for name in value if isinstance(name, str))
    log.warning("onec.capabilities_ignored", extra={"fields": {"path": key}})
    return _NOTHING
