"""Texts that a person reads, one file per language."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Final, Literal

import yaml

Language = Literal["en", "uk", "ru"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "uk", "ru")
# libyaml's, where PyYAML was built with it: a tenth of the time, at each start.
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def load_texts(language: Language) -> Mapping[str, str]:
    """The texts of a language by their keys, as in `prompts.month_review.opening`."""
    source = files(__name__).joinpath(f"{language}.yml").read_text(encoding="utf-8")
    return dict(_flat(yaml.load(source, _LOADER)))  # noqa: S506 - a safe loader


def _flat(tree: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)
