"""Texts that a person reads, one file per language."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Final, Literal

Language = Literal["en", "uk", "ru"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "uk", "ru")


@cache
def load_texts(language: Language) -> Mapping[str, str]:
    """The texts of a language by their keys, as in `prompts.month_review.opening`."""
    return dict(_flat(_read(f"{language}.yml")))


@cache
def load_command_texts(language: Language) -> Mapping[str, str]:
    """The texts of commands in a language by their English, which stands in the code.

    Nothing for English itself.
    """
    if language == "en":
        return {}
    return {key: str(text) for key, text in _read(f"commands.{language}.yml").items()}


def _read(name: str) -> dict[str, object]:
    import yaml  # noqa: PLC0415 - commands in English need no texts, and so no yaml

    # libyaml's, where PyYAML was built with it: a tenth of the time, at each start.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    source = files(__name__).joinpath(name).read_text(encoding="utf-8")
    tree: dict[str, object] = yaml.load(source, loader)  # noqa: S506 - a safe loader
    return tree


def _flat(tree: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)
