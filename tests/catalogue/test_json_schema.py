from typing import Any

import attrs
import pytest
from jsonschema import Draft202012Validator

from onecgw.auth.caller import ALL_SCOPES, COST
from onecgw.catalogue.capabilities import Capabilities
from onecgw.catalogue.json_schema import View, input_schema
from onecgw.catalogue.kinds.resolver import ResolverTool
from onecgw.catalogue.kinds.tool import Tool
from onecgw.catalogue.tools import ALL, BY_NAME
from tests.builders.gateway_rig import view_of

OPEN = view_of(frozenset(ALL_SCOPES))
CLOSED = view_of(frozenset(ALL_SCOPES) - {COST})


def leaves_of(schema: dict[str, Any]) -> list[dict[str, Any]]:
    children = list(schema.get("properties", {}).values())
    children += [schema["items"]] if schema.get("items") else []
    return [schema] + [leaf for child in children for leaf in leaves_of(child)]


@pytest.mark.parametrize("tool", ALL, ids=lambda tool: tool.name)
def test_input_schemas_stay_in_the_subset_that_every_client_accepts(tool: Tool) -> None:
    schema = input_schema(tool, OPEN)
    Draft202012Validator.check_schema(schema)
    accepted = {
        "type", "properties", "required", "description", "enum",
        "minimum", "maximum", "minLength", "maxLength", "format", "items", "minItems",
    }  # fmt: skip

    for leaf in leaves_of(schema):
        assert set(leaf) <= accepted
        assert leaf["type"] in {"object", "array", "string", "integer", "boolean"}
        assert leaf["type"] != "array" or leaf["items"]


@pytest.mark.parametrize("tool", ALL, ids=lambda tool: tool.name)
def test_every_argument_is_explained(tool: Tool) -> None:
    schema = input_schema(tool, OPEN)
    described = [
        value for leaf in leaves_of(schema) for value in leaf.get("properties", {}).values()
    ]

    assert all(value["description"].endswith(".") for value in described)


def test_cost_measures_are_published_only_to_who_may_see_them() -> None:
    def measures(view: View) -> list[str]:
        schema = input_schema(BY_NAME["sales_report"], view)
        enum: list[str] = schema["properties"]["measures"]["items"]["enum"]
        return enum

    assert measures(OPEN) == [*measures(CLOSED), "cost", "profit", "margin"]


def test_what_a_base_lacks_is_not_published() -> None:
    capabilities = Capabilities(
        unsupported={
            "sales_report": {
                "filters": frozenset({"firm_ids"}),
                "group_by": frozenset({"seller", "cohort"}),
                "measures": frozenset({"receipts"}),
                "params": frozenset({"sort"}),
            }
        }
    )
    view = attrs.evolve(OPEN, capabilities=capabilities)

    properties = input_schema(BY_NAME["sales_report"], view)["properties"]

    assert "sort" not in properties
    assert "firm_ids" not in properties["filters"]["properties"]
    assert {"seller", "cohort"}.isdisjoint(properties["group_by"]["items"]["enum"])
    assert "receipts" not in properties["measures"]["items"]["enum"]


@pytest.mark.parametrize("tool", ALL, ids=lambda tool: tool.name)
def test_output_schemas_have_an_object_root_and_let_1c_add_members(tool: Tool) -> None:
    schema = tool.output_schema()
    Draft202012Validator.check_schema(schema)

    assert schema["type"] == "object"
    # Where members are declared it is said that there may be others: converters drop them else.
    declaring = [leaf for leaf in leaves_of(schema) if "properties" in leaf]
    assert all(leaf["additionalProperties"] is True for leaf in declaring)
    assert ("candidates" in schema["properties"]) == (isinstance(tool, ResolverTool))
