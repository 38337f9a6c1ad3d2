"""The language of a command's texts: chosen by `--lang` or by the locale.

The English texts stand in the code, and are the keys of the others in
`onecgw/locales/commands.<language>.yml`, as in gettext. So no text stands twice in English, and a
text that was changed is missed in the other languages by a test.
"""

import os
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Final

import click

from onecgw.locales import DEFAULT_LANGUAGE, Language, accepted_language, load_command_texts

_chosen: ContextVar[Language | None] = ContextVar("language", default=None)
# In the order of gettext: the first that is set counts.
_VARIABLES: Final = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
# Of a Windows LANGID, the ten low bits are the language.
_PRIMARY_LANGUAGE: Final = 0x3FF
_WINDOWS_LANGUAGES: Final[Mapping[int, Language]] = {0x19: "ru", 0x22: "uk"}


def choose_language(language: Language | None) -> None:
    """Set the language of this process; None: that of the locale."""
    _chosen.set(language)


def current_language() -> Language:
    """The language of texts: the chosen one, else that of the locale, else English."""
    return _chosen.get() or find_language(os.environ)


def find_language(environment: Mapping[str, str]) -> Language:
    """The language of the locale; English if it is not one of ours.

    On Windows without any of the variables, it is that of the user's interface.
    """
    named = next((value for name in _VARIABLES if (value := environment.get(name))), None)
    if named is None:
        return _windows_language()
    # LANGUAGE is a list as in `uk_UA.UTF-8:ru`.
    return accepted_language(named.replace(":", ",").replace(".", "-")) or DEFAULT_LANGUAGE


def _windows_language() -> Language:
    import ctypes  # noqa: PLC0415 - only Windows needs it

    windll: Any = getattr(ctypes, "windll", None)
    if windll is None:
        return "en"
    language_id: int = windll.kernel32.GetUserDefaultUILanguage()
    return _WINDOWS_LANGUAGES.get(language_id & _PRIMARY_LANGUAGE, "en")


def translate(text: str) -> str:
    """Return a text of a command in the current language; English if it has none."""
    language = current_language()
    return text if language == "en" else load_command_texts(language).get(text, text)


def say(text: str, /, *, err: bool = False, **values: object) -> None:
    """Print a text of a command in the current language.

    Args:
        text: in English, with `{names}` of values.
        err: to stderr.
        values: what stands in the text.
    """
    click.echo(translate(text).format(**values), err=err)
