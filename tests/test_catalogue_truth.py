"""Holds the catalogue to the rows of tests/catalogue_truth.py."""

from typing import get_args

import pytest

from onecgw.catalogue.declaration import fields_of
from onecgw.catalogue.kinds.single_call import TableTool
from onecgw.catalogue.kinds.tool import Tool
from onecgw.catalogue.parsing import parse_arguments
from onecgw.catalogue.tools import ALL, BY_NAME
from tests.catalogue_truth import TRUTH


def test_every_tool_has_a_row_in_the_order_of_publication() -> None:
    missing = [tool.name for tool in ALL if tool.name not in TRUTH]

    assert not missing, f"tests/catalogue_truth.py has no row for {', '.join(missing)}"
    assert list(TRUTH) == list(BY_NAME)


@pytest.mark.parametrize("name", TRUTH)
def test_scopes_and_operation_are_those_of_the_row(name: str) -> None:
    tool, truth = BY_NAME[name], TRUTH[name]

    assert (tool.scopes, tool.operation) == (truth.scopes, truth.operation)


@pytest.mark.parametrize("name", TRUTH)
def test_the_row_has_every_argument_and_the_least_is_accepted(name: str) -> None:
    tool, truth = BY_NAME[name], TRUTH[name]
    parse_arguments(tool.request, truth.least)
    parse_arguments(tool.request, truth.everything)

    assert set(truth.least) >= {one.name for one in fields_of(tool.request) if one.is_required}
    spelled = {name for name in truth.everything if name != "top"}
    # A name stands for an id that is given; how many rows is a matter of the surface.
    stand_in = {tool.name_argument.name} if tool.name_argument else set()
    if "compare_with" in spelled:
        stand_in.add("compare")
    assert spelled == {one.name for one in fields_of(tool.request)} - stand_in - {"top"}


@pytest.mark.parametrize(
    "tool", [tool for tool in ALL if isinstance(tool, TableTool)], ids=lambda tool: tool.name
)
def test_the_row_of_a_table_has_every_dimension_measure_and_filter(tool: Tool) -> None:
    truth = TRUTH[tool.name]
    fields = {field.name: field for field in fields_of(tool.request)}

    for name in ("group_by", "measures"):
        declared = get_args(get_args(fields[name].type)[0])
        assert list(truth.everything[name]) == list(declared)
    declared_filters = [field.name for field in fields_of(fields["filters"].type)]
    assert list(truth.everything["filters"]) == declared_filters
    assert isinstance(tool, TableTool)
    # typing keeps one of two Literals that differ only in the order of their members.
    assert tool.additive == truth.additive
    assert set(get_args(fields["share"].type)) == set(truth.additive)
