"""docs/reference/mcp.md names everything that the engine and production offer."""

from pathlib import Path

from onecgw.auth.signing import Signer
from onecgw.mcp import rpc_errors
from onecgw.mcp.handshake import LogLevels, handshake_methods
from onecgw.mcp.methods import shared_methods
from onecgw.mcp.stateless import stateless_methods
from onecgw.mcp.subscriptions import Subscriptions
from onecgw.mcp.validation import SUPPORTED_VERSIONS
from onecgw.mcp_content.prompt_templates import PROMPT_TEMPLATES
from onecgw.mcp_content.resources import REPORT, RESOURCES
from tests.builders.mcp_engine import KEY
from tests.conformance.fixtures import make_fixtures

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "mcp.md").read_text(encoding="utf-8")
NOT_OFFERED = {"logging/setLevel", "resources/subscribe", "resources/unsubscribe"}


def test_the_reference_names_every_revision() -> None:
    assert [version for version in SUPPORTED_VERSIONS if version not in PAGE] == []


def test_the_reference_names_every_method_that_production_offers() -> None:
    providers, signer, subscriptions = make_fixtures(Subscriptions()), Signer(KEY), Subscriptions()
    methods = {
        *shared_methods(providers, signer),
        *stateless_methods(providers, subscriptions),
        *handshake_methods(providers, signer, LogLevels()),
    }
    assert {method for method in methods if f"`{method}`" not in PAGE} == NOT_OFFERED


def test_the_reference_names_every_error() -> None:
    codes = [value for value in vars(rpc_errors).values() if isinstance(value, int)]
    assert [code for code in codes if f"| {code} |" not in PAGE] == []


def test_the_reference_names_every_prompt_and_document() -> None:
    names = (
        [template.name for template in PROMPT_TEMPLATES] + [REPORT] + [uri for uri, *_ in RESOURCES]
    )
    assert [name for name in names if f"`{name}`" not in PAGE] == []
