"""The help of commands in the current language."""

import copy
import inspect
import re
from collections.abc import Iterable
from typing import Final, TypeVar

import click

from onecgw.cli.language import current_language, translate

# click's own words, which its help puts beside ours.
CLICK_WORDS: Final = (
    *("Usage:", "Options", "Commands", "default", "required"),
    *("Show this message and exit.", "Show the version and exit."),
)
_EXTRAS: Final = re.compile(r"(?<=[\[ ])(default(?=: )|required(?=\]))")


class HelpFormatter(click.HelpFormatter):
    """Writes click's own words in the current language, too."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the usage line."""
        super().write_usage(prog, args, translate("Usage:") + " " if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        """Write the heading of a section."""
        super().write_heading(translate(heading))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write options or commands in two columns."""
        translated = [
            (name, _EXTRAS.sub(lambda found: translate(found[1]), translate(text)))
            for name, text in rows
        ]
        super().write_dl(translated, col_max, col_spacing)


class HelpContext(click.Context):
    """The context of every command of ours."""

    formatter_class = HelpFormatter


CommandT = TypeVar("CommandT", bound=click.Command)


def localize(command: CommandT) -> CommandT:
    """Return a copy of a command, and of those in it, with its help in the current language."""
    if current_language() == "en":
        return command
    localized = copy.copy(command)
    localized.context_class = HelpContext
    localized.help = None if command.help is None else translate_help(command.help)
    localized.epilog = None if command.epilog is None else translate_help(command.epilog)
    localized.params = [_localize_parameter(parameter) for parameter in command.params]
    if isinstance(command, click.Group) and isinstance(localized, click.Group):
        localized.commands = {name: localize(one) for name, one in command.commands.items()}
    return localized


def translate_help(text: str) -> str:
    """Return a help text, translated paragraph by paragraph; commands in it stay as they are."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(_translate_paragraph(paragraph) for paragraph in paragraphs)


def _translate_paragraph(paragraph: str) -> str:
    if not paragraph.startswith("\b"):
        return translate(" ".join(paragraph.split()))
    mark, head, *lines = paragraph.split("\n")
    return "\n".join((mark, translate(head), *lines))


def _localize_parameter(parameter: click.Parameter) -> click.Parameter:
    localized = copy.copy(parameter)
    if isinstance(localized, click.Option) and localized.help is not None:
        localized.help = translate_help(localized.help)
    return localized
