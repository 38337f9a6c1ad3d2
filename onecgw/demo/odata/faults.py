"""The faults that only the OData interface has, written down like those of the HTTP service."""

from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from onecgw.demo.fault_plan import FAULTS, BadFault, FaultPlan, parse_faults

_IIS_QUERY_BYTES: Final = 2_048
_IIS_SEGMENT_SIGNS: Final = 260
_COLD_START: Final = "11s"
_SHARED: Final = (*FAULTS, "rate", "times")

# What each fault does; several objects or fields are joined by "|".
ODATA_FAULTS: Final[Mapping[str, str]] = {
    "rls": "401 with code 20: the user may read a part of an object; rls=Catalog_Партнеры",
    "unpublished": "404 with code 8: an object is not in the composition; "
    "unpublished=AccumulationRegister_ТоварыНаСкладах",
    "no_field": "400 with code 6: the configuration lacks a field, everywhere or in one object; "
    "no_field=Catalog_Номенклатура.Артикул",
    "long_url": "404.15 of IIS: the query string is too long; long_url=2048",
    "long_segment": "400 of http.sys: a segment of the path is too long; long_segment=260",
    "atom": "answers in Atom, whatever was asked for",
    "xml_errors": "errors are XML, whatever was asked for",
    "blocked_page": "500: HTML that says that the infobase is blocked",
    "slow_first_call": "the first call takes longer; slow_first_call=11s",
}


@attrs.frozen(kw_only=True)
class ODataFaults:
    """What goes wrong in the OData interface.

    http: faults that it shares with the HTTP service; None is none.
    query_bytes, segment_signs: the limits of the web server; None is none.
    first_call_seconds: how much later the first call is answered.
    """

    http: FaultPlan | None = None
    rls: frozenset[str] = frozenset()
    unpublished: frozenset[str] = frozenset()
    missing_fields: frozenset[str] = frozenset()
    query_bytes: int | None = None
    segment_signs: int | None = None
    is_atom: bool = False
    has_xml_errors: bool = False
    is_blocked: bool = False
    first_call_seconds: float = 0.0


def parse_odata_faults(text: str) -> ODataFaults:
    """Parse a plan: `rls=Catalog_Партнеры,latency=2s`.

    `rate` and `times` apply to the faults of the HTTP service; those of the OData interface always
    happen.

    Raises:
        BadFault: a name is unknown, or a value is not what it should be.
    """
    own: dict[str, str] = {}
    for name, value in _parts(text):
        if name in ODATA_FAULTS:
            own[name] = value
        elif name not in _SHARED:
            known = ", ".join([*ODATA_FAULTS, *_SHARED])
            raise BadFault(f"unknown fault {name!r}; known: {known}")
    shared = shared_faults(text)
    for name in ("atom", "xml_errors", "blocked_page"):
        if own.get(name):
            raise BadFault(f"{own[name]!r}: the fault {name} has no value")
    return ODataFaults(
        http=parse_faults(shared) if shared else None,
        rls=_names(own, "rls"),
        unpublished=_names(own, "unpublished"),
        missing_fields=_names(own, "no_field"),
        query_bytes=_limit(own, "long_url", _IIS_QUERY_BYTES),
        segment_signs=_limit(own, "long_segment", _IIS_SEGMENT_SIGNS),
        is_atom="atom" in own,
        has_xml_errors="xml_errors" in own,
        is_blocked="blocked_page" in own,
        first_call_seconds=_seconds(own.get("slow_first_call")),
    )


def shared_faults(text: str) -> str:
    """Return what of a plan belongs to the HTTP service, too."""
    return ",".join(
        f"{name}={value}" if value else name for name, value in _parts(text) if name in _SHARED
    )


def _parts(text: str) -> Iterator[tuple[str, str]]:
    for part in filter(None, (one.strip() for one in text.split(","))):
        name, _, value = part.partition("=")
        yield name, value


def _names(own: Mapping[str, str], name: str) -> frozenset[str]:
    found = frozenset(filter(None, own.get(name, "").split("|")))
    if name in own and not found:
        raise BadFault(f"{name} needs names; write {ODATA_FAULTS[name].rpartition('; ')[2]}")
    return found


def _limit(own: Mapping[str, str], name: str, default: int) -> int | None:
    if name not in own:
        return None
    value = own[name] or str(default)
    if not value.isascii() or not value.isdecimal() or int(value) < 1:
        raise BadFault(f"{name} is {value!r}; write a whole number from 1")
    return int(value)


def _seconds(value: str | None) -> float:
    if value is None:
        return 0.0
    return parse_faults(f"latency={value or _COLD_START}").faults["latency"]
