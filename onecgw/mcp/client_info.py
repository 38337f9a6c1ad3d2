"""What a client says of itself: its name, and what it can be asked for."""

from typing import Final

import attrs
import msgspec

from onecgw.mcp import jsonrpc

MAX_NAME_CHARACTERS: Final = 80

ELICITATION: Final = "elicitation"
SAMPLING: Final = "sampling"
ROOTS: Final = "roots"
PAGES: Final = "pages"  # the extension MCP Apps, with pages of HTML

APPS: Final = "io.modelcontextprotocol/ui"
PAGE_TYPE: Final = "text/html;profile=mcp-app"  # MCP Apps 2026-01-26, "UI Resource Format"


@attrs.frozen(kw_only=True)
class Client:
    """The program on the other side, by its own account (never to be trusted).

    capabilities: of ELICITATION (by form), SAMPLING, ROOTS, PAGES.
    """

    name: str = ""
    version: str = ""
    capabilities: frozenset[str] = frozenset()


NOBODY: Final = Client()


class _Info(msgspec.Struct, gc=False):
    name: str = ""
    version: str = ""


class _Capabilities(msgspec.Struct, gc=False):
    elicitation: msgspec.Raw = msgspec.Raw(b"")
    sampling: msgspec.Raw = msgspec.Raw(b"")
    roots: msgspec.Raw = msgspec.Raw(b"")
    extensions: msgspec.Raw = msgspec.Raw(b"")


class _Apps(msgspec.Struct, gc=False):
    types: list[str] = msgspec.field(name="mimeTypes", default_factory=list)


class _Elicitation(msgspec.Struct, gc=False):
    form: msgspec.Raw = msgspec.Raw(b"")
    url: msgspec.Raw = msgspec.Raw(b"")


def read_client(info: bytes, capabilities: bytes) -> Client:
    """A client from its clientInfo and capabilities; what cannot be read counts as not said."""
    try:
        said = msgspec.json.decode(info or b"{}", type=_Info)
    except msgspec.DecodeError:
        said = _Info()
    return Client(
        name=said.name[:MAX_NAME_CHARACTERS],
        version=said.version[:MAX_NAME_CHARACTERS],
        capabilities=_read_capabilities(capabilities),
    )


def _read_capabilities(raw: bytes) -> frozenset[str]:
    if raw in {b"", b"{}"}:
        return frozenset()
    try:
        said = msgspec.json.decode(raw, type=_Capabilities)
        form = msgspec.json.decode(said.elicitation or b"null", type=_Elicitation | None)
    except msgspec.DecodeError:
        return frozenset()
    found = {
        name
        for name, value in ((SAMPLING, said.sampling), (ROOTS, said.roots))
        if jsonrpc.is_object(value)
    }
    # An empty object means the form mode (2025-11-25 added the url mode beside it).
    if form is not None and (form.form or not form.url):
        found.add(ELICITATION)
    if _shows_pages(said.extensions):
        found.add(PAGES)
    return frozenset(found)


def _shows_pages(extensions: bytes) -> bool:
    try:
        said = msgspec.json.decode(extensions or b"{}", type=dict[str, msgspec.Raw])
        return PAGE_TYPE in msgspec.json.decode(said.get(APPS, b"{}"), type=_Apps).types
    except msgspec.DecodeError:
        return False
