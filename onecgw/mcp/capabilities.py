"""What is advertised, derived from what is mounted."""

from onecgw.mcp.client_info import APPS
from onecgw.mcp.providers import Features, ServerInfo


def capabilities_of(features: Features, *, modern: bool) -> dict[str, object]:
    """The server's capabilities, as the protocol spells them.

    Changes of lists are told on listen streams only, and those are of the modern era.
    """
    changes: dict[str, object] = {"listChanged": True} if modern else {}
    found: dict[str, object] = {}
    if features.tools is not None:
        found["tools"] = changes
    if features.prompts is not None:
        found["prompts"] = changes
    if features.resources is not None:
        subscribe = {"subscribe": True} if features.resource_updates else {}
        found["resources"] = {**changes, **subscribe}
    if features.completions is not None:
        found["completions"] = {}
    if features.pages is not None:
        found["extensions"] = {APPS: {}}
    if features.logging:
        found["logging"] = {}
    return found


def implementation(info: ServerInfo) -> dict[str, object]:
    """The server's name and version, as the protocol spells them."""
    return {"name": info.name, "title": info.title, "version": info.version}
