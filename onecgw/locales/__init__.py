"""Texts that a person reads, in every language of the gateway."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Final, Literal

Language = Literal["en", "uk", "ru"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "uk", "ru")
DEFAULT_LANGUAGE: Final[Language] = "en"


@cache
def load_texts(language: Language) -> Mapping[str, str]:
    """The texts of a language by their keys, as in `prompts.month_review.opening`."""
    # Pages and prompts; titles, notes and errors of tools.
    names = (f"{language}.yml", f"answers.{language}.yml")
    return {key: text for name in names for key, text in _flat(_read(name))}


@cache
def load_command_texts(language: Language) -> Mapping[str, str]:
    """The texts of commands in a language by their English, which stands in the code.

    Nothing for English itself.
    """
    if language == "en":
        return {}
    return {key: str(text) for key, text in _read(f"commands.{language}.yml").items()}


def accepted_language(tags: str) -> Language | None:
    """The language of ours that an Accept-Language header or a locale prefers; None: none of them.

    Args:
        tags: as in `uk-UA,ru;q=0.8,en;q=0.5` or `uk_UA` (RFC 9110, 12.5.4).
    """
    ranked: list[tuple[float, Language]] = []
    for item in tags.split(","):
        tag, _, weight = item.partition(";")
        name = tag.strip().lower().replace("_", "-").partition("-")[0]
        quality = _quality(weight)
        ranked += [(quality, language) for language in LANGUAGES if language == name and quality]
    return max(ranked, key=lambda one: one[0])[1] if ranked else None


def _quality(weight: str) -> float:
    """The weight of `;q=0.8`; 1 without one, 0 if it is not readable."""
    name, _, value = weight.strip().partition("=")
    if not name:
        return 1
    try:
        return float(value) if name.strip().lower() == "q" else 1
    except ValueError:
        return 0


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
