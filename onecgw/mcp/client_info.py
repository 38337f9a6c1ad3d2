"""How a client describes itself: its name, and the capabilities that it declares."""

from typing import Final

import attrs
import msgspec

MAX_NAME_CHARACTERS: Final = 80

ELICITATION: Final = "elicitation"
SAMPLING: Final = "sampling"
ROOTS: Final = "roots"
PAGES: Final = "pages"  # the extension MCP Apps, with pages of HTML

APPS: Final = "io.modelcontextprotocol/ui"
PAGE_TYPE: Final = "text/html;profile=mcp-app"  # MCP Apps 2026-01-26, "UI Resource Format"


@attrs.frozen(kw_only=True)
class ClientInfo:
    """The client program as it describes itself; never to be trusted.

    capabilities: of ELICITATION (by form), SAMPLING, ROOTS, PAGES.
    """

    name: str = ""
    version: str = ""
    capabilities: frozenset[str] = frozenset()


UNKNOWN_CLIENT: Final = ClientInfo()


class _Implementation(msgspec.Struct, gc=False):
    name: str = ""
    version: str = ""


def read_client(info: bytes, capabilities: bytes) -> ClientInfo:
    """Read clientInfo and capabilities; members of the wrong type count as absent."""
    try:
        read = msgspec.json.decode(info or b"{}", type=_Implementation)
    except msgspec.DecodeError:
        read = _Implementation()
    return ClientInfo(
        name=read.name[:MAX_NAME_CHARACTERS],
        version=read.version[:MAX_NAME_CHARACTERS],
        capabilities=_read_capabilities(capabilities),
    )


def _read_capabilities(raw: bytes) -> frozenset[str]:
    if raw in {b"", b"{}"}:
        return frozenset()
    try:
        declared: object = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return frozenset()
    found = {name for name in (SAMPLING, ROOTS) if isinstance(_member(declared, name), dict)}
    form = _member(declared, ELICITATION)
    # An empty object means the form mode (2025-11-25 added the url mode beside it).
    if isinstance(form, dict) and ("form" in form or "url" not in form):
        found.add(ELICITATION)
    types = _member(_member(_member(declared, "extensions"), APPS), "mimeTypes")
    if isinstance(types, list) and PAGE_TYPE in types:
        found.add(PAGES)
    return frozenset(found)


def _member(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None
