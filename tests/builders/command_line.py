"""Runs a command in this process, as an operator would."""

from pathlib import Path
from typing import Final

from click.testing import CliRunner, Result

from onecgw.cli import main
from tests.builders.demo_server import LOGIN, PASSWORD

STATIC: Final = "oauth: {enabled: false}\nmcp: {bearer_token: abcdefghijklmnop}\n"


def run(*arguments: object, stdin: str = "") -> Result:
    """What the command `onecgw` did with these arguments."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin)


def write_settings(folder: Path, base_url: str, more: str = STATIC) -> Path:
    """A settings file in a folder, for a 1C at an address."""
    path = folder / "onecgw.yml"
    onec = f"onec: {{base_url: '{base_url}', auth: {{username: {LOGIN}, password: {PASSWORD}}}}}\n"
    path.write_text(onec + more, encoding="utf-8")
    return path
