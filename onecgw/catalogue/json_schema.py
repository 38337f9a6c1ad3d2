"""A request class → JSON Schema, in the subset that every LLM client accepts.

The root is an object with `properties`, `required`, `additionalProperties: false`; a leaf has one
scalar type, description, enum, bounds or format. There is no $ref, no null, no type array, no
anyOf, oneOf, allOf or const, and every array says what its items are.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Literal, get_args, get_origin

import attrs

from onecgw.catalogue.declaration import Arg, Capabilities, Field, Kind, Tool, fields_of

JsonObject = dict[str, Any]

_WORD = re.compile(r"[a-z_]+")


@attrs.frozen(kw_only=True)
class View:
    """What one group of callers may know of the catalogue.

    closed: measures they must never see. hidden: tools they must not know of.
    maxima: the settings in `limits` by name.
    """

    closed: frozenset[str]
    hidden: frozenset[str]
    maxima: Mapping[str, int]
    capabilities: Capabilities


def input_schema(tool: Tool, view: View) -> JsonObject:
    """The schema of a tool's arguments, without what the caller or the 1C base does not have."""
    return _object(tool.request, tool, view)


def about(tool: Tool, view: View) -> str:
    """The description of a tool, without remarks on what the caller may not know of."""
    untold = view.hidden | view.closed
    remarks = (remark for remark in tool.remarks if untold.isdisjoint(_WORD.findall(remark)))
    return " ".join((tool.about, *remarks))


def _object(request: type, tool: Tool, view: View) -> JsonObject:
    is_filters = request is not tool.request
    absent = view.capabilities.lacks(tool.name, "filters" if is_filters else "params")
    fields = [field for field in fields_of(request) if field.name not in absent]
    schema: JsonObject = {
        "type": "object",
        "properties": {field.name: _property(field, tool, view) for field in fields},
        "additionalProperties": False,
    }
    if required := [field.name for field in fields if field.is_required]:
        schema["required"] = required
    return schema


def _property(field: Field, tool: Tool, view: View) -> JsonObject:
    absent = view.closed & field.arg.cost | view.capabilities.lacks(tool.name, field.name)
    described: JsonObject = {"description": _about(field.arg, view)}
    schema = _of_type(field.type, tool, view)
    leaf = schema.get("items", schema)
    if "enum" in leaf:
        leaf["enum"] = [member for member in leaf["enum"] if member not in absent]
    if field.arg.minimum is not None:
        schema["minimum"] = field.arg.minimum
    if field.arg.maximum is not None:
        schema["maximum"] = view.maxima[field.arg.maximum]
    if field.arg.max_length is not None:
        schema |= {"minLength": 1, "maxLength": field.arg.max_length}
    return schema | described


def _about(arg: Arg, view: View) -> str:
    sentences = [arg.about]
    if arg.source is not None and arg.source not in view.hidden:
        sentences.insert(0, f"From {arg.source}.")
    if arg.default:
        sentences.append(f"Default: {', '.join(arg.default)}.")
    return " ".join(sentence for sentence in sentences if sentence)


def _of_type(hint: Any, tool: Tool, view: View) -> JsonObject:  # noqa: ANN401 - a type hint
    if attrs.has(hint):
        return _object(hint, tool, view)
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _of_type(get_args(hint)[0], tool, view), "minItems": 1}
    if get_origin(hint) is Literal:
        return {"type": "string", "enum": list(get_args(hint))}
    if hint is date:
        return {"type": "string", "format": "date"}
    return {"type": {str: "string", int: "integer", bool: "boolean"}[hint]}


_CANDIDATES: JsonObject = {
    "candidates": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"id": {"type": "string"}, "label": {"type": "string"}},
            "required": ["id", "label"],
        },
    }
}
_TABLE: JsonObject = {
    "columns": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "type": {"type": "string"}},
        },
    },
    # A cell is a number, a string, null or a reference, and types may not be listed here; saying
    # nothing at all is what strict clients object to.
    "rows": {
        "type": "array",
        "items": {"type": "array", "items": {"properties": {"id": {"type": "string"}}}},
    },
    "totals": {"type": "object"},
}
_ADDED: JsonObject = {
    "rows_returned": {"type": "integer"},
    "truncated": {"type": "boolean"},
    "notice": {"type": "string", "description": "What was cut, and how to narrow."},
}


def output_schema(tool: Tool) -> JsonObject:
    """The shape of a tool's answer: what is always there; 1C may add more."""
    match tool.kind:
        case Kind.RESOLVER:
            properties, required = _CANDIDATES, ["candidates"]
        case Kind.TABLE:
            properties, required = _TABLE | _ADDED, ["columns", "rows", "rows_returned"]
        case Kind.PASSED:
            properties, required = _ADDED, []
        case Kind.COMPOSITE if tool.composition is not None:
            properties = dict(tool.composition.output)
            required = list(properties)
    schema: JsonObject = {"type": "object", "properties": properties}
    return schema | {"required": required} if required else schema
