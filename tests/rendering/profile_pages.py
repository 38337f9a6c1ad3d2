"""Render docs/reference/profiles from the profiles of the OData backend."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from onecgw.backends.odata.plan import objects_to_publish
from onecgw.backends.odata.profile import Profile
from onecgw.backends.odata.profile_reader import SHIPPED, load_profile
from onecgw.backends.odata.reports import NOT_ANSWERED
from onecgw.catalogue.tools import ALL
from onecgw.locales.text import say
from tests.rendering.files import ROOT

FOLDER: Final = ROOT / "docs" / "reference" / "profiles"


def render_profile_pages() -> dict[Path, str]:
    """Return the page of each profile, by its path."""
    return {FOLDER / f"{name}.md": "".join(_lines(name, load_profile(name))) for name in SHIPPED}


def _lines(name: str, profile: Profile) -> Iterator[str]:
    checked = ", ".join(profile.dumps)
    live = ", ".join(profile.live) or "nobody yet"
    yield f"""\
# Profile {name}: {profile.title}

<!-- Rendered from onecgw/backends/odata/profiles/{name}.yml by `python -m tests.render`. -->

- `onec.odata.profile: {name}`; `auto` finds it by what the base publishes.
- The names of its objects and fields were compared with the configurations {checked}.
- Run against a live base by: **{live}**. If you did, please open an issue with the output of
  `onecgw check --json` (it holds names of objects and times, no data) and the version of the
  configuration; say which figures you compared with 1C's own reports.

How to publish them: [a stock 1C without code](../../how-to/stock-1c.md).

## Objects to publish

`onecgw odata plan --profile {name}` prints this list; with `--bsl`, code that sets it.

| object in 1C's form | in OData |
|---|---|
"""
    for one in objects_to_publish(profile):
        yield f"| {one.words.partition('»')[0].removeprefix('«')} | `{one.name}` |\n"
    yield "\n## Tools\n\n| tool | what it lacks in this configuration | what its figures mean |\n"
    yield "|---|---|---|\n"
    for tool in ALL:
        lacks = "; ".join(dict.fromkeys(_lacks(profile, tool.needs)))
        yield f"| `{tool.name}` | {lacks} | {'; '.join(_notes(profile, tool.name))} |\n"


def _lacks(profile: Profile, tools: tuple[str, ...]) -> Iterator[str]:
    for tool in tools:
        unanswered = {name: say(key) for name, key in NOT_ANSWERED.items()}
        reason = {**unanswered, **profile.unavailable}.get(tool) or profile.empty.get(
            tool.removeprefix("resolve_")
        )
        if reason:
            yield f"**not answered**: {reason}"
        whole = profile.tools.get(tool)
        by_reason: dict[str, list[str]] = {}
        for kind, names in (whole.lacks if whole and tool == tools[0] else {}).items():
            for one, why in names.items():
                by_reason.setdefault(why, []).append(f"`{one}`" + _KINDS[kind])
        for why, found in by_reason.items():
            yield f"{', '.join(found)}: {why}"


_KINDS: Final = {"filters": "", "group_by": " (group)", "measures": " (measure)"}


def _notes(profile: Profile, tool: str) -> Iterator[str]:
    whole = profile.tools.get(tool)
    if whole is None:
        return
    yield from whole.notes
    for names in whole.sources:
        for name in names:
            source = profile.sources[name]
            yield from source.notes.values()
            if source.max_days is not None:
                days = source.max_days
                yield f"receipts and avg_check of at most {days} days, or of named customers"
