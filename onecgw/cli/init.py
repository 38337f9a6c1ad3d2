"""`onecgw init`: write a first settings file, and its secrets apart."""

import json
import secrets
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

import attrs
import click

from onecgw.cli.first_settings import SCHEMA_NAME, FirstSettings
from onecgw.cli.language import say, translate
from onecgw.cli.options import EXIT_FAILED, examples
from onecgw.settings.declaration import InvalidValue, Rule
from onecgw.settings.json_schema import render_json_schema
from onecgw.settings.paths import base_folder
from onecgw.settings.rules import BASE_URL, PUBLIC_URL, USER_NAME
from onecgw.storage.private_file import write_private_file

DEFAULT_FILE: Final = Path("config/config.local.yml")


@attrs.frozen(kw_only=True)
class _Question:
    """What is asked, or given by an option.

    optional: an empty answer is accepted, and means that there is none.
    """

    option: str
    rule: Rule
    text: str
    optional: bool = False

    def parse(self, text: str) -> str:
        """Return the normal form of an answer.

        Raises:
            click.UsageError: it is not accepted.
        """
        if self.optional and not text.strip():
            return ""
        try:
            normal = self.rule.normal(text.strip())
        except InvalidValue as error:
            raise click.BadParameter(str(error), param_hint=self.option) from error
        if normal is None:
            message = f"{self.rule.accepts} is expected"
            raise click.BadParameter(message, param_hint=self.option)
        return normal


_BASE_URL = _Question(
    option="--base-url", rule=BASE_URL, text="URL of 1C's HTTP service, up to and with /hs"
)
_USERNAME = _Question(option="--username", rule=USER_NAME, text="1C user of the gateway")
_PUBLIC_URL = _Question(
    option="--public-url",
    rule=PUBLIC_URL,
    text="https origin for clients (empty: only this computer, with a token)",
    optional=True,
)


@click.command(
    epilog=examples(
        "onecgw init",
        "onecgw init --base-url http://localhost/trade/hs --username gateway --password-stdin",
    )
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), default=DEFAULT_FILE)
@click.option("--base-url", help="What stands before /mcp/... in the URL of 1C's HTTP service.")
@click.option("--username", help="The login of the 1C user under which the gateway calls 1C.")
@click.option("--password-stdin", is_flag=True, help="Read that user's password from stdin.")
@click.option("--public-url", help="The https origin for clients, where people log in.")
@click.option("--force", is_flag=True, help="Replace files that exist.")
def init(
    file: Path,
    *,
    base_url: str | None,
    username: str | None,
    password_stdin: bool,
    public_url: str | None,
    force: bool,
) -> None:
    """Write a settings FILE, with its secrets in files of their own, and say what to run next.

    On a terminal it asks for what is not given. FILE is config/config.local.yml if it is not
    given; every command finds that one.
    """
    asks = sys.stdin.isatty() and not password_stdin
    answer = partial(_answer, asks=asks)
    url, login = answer(_BASE_URL, base_url), answer(_USERNAME, username)
    password = _read_password(asks=asks, from_stdin=password_stdin)
    origin = answer(_PUBLIC_URL, public_url)
    folder = file.absolute().parent
    base = base_folder(file)
    contents = {folder / SCHEMA_NAME: json.dumps(render_json_schema(), indent=2) + "\n"}
    password_path, token_path = folder / f"{file.stem}.password", folder / f"{file.stem}.token"
    if password:
        contents[password_path] = password + "\n"
    if not origin:
        contents[token_path] = secrets.token_urlsafe() + "\n"
    first = FirstSettings(
        base_url=url,
        username=login,
        public_url=origin,
        password_file=password_path.relative_to(base).as_posix() if password else None,
        token_file=None if origin else token_path.relative_to(base).as_posix(),
    )
    contents[file.absolute()] = first.render()
    _write(contents, force=force)
    for path in contents:
        say("Wrote {path}", path=path)
    _print_next_steps(file, first)


def _answer(question: _Question, given: str | None, *, asks: bool) -> str:
    if given is not None:
        return question.parse(given)
    if asks:
        default = "" if question.optional else None
        answer: str = click.prompt(
            translate(question.text), default=default, show_default=False, value_proc=question.parse
        )
        return answer
    if question.optional:
        return ""
    raise click.UsageError(f"{question.option} is missing; {question.rule.accepts} is expected")


def _read_password(*, asks: bool, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not asks:
        return ""
    answer: str = click.prompt(
        translate("Its password"), hide_input=True, default="", show_default=False
    )
    return answer


def _write(contents: Mapping[Path, str], *, force: bool) -> None:
    """Write files that only their owner may read; none if one of them exists."""
    if not force and (existing := [str(path) for path in contents if path.exists()]):
        message = f"{', '.join(existing)}: exists already; nothing was written. --force replaces it"
        raise click.ClickException(message)
    try:
        for path, text in contents.items():
            path.unlink(missing_ok=True)
            write_private_file(path, text.encode("utf-8"))
    except OSError as error:
        click.echo(f"onecgw init: {error.filename}: {error.strerror}", err=True)
        sys.exit(EXIT_FAILED)


def _print_next_steps(file: Path, first: FirstSettings) -> None:
    option = "" if file == DEFAULT_FILE else f' --config "{file}"'
    steps = {
        f"onecgw check --offline{option}": translate("the settings alone"),
        f"onecgw check{option}": translate("the connection to 1C, step by step"),
        f"onecgw serve{option}": translate("the gateway"),
        f"onecgw connect claude-code{option}": translate("what to paste into a client"),
    }
    if first.public_url:
        command = f"onecgw keys add{option} --name … --scopes …"
        steps[command] = translate("with oauth.keys: local, a key for a person")
    click.echo()
    say("Next:")
    width = max(map(len, steps))
    for command, purpose in steps.items():
        click.echo(f"  {command.ljust(width)}  {purpose}")
