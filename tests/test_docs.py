import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from onecgw.cli import COMMANDS, main
from onecgw.locales import Language, load_texts
from onecgw.settings.load import load_settings

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("README*.md"), *(ROOT / "docs").rglob("*.md")])
MODULE = re.compile(r"`(onecgw/[\w/.]*)`")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = [
        target
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if not target.startswith(("http://", "https://", "mailto:"))
    ]

    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    todo = [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in reached or page.suffix != ".md" or not page.exists():
            continue
        reached.add(page)
        todo += [
            (page.parent / target).resolve()
            for target in LINK.findall(page.read_text(encoding="utf-8"))
            if "://" not in target
        ]

    assert [str(page.relative_to(ROOT)) for page in PAGES if page not in reached] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_module_that_a_page_names_exists(page: Path) -> None:
    named = MODULE.findall(page.read_text(encoding="utf-8"))

    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_package_has_a_row_in_where_a_change_belongs() -> None:
    page = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    table = page.split("## Where a change belongs")[1].split("\n## ")[0]
    named = {Path(path) for path in MODULE.findall(table)}
    packages = {path.parent.relative_to(ROOT) for path in (ROOT / "onecgw").rglob("__init__.py")}
    packages.remove(Path("onecgw"))

    # A row names the package, a module of it, or a package that holds it.
    unnamed = {
        str(package)
        for package in packages
        if package not in named | {path.parent for path in named}
        and named.isdisjoint(package.parents)
    }
    assert unnamed == set()


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_the_top_level_holds_nothing_but_what_it_should() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"],  # noqa: S607 - a clone is made with git
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if tracked.returncode != 0:
        pytest.skip("this is no git clone")
    tops = {line.split("/")[0] for line in tracked.stdout.splitlines()}

    assert {top for top in tops if not top.startswith(".")} == {
        "LICENSE",
        "README.md",
        "README.ru.md",
        "README.uk.md",
        "config",
        "docs",
        "onecgw",
        "pyproject.toml",
        "tests",
    }


def test_the_settings_of_a_stock_1c_are_accepted(tmp_path: Path) -> None:
    for page in sorted((ROOT / "docs" / "how-to").glob("stock-1c*.md")):
        (block,) = re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
        config = tmp_path / "config.yml"
        config.write_text(block, encoding="utf-8")

        settings = load_settings(config, {})

        assert (settings.onec.backend, settings.onec.report_deadline_ms) == ("odata", 180_000)


@pytest.mark.parametrize("language", ["uk", "ru"])
def test_pages_in_other_languages_quote_the_pages_of_a_login_and_give_real_commands(
    language: Language,
) -> None:
    """Words in «…» are those that the person sees; commands have the options that they use."""
    texts = load_texts(language).values()
    connect = (ROOT / "docs" / "how-to" / f"connect.{language}.md").read_text(encoding="utf-8")
    runs = (ROOT / "docs" / "how-to" / f"run-for-good.{language}.md").read_text(encoding="utf-8")
    quoted = re.findall(r"«([^»]+)»", connect)
    commands = {
        command: set(re.findall(r"--[a-z-]+", rest))
        for command, rest in re.findall(
            r"onecgw(?:\.exe)? ([a-z]+(?: (?:add|list|revoke))?)([^\n`]*)", runs
        )
        if command.split()[0] in COMMANDS
    }

    assert [word for word in quoted if not any(word in text for text in texts)] == []
    assert {"init", "check", "keys add", "keys revoke", "backup", "restore"} <= commands.keys()
    for command, options in commands.items():
        shown = CliRunner().invoke(main, [*command.split(), "--help"]).output
        assert [option for option in options if option not in shown] == [], command


@pytest.mark.parametrize("page", ["connect", "run-for-good", "stock-1c"])
def test_a_page_has_the_same_headings_and_code_in_both_other_languages(page: str) -> None:
    def outline(language: str) -> tuple[list[int], list[str]]:
        text = (ROOT / "docs" / "how-to" / f"{page}.{language}.md").read_text(encoding="utf-8")
        levels = [len(marks) for marks in re.findall(r"^(#+) ", text, re.MULTILINE)]
        return levels, re.findall(r"`([A-Za-z][\w.]*(?:: [^`]+)?)`", text)

    assert outline("uk") == outline("ru")
