"""A request class → JSON Schema, in the subset that every LLM client accepts.

The root is an object with `properties` and `required`; a leaf has one scalar type, description,
enum, bounds or format. There is no $ref, no null, no type array, no anyOf, oneOf, allOf or const,
and every array says what its items are. That unknown keys are refused is not published: Google's
bridge drops every tool with `additionalProperties: false`.
"""

import re
from datetime import date
from typing import Any, Final, Literal, get_args, get_origin

import attrs

from onecgw.catalogue.capabilities import Capabilities
from onecgw.catalogue.declaration import Arg, Field, fields_of
from onecgw.catalogue.kinds.composite import CompositeTool
from onecgw.catalogue.kinds.output_schema import JsonObject
from onecgw.catalogue.kinds.tool import Restrictions, Tool
from onecgw.locales import LANGUAGES
from onecgw.settings import LimitsSettings

# Of the texts in the answer: an argument of every tool, which 1C never gets. Its name says enough.
LANGUAGE: Final = "language"

_WORD = re.compile(r"[a-z_]+")


@attrs.frozen(kw_only=True)
class View:
    """What one group of callers may know of the catalogue.

    restrictions: the measures they must never see. hidden: tools they must not know of.
    """

    restrictions: Restrictions
    hidden: frozenset[str]
    limits: LimitsSettings
    capabilities: Capabilities


def input_schema(tool: Tool, view: View) -> JsonObject:
    """The schema of a tool's arguments, without what the caller or the 1C base does not have."""
    schema = _object(tool.request, tool, view, part="params")
    # Every tool accepts it; it is published where most of the texts are, because the listing has a
    # budget of tokens, and the instructions of the server name it.
    if isinstance(tool, CompositeTool):
        described: JsonObject = {"description": "Texts."}
        schema["properties"][LANGUAGE] = {"type": "string", "enum": list(LANGUAGES)} | described
    return schema


def about(tool: Tool, view: View) -> str:
    """The description of a tool, without remarks on what the caller may not know of."""
    # Only measures of this tool: elsewhere "at cost" names no measure.
    measures = tool.stock_value.union(*(field.arg.cost for field in fields_of(tool.request)))
    unseen = view.hidden | view.restrictions[tool.name] & measures
    remarks = (remark for remark in tool.remarks if unseen.isdisjoint(_WORD.findall(remark)))
    return " ".join((tool.about, *remarks))


def _object(request: type, tool: Tool, view: View, *, part: str) -> JsonObject:
    """The schema of an object; `part` is what the capabilities call its members."""
    absent = view.capabilities.lacks(tool.name, part)
    fields = [field for field in fields_of(request) if field.name not in absent]
    schema: JsonObject = {
        "type": "object",
        "properties": {field.name: _property(field, tool, view) for field in fields},
    }
    if required := [field.name for field in fields if field.is_required]:
        schema["required"] = required
    return schema


def _property(field: Field, tool: Tool, view: View) -> JsonObject:
    closed = view.restrictions[tool.name] & field.arg.cost
    absent = closed | view.capabilities.lacks(tool.name, field.name)
    described: JsonObject = {"description": _about(field.arg, view)}
    schema = _of_type(field.type, tool, view, part=field.name)
    leaf = schema.get("items", schema)
    if "enum" in leaf:
        leaf["enum"] = [member for member in leaf["enum"] if member not in absent]
    if field.arg.minimum is not None:
        schema["minimum"] = field.arg.minimum
    if field.arg.most is not None:
        schema |= {} if "items" in schema else {"maximum": field.arg.most}
    if field.arg.maximum is not None:
        schema["maximum"] = getattr(view.limits, field.arg.maximum)
    if field.arg.max_length is not None:
        shortest = {} if field.arg.may_be_empty else {"minLength": 1}
        schema |= shortest | {"maxLength": field.arg.max_length}
    return schema | described


def _about(arg: Arg, view: View) -> str:
    sentences = [arg.about]
    if arg.source is not None and arg.source not in view.hidden:
        sentences.insert(0, f"From {arg.source}.")
    if arg.default:
        sentences.append(f"Default: {', '.join(arg.default)}.")
    return " ".join(sentence for sentence in sentences if sentence)


def _of_type(hint: Any, tool: Tool, view: View, *, part: str) -> JsonObject:  # noqa: ANN401 - a type hint
    if attrs.has(hint):
        return _object(hint, tool, view, part=part)
    if get_origin(hint) is tuple:
        items = _of_type(get_args(hint)[0], tool, view, part=part)
        return {"type": "array", "items": items, "minItems": 1}
    if get_origin(hint) is Literal:
        return {"type": "string", "enum": list(get_args(hint))}
    if hint is date:
        return {"type": "string", "format": "date"}
    return {"type": {str: "string", int: "integer", bool: "boolean"}[hint]}
