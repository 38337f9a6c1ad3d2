"""Texts that a person reads, in every language of the gateway."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Final, Literal

Language = Literal["en", "uk", "ru"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "uk", "ru")
DEFAULT_LANGUAGE: Final[Language] = "en"
# Pages and prompts; titles, notes and errors of tools.
_FILES: Final = ("{}.yml", "answers_{}.yml")


@cache
def load_texts(language: Language) -> Mapping[str, str]:
    """The texts of a language by their keys, as in `prompts.month_review.opening`."""
    import yaml  # noqa: PLC0415 - commands that show no text start without it

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is ten times as fast
    found: dict[str, str] = {}
    for name in _FILES:
        source = files(__name__).joinpath(name.format(language)).read_text(encoding="utf-8")
        found |= _flat(yaml.load(source, loader))  # noqa: S506 - both loaders are the safe ones
    return found


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


def _flat(tree: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)
