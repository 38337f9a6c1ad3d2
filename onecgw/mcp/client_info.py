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


class _Capabilities(msgspec.Struct, gc=False):
    elicitation: msgspec.Raw = msgspec.Raw(b"")
    sampling: msgspec.Raw = msgspec.Raw(b"")
    roots: msgspec.Raw = msgspec.Raw(b"")
    extensions: msgspec.Raw = msgspec.Raw(b"")


class _AppsExtension(msgspec.Struct, gc=False):
    types: list[str] = msgspec.field(name="mimeTypes", default_factory=list)


class _Elicitation(msgspec.Struct, gc=False):
    form: msgspec.Raw = msgspec.Raw(b"")
    url: msgspec.Raw = msgspec.Raw(b"")


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
        read = msgspec.json.decode(raw, type=_Capabilities)
        form = msgspec.json.decode(read.elicitation or b"null", type=_Elicitation | None)
    except msgspec.DecodeError:
        return frozenset()
    found = {
        name
        for name, value in ((SAMPLING, read.sampling), (ROOTS, read.roots))
        if bytes(value)[:1] == b"{"
    }
    # An empty object means the form mode (2025-11-25 added the url mode beside it).
    if form is not None and (form.form or not form.url):
        found.add(ELICITATION)
    if _shows_pages(read.extensions):
        found.add(PAGES)
    return frozenset(found)


def _shows_pages(extensions: bytes) -> bool:
    try:
        read = msgspec.json.decode(extensions or b"{}", type=dict[str, msgspec.Raw])
        return PAGE_TYPE in msgspec.json.decode(read.get(APPS, b"{}"), type=_AppsExtension).types
    except msgspec.DecodeError:
        return False
