"""`onecgw call` against the demo 1C on a socket."""

import json
from pathlib import Path

import pytest
import trio
from click.testing import Result

from onecgw.cli.answer_table import print_answer
from onecgw.demo.books import Books
from onecgw.demo.fault_plan import parse_faults
from tests.builders.command_line import STATIC, run, write_settings
from tests.builders.demo_server import demo_on_socket

SALES = '{"period":{"from":"2026-09-01","to":"2026-09-30"},"group_by":["sales_channel"]}'

pytestmark = pytest.mark.usefixtures("log_is_given_back")


async def call(config: Path, *arguments: str, stdin: str = "") -> Result:
    """The command in a thread, because it runs an event loop of its own."""
    return await trio.to_thread.run_sync(
        lambda: run("call", "--config", config, *arguments, stdin=stdin)
    )


async def test_a_report_is_a_table_with_the_digits_of_its_json(
    tmp_path: Path, small_books: Books
) -> None:
    async with demo_on_socket(small_books) as base_url:
        config = write_settings(tmp_path, base_url)
        shown = await call(config, "sales_report", SALES)
        raw = await call(config, "sales_report", "--json", "-", stdin=SALES)
    answer = json.loads(raw.stdout, parse_float=str, parse_int=str)
    lines = shown.stdout.splitlines()

    assert (shown.exit_code, raw.exit_code) == (0, 0)
    assert lines[0].split() == ["SALES_CHANNEL", "AMOUNT", "QTY"]
    assert [line.split() for line in lines[1 : len(answer["rows"]) + 1]] == [
        [row[0]["label"], *row[1:]] for row in answer["rows"]
    ]
    assert ["TOTAL", *answer["totals"].values()] in [line.split() for line in lines]
    assert shown.stderr == ""


async def test_a_call_is_audited_and_has_the_scopes_of_mcp(
    tmp_path: Path, small_books: Books
) -> None:
    limited = STATIC.replace("{bearer", "{scopes: ['mcp:resolve'], bearer")
    async with demo_on_socket(small_books) as base_url:
        config = write_settings(tmp_path, base_url, limited)
        found = await call(config, "resolve_customer", '{"query": "мрія"}')
        refused = await call(config, "sales_report", SALES)
    (first, second) = [
        json.loads(line) for line in run("audit", "--json", "--config", config).stdout.splitlines()
    ]

    assert found.exit_code == 0, found.output
    assert found.stdout.splitlines()[0].split()[:3] == ["ID", "LABEL", "ARCHIVED"]
    assert refused.exit_code == 3
    assert refused.stderr == (
        "onecgw call sales_report: insufficient_scope: sales_report needs the scope"
        " mcp:report:sales\n"
    )
    assert (first["sub"], first["tool"], first["code"]) == ("cli", "resolve_customer", "ok")
    assert (second["tool"], second["code"]) == ("sales_report", "insufficient_scope")


async def test_exit_codes_distinguish_a_wrong_call_from_a_1c_that_fails(
    tmp_path: Path, small_books: Books
) -> None:
    async with demo_on_socket(small_books, parse_faults("unauthorized")) as base_url:
        config = write_settings(tmp_path, base_url)
        rejected = await call(config, "resolve_cash", '{"query": "каса"}', "--json")
        wrong = await call(config, "resolve_cash", '{"qery": "каса"}')
        unknown = await call(config, "everything")
        no_json = await call(config, "resolve_cash", "каса")
        no_file = await call(config, "resolve_cash", "@missing.json")

    assert rejected.exit_code == 1
    assert json.loads(rejected.stdout)["error"] == "onec_auth"
    assert wrong.exit_code == unknown.exit_code == no_json.exit_code == 3
    assert "did you mean query?" in wrong.stderr
    assert "`onecgw tools` lists them" in unknown.stderr
    assert no_file.exit_code == 2
    assert "missing.json cannot be read" in no_file.stderr


def test_an_answer_without_rows_is_indented_json(capsys: pytest.CaptureFixture[str]) -> None:
    print_answer(b'{"summary":{"dio":77.20,"big":12345678901234567890.10}}')

    assert capsys.readouterr().out == (
        '{\n  "summary": {\n    "dio": 77.20,\n    "big": 12345678901234567890.10\n  }\n}\n'
    )


def test_texts_of_an_answer_cannot_control_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_answer(b'{"candidates":[{"id":"1","label":"\\u001b[2J"}],"notice":"a\\nb\\u001b"}')

    assert "\x1b" not in capsys.readouterr().out
