"""The JSON Schema of config.yml, with which an editor completes and checks the file."""

from typing import Any, Final, Literal, get_args, get_origin

from onecgw.settings.declaration import DeclaredSetting, walk_schema
from onecgw.settings.messages import describe_accepted
from onecgw.settings.paths import FILE_SUFFIX
from onecgw.settings.schema import Settings

# yaml-language-server knows this draft best.
_DRAFT: Final = "http://json-schema.org/draft-07/schema#"


def render_json_schema() -> dict[str, Any]:
    """Return the schema. Formats of texts stand in descriptions: only the gateway checks them."""
    root: dict[str, Any] = {
        "$schema": _DRAFT,
        "title": "The settings of onecgw",
        **_section("All settings of the gateway."),
    }
    sections = {"": root}
    for node in walk_schema(Settings):
        above, _, name = node.key.rpartition(".")
        if isinstance(node, DeclaredSetting):
            properties = sections[above]["properties"]
            properties[name] = _setting(node)
            if node.is_secret:
                about = f"The file that holds {node.key}, instead of it."
                properties[name + FILE_SUFFIX] = {"description": about, "type": ["string", "null"]}
        else:
            sections[node.key] = _section(node.about)
            sections[above]["properties"][name] = sections[node.key]
    return root


def _section(about: str) -> dict[str, Any]:
    return {
        "description": about,
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {},
    }


def _setting(declared: DeclaredSetting) -> dict[str, Any]:
    setting = declared.setting
    described: dict[str, Any] = {
        "description": f"{setting.about} Accepted: {describe_accepted(declared)}.",
        **_type(declared),
    }
    if isinstance(declared.default, str | int | bool | tuple):
        described["default"] = declared.default
    return described


def _type(declared: DeclaredSetting) -> dict[str, Any]:
    """Return the type. An empty value means "not set", so null is accepted everywhere."""
    setting = declared.setting
    if get_origin(declared.kind) is Literal:
        return {"enum": [*get_args(declared.kind), None]}
    if declared.kind is bool:
        return {"type": ["boolean", "null"]}
    if declared.kind is int:
        least, greatest = setting.between
        return {"type": ["integer", "null"], "minimum": least, "maximum": greatest}
    if get_origin(declared.kind) is tuple:
        items = {"enum": list(setting.choices)} if setting.choices else {"type": "string"}
        return {"type": ["array", "null"], "items": items, "minItems": 1 if setting.choices else 0}
    # An unquoted password or login may be a number to YAML; the gateway reads it as a text.
    return {"type": ["string", "number", "boolean", "null"]}
