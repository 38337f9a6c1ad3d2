"""How much one call may ask of 1C, and how much of the answer its surface takes."""

from typing import Any, Literal

from onecgw.catalogue.declaration import Kind, Tool, closed_measures, fields_of
from onecgw.catalogue.parsing import to_onec
from onecgw.responses.shaping import Bounds
from onecgw.settings import LimitsSettings

Surface = Literal["mcp", "rest"]


def clamp(
    tool: Tool, request: object, limits: LimitsSettings
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The arguments for 1C with numbers above their limit lowered, and what was lowered."""
    arguments = to_onec(request)
    notices = []
    for field in fields_of(tool.request):
        if field.arg.maximum is None or field.name not in arguments:
            continue
        maximum: int = getattr(limits, field.arg.maximum)
        if arguments[field.name] > maximum:
            notices.append(f"{field.name} was {arguments[field.name]}, the limit is {maximum}.")
            arguments[field.name] = maximum
    return arguments, tuple(notices)


def bounds_of(
    tool: Tool,
    arguments: dict[str, Any],
    limits: LimitsSettings,
    *,
    surface: Surface,
    scopes: frozenset[str],
    notices: tuple[str, ...],
) -> Bounds:
    """What the answer is held to.

    Args:
        tool: what is asked.
        arguments: after clamp.
        limits: the settings.
        surface: where the answer goes; only MCP bounds its bytes.
        scopes: of the caller.
        notices: what is to be said whatever 1C answers.
    """
    is_mcp = surface == "mcp"
    if tool.kind is Kind.RESOLVER:
        rows = arguments.get("limit", limits.resolve_limit)
    else:
        rows = arguments.get("top", limits.default_rows if is_mcp else limits.max_rows)
    return Bounds(
        rows=rows,
        max_rows=limits.max_rows,
        max_bytes=limits.max_result_bytes if is_mcp else None,
        refuses_extra_rows=not is_mcp,
        closed=closed_measures(scopes),
        notices=notices,
    )
