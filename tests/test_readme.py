"""Every claim of the README is proved by a test, which is named here."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from onecgw.catalogue.tools import ALL

ROOT: Final = Path(__file__).parents[1]
README: Final = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())

# What the README says, as it stands there → the module, and the test in it, that fails if it is not
# so; no test: all of the module.
CLAIMS: Final = {
    "the gateway finds the customer": (
        "gateway/test_name_resolution.py",
        "test_the_one_customer_that_fits_is_meant",
    ),
    "runs the reports in 1C under that person's rights": (
        "web/test_oauth_flow.py",
        "test_a_call_runs_under_what_the_person_ticked",
    ),
    "figures that an accountant would sign": (
        "analysis/test_tools_by_documents.py",
        "",
    ),
    "in both of its eras": (
        "web/test_mcp_sdk.py",
        "test_everything_is_listed_and_called",
    ),
    "the handshake revisions from 2024-11-05 on": (
        "clients/test_clients.py",
        "",
    ),
    "the same tools over REST": (
        "web/test_rest.py",
        "test_every_tool_has_its_route",
    ),
    "every number arrives digit for digit as 1C sent it": (
        "web/test_digits.py",
        "test_no_number_whatsoever_changes_on_its_way",
    ),
    "a report that was cut says so": (
        "responses/test_shaping.py",
        "test_one_row_more_than_wanted_shows_that_there_are_more",
    ),
    "a caller sees only the figures that their scopes open": (
        "test_refusals.py",
        "test_a_measure_of_costs_needs_its_scope",
    ),
    "a limited number of concurrent calls": (
        "backends/test_queue.py",
        "test_no_more_than_the_places_are_taken_and_the_queue_keeps_its_order",
    ),
    "a deadline for every call": (
        "gateway/test_service.py",
        "test_a_call_that_outlasts_its_deadline_ends_as_a_timeout",
    ),
    "a call is cancelled when its client leaves": (
        "web/test_mcp_cancellation.py",
        "test_a_client_that_disconnects_ends_the_call_in_1c",
    ),
    "the page where a person ticks what a program may see": (
        "web/test_oauth_browser.py",
        "test_a_person_pastes_the_key_unticks_a_line_and_allows",
    ),
    "the page that draws the cash conversion cycle": (
        "mcp_content/test_pages_in_chromium.py",
        "",
    ),
    "what the gateway computes from many requests to 1C": (
        "analysis/cycle/test_calls.py",
        "",
    ),
    "`onecgw tools` lists them": (
        "test_readme.py",
        "test_the_tools_that_the_readme_names_are_those_of_the_catalogue",
    ),
    "builds the books of an invented company": (
        "demo/test_books.py",
        "test_same_seed_size_and_date_write_the_same_books",
    ),
    "starts a small 1C service that answers from them": (
        "demo/test_http_service.py",
        "",
    ),
    "`curl` commands": (
        "cli/test_cli.py",
        "test_the_demo_prints_commands_that_work_as_they_stand",
    ),
    "where you paste a key": (
        "cli/test_cli.py",
        "test_the_demo_lets_people_log_in_with_the_keys_it_prints",
    ),
    "a question to ask": (
        "demo/test_questions.py",
        "test_the_first_question_has_the_answer_of_the_scenario",
    ),
    "`onecgw demo --no-oauth` uses a static token": (
        "cli/test_cli.py",
        "test_the_demo_prints_commands_that_work_as_they_stand",
    ),
    "`onecgw demo --stdio` serves a client that starts it": (
        "app/test_serve_demo.py",
        "test_the_demo_serves_a_client_that_starts_it_on_stdio",
    ),
    "`onecgw` is a command of this shell now": (
        "newcomer/__main__.py",
        "",
    ),
    "says what it must serve": (
        "test_docs_commands.py",
        "",
    ),
    "writes `config/config.local.yml`, its secrets apart": (
        "cli/test_init.py",
        "test_its_secrets_stand_apart_and_only_their_owner_reads_any_file",
    ),
    "has every setting": (
        "test_rendered.py",
        "",
    ),
    "tests the connection to 1C step by step and says what to change": (
        "diagnostics/test_onec_check.py",
        "test_health_that_fails_says_what_to_change_and_ends_the_check",
    ),
    "then calls one tool": (
        "cli/test_call.py",
        "test_a_report_is_a_table_with_the_digits_of_its_json",
    ),
    "logs in as a client would and names the step that fails": (
        "oauth/test_check_oauth.py",
        "test_the_step_that_fails_is_named_with_what_to_do",
    ),
    "prints what to paste": (
        "cli/test_connect.py",
        "test_every_client_gets_the_real_url_and_no_secret",
    ),
    "lists every page": (
        "test_docs.py",
        "test_every_page_can_be_reached_from_the_readme",
    ),
    "checks that imports point from upper to lower layers only": (
        "test_layers.py",
        "",
    ),
}
_NAMED_TOOLS: Final = {
    "sales": "sales_report",
    "best sellers": "top_products",
    "the customer card": "customer_summary",
    "stock": "stock_balance",
    "availability": "availability_report",
    "cash": "cash_balance",
    "cash flow": "cash_flow",
    "receivables": "receivables_balance",
    "payables": "payables_balance",
    "purchases": "purchases_report",
    "the cash conversion cycle": "cash_conversion_cycle",
    "the age of debts": "debt_aging",
    "stock cover": "stock_cover",
    "why the margin changed": "margin_bridge",
}


@cache
def names_in(module: str) -> frozenset[str]:
    tree = ast.parse((ROOT / "tests" / module).read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, functions))


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claim_stands_in_the_readme_and_its_test_exists(claim: str) -> None:
    module, test = CLAIMS[claim]

    assert claim in README
    assert not test or test in names_in(module)


def test_every_bullet_and_step_of_the_readme_is_a_claim() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    items = re.findall(
        r"^(?:- \*\*|\d\. )(.*?)(?=^(?:- |\d\. )|^$)", text, re.MULTILINE | re.DOTALL
    )

    unproved = [
        item for item in items if not any(claim in " ".join(item.split()) for claim in CLAIMS)
    ]
    assert len(items) >= 8
    assert unproved == []


def test_the_tools_that_the_readme_names_are_those_of_the_catalogue() -> None:
    (listed,) = re.findall(r"tools: (.*?)\. `onecgw tools`", README)

    assert [words for words in _NAMED_TOOLS if words not in listed] == []
    assert set(_NAMED_TOOLS.values()) <= {tool.name for tool in ALL}


@pytest.mark.parametrize("language", ["uk", "ru"])
def test_the_short_readmes_name_the_same_commands(language: str) -> None:
    """What is typed is the same in every language; what is said about it is shorter."""

    def typed(text: str) -> set[str]:
        commands = re.findall(r"onecgw [a-z]+(?: --[a-z-]+)?", text)
        return {command for command in commands if command != "onecgw demo is"}

    english = (ROOT / "README.md").read_text(encoding="utf-8")
    translated = (ROOT / f"README.{language}.md").read_text(encoding="utf-8")
    starts = re.findall(r"^(?:python3 -m venv|py -m venv).*", english, re.MULTILINE)

    assert [line for line in starts[:2] if line not in translated] == []
    assert typed(translated) >= {f"onecgw {name}" for name in ("demo", "init", "check", "serve")}
