import json
import re

import msgspec
import pytest

from onecgw.auth.caller import ALL_SCOPES, COST, MONEY, RESOLVE, SALES, STOCK
from onecgw.catalogue.capabilities import Capabilities
from onecgw.catalogue.kinds.tool import Tool
from onecgw.catalogue.listing import Catalogue
from onecgw.catalogue.tools import ALL, BY_NAME, TOOLSETS, left_out_by
from onecgw.errors import NotFound, Unsupported
from onecgw.settings import LimitsSettings, McpSettings
from tests.catalogue_truth import TRUTH

EVERYTHING = frozenset(ALL_SCOPES)

# Measured with the o200k tokenizer on this listing: a token is 4.1 characters or more.
CHARACTERS_PER_TOKEN = 4.1


def make_catalogue() -> Catalogue:
    return Catalogue(ALL, LimitsSettings())


def names(scopes: set[str]) -> list[str]:
    return [tool.name for tool in make_catalogue().visible(frozenset(scopes))]


def test_a_tool_is_not_listed_without_its_scope() -> None:
    for held in (set(), {COST}, {STOCK}, {RESOLVE, SALES}, {MONEY}):
        assert names(held) == [name for name, truth in TRUTH.items() if truth.scopes <= held]
    assert names(set(ALL_SCOPES)) == list(BY_NAME)


@pytest.mark.parametrize("tool", ALL, ids=lambda tool: tool.name)
def test_what_is_published_of_a_tool_suits_every_client(tool: Tool) -> None:
    described = make_catalogue().describe(tool, EVERYTHING)

    assert re.fullmatch(r"[a-z0-9_]{1,40}", described["name"])
    assert described["title"]
    assert described["description"].endswith(".")
    assert described["annotations"] == {
        "readOnlyHint": True,
        "destructiveHint": False,
        "idempotentHint": True,
        "openWorldHint": False,
    }
    security = [{"type": "oauth2", "scopes": sorted(tool.scopes)}]
    assert described["securitySchemes"] == security
    assert "securitySchemes" not in described.get("_meta", {})


@pytest.mark.parametrize("dropped", [set(), *({scope} for scope in ALL_SCOPES)])
def test_descriptions_do_not_mention_what_the_caller_may_not_see(dropped: set[str]) -> None:
    scopes = EVERYTHING - dropped
    listing = make_catalogue().listing(scopes).decode()
    words = set(re.findall(r"[a-z_]+", listing))

    assert words.isdisjoint(set(BY_NAME) - set(names(set(scopes))))
    assert ('"profit"' in listing) == ("cost excludes" in listing) == ({COST, SALES} <= scopes)


def test_a_description_names_only_tools_and_arguments_that_exist() -> None:
    listing = json.loads(make_catalogue().listing(EVERYTHING))
    arguments = set(re.findall(r'"([a-z_]+)":', json.dumps(listing)))
    members = set(re.findall(r'"([a-z_]+)"', json.dumps(listing)))
    for tool in listing:
        named = set(re.findall(r"\b[a-z]+_[a-z_]+\b", tool["description"]))
        assert named <= arguments | members | set(BY_NAME)


def test_the_listing_is_within_the_budget_of_what_a_model_reads() -> None:
    listing = msgspec.json.decode(make_catalogue().listing(EVERYTHING))
    read_by_models = [
        {name: tool[name] for name in ("name", "description", "inputSchema")} for tool in listing
    ]
    outputs = [tool["outputSchema"] for tool in listing]

    assert len(msgspec.json.encode(read_by_models).decode()) <= 8000 * CHARACTERS_PER_TOKEN
    assert len(msgspec.json.encode(outputs).decode()) <= 4000 * CHARACTERS_PER_TOKEN


def test_the_listing_is_rendered_once_per_set_of_scopes_and_again_when_the_base_changes() -> None:
    catalogue = make_catalogue()
    before = catalogue.listing(EVERYTHING)
    assert catalogue.listing(EVERYTHING) is before

    catalogue.capabilities = Capabilities(unavailable_tools=frozenset({"cash_flow"}))

    after = [tool["name"] for tool in msgspec.json.decode(catalogue.listing(EVERYTHING))]
    assert after == [name for name in BY_NAME if name not in ("cash_flow", "company")]


def test_a_tool_that_the_base_lacks_is_refused_in_clear_words() -> None:
    catalogue = make_catalogue()
    catalogue.capabilities = Capabilities(
        unavailable_tools=frozenset({"cash_flow"}), always_empty=frozenset({"sales_channel"})
    )

    for name in ("cash_flow", "resolve_sales_channel"):
        with pytest.raises(Unsupported, match=rf"the 1C base .* does not support {name}"):
            catalogue.require(catalogue.find(name))
    catalogue.require(catalogue.find("sales_report"))
    with pytest.raises(NotFound, match="there is no such tool"):
        catalogue.find("drop_tables")


def test_every_tool_is_in_exactly_one_toolset() -> None:
    named = [tool.name for tools in TOOLSETS.values() for tool in tools]

    assert sorted(named) == sorted(BY_NAME)
    assert tuple(TOOLSETS) == McpSettings().toolsets


@pytest.mark.parametrize("chosen", [*TOOLSETS])
def test_a_toolset_leaves_the_others_out_and_unnamed(chosen: str) -> None:
    catalogue = Catalogue(ALL, LimitsSettings(), left_out=left_out_by([chosen]))
    kept = {tool.name for tool in TOOLSETS[chosen]}
    listing = catalogue.listing(EVERYTHING).decode()

    assert {tool["name"] for tool in json.loads(listing)} == kept
    assert set(re.findall(r"[a-z_]+", listing)).isdisjoint(set(BY_NAME) - kept - {"company"})
    assert {tool.name for tool in catalogue.callable(EVERYTHING)} == set(BY_NAME)
