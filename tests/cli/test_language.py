"""Commands speak the person's language: every text is there, in each of them."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

from onecgw.cli import COMMANDS, main
from onecgw.cli import help as help_module
from onecgw.cli.banner import login_banner
from onecgw.cli.help import CLICK_WORDS
from onecgw.cli.language import choose_language, find_language
from onecgw.demo.books import Books
from onecgw.locales import LANGUAGES, Language, load_command_texts
from tests.builders.command_line import run

CLI = Path(help_module.__file__).parent
TRANSLATED = [language for language in LANGUAGES if language != "en"]


def all_commands() -> Iterator[click.Command]:
    todo: list[click.Command] = [
        getattr(import_module(f"onecgw.cli.{name}"), name) for name in COMMANDS
    ]
    yield main
    while todo:
        command = todo.pop()
        yield command
        todo += command.commands.values() if isinstance(command, click.Group) else ()


def texts_of_help(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """What the help looks up."""
    found: list[str] = []

    def look_up(text: str) -> str:
        found.append(text)
        return text

    monkeypatch.setattr(help_module, "translate", look_up)
    for command in all_commands():
        options = (getattr(parameter, "help", None) for parameter in command.params)
        for text in (command.help, command.epilog, *options):
            if text is not None:
                help_module.translate_help(text)
    return set(found)


def texts_of_code() -> set[str]:
    """The literals that the code says or translates, and the questions of `init`."""
    found = set()
    for path in CLI.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id in {"say", "translate"}:
                found |= {arg.value for arg in node.args if isinstance(arg, ast.Constant)}
            if node.func.id == "_Question":
                values = (word.value for word in node.keywords if word.arg == "text")
                found |= {value.value for value in values if isinstance(value, ast.Constant)}
    return {text for text in found if isinstance(text, str)}


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_of_a_command_is_translated_and_nothing_else_is(
    language: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = texts_of_help(monkeypatch) | texts_of_code() | set(CLICK_WORDS)

    assert needed ^ load_command_texts(language).keys() == set()


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_keeps_the_placeholders_and_what_is_typed(language: Language) -> None:
    def kept(text: str) -> list[str]:
        return sorted(re.findall(r"\{\w+\}|--[a-z-]+|`[^`]+`|mcp:[a-z:]+|[a-z_]+\.[a-z_]+", text))

    for english, text in load_command_texts(language).items():
        assert kept(text) == kept(english), english


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_english_sentence_is_left_in_a_help_text(language: Language) -> None:
    for command in ("", *COMMANDS):
        shown = run("--lang", language, *filter(None, [command]), "--help").output

        assert not re.search(r"Usage|Options|Commands|Examples|Show |\[default: |required", shown)


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "uk_UA.UTF-8"}, "uk"),
        ({"LANG": "ru"}, "ru"),
        ({"LANG": "de_DE"}, "en"),
        ({"LANG": "uk_UA.UTF-8", "LC_ALL": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "ru_RU.UTF-8", "LANGUAGE": "de:uk:en"}, "uk"),
        ({"LANG": "", "LC_MESSAGES": "RU-ru"}, "ru"),
    ],
)
def test_the_language_is_that_of_the_locale_as_gettext_finds_it(
    environment: dict[str, str], language: str
) -> None:
    assert find_language(environment) == language


def test_the_option_wins_over_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "uk")

    assert run("tools", "--help").output.startswith("Використання: ")
    assert run("--lang", "ru", "tools", "--help").output.startswith("Использование: ")
    assert run("--lang", "en", "tools", "--help").output.startswith("Usage: ")


def test_what_a_command_does_is_said_in_the_language_too(tmp_path: Path) -> None:
    file = tmp_path / "onecgw.yml"
    options = ("--base-url", "http://localhost/trade/hs", "--username", "gateway")

    done = run("--lang", "uk", "init", file, *options)

    assert done.exit_code == 0
    assert "Записано" in done.output
    assert "перевірити зв’язок із 1С, крок за кроком" in done.output


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_has_an_example(command: str) -> None:
    named = getattr(import_module(f"onecgw.cli.{command}"), command)
    ends = named.commands.values() if isinstance(named, click.Group) else [named]

    assert [end.name for end in ends if f"onecgw {command}" not in (end.epilog or "")] == []


def test_the_demo_speaks_the_language_and_its_commands_stay(small_books: Books) -> None:
    english = login_banner(small_books, "http://127.0.0.1:8088")
    choose_language("uk")
    try:
        ukrainian = login_banner(small_books, "http://127.0.0.1:8088")
    finally:
        choose_language(None)

    def typed(text: str) -> list[str]:
        return [line for line in text.splitlines() if re.match(r"  (curl|demo-|Cursor|VS)", line)]

    assert typed(ukrainian) == typed(english) != []
    assert "Запитайте:" in ukrainian
    assert "Ask:" not in ukrainian
