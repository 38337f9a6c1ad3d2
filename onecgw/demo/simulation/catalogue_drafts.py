"""Catalogues in the making: entries are drawn first and numbered in the order of labels after."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import TypeVar
from uuid import UUID

import attrs

from onecgw.demo.simulation.catalogue_entries import Entry
from onecgw.demo.simulation.text_folding import fold

_EntryT = TypeVar("_EntryT", bound=Entry)


@attrs.frozen(kw_only=True)
class Draft:
    """An entry before the catalogue is numbered; `folder` is the label of its parent."""

    label: str
    facts: Mapping[str, object] = attrs.field(factory=dict)
    folder: str | None = None
    is_group: bool = False
    archived: bool = False


def number_entries(
    rng: Random, kind: type[_EntryT], prefix: str, drafts: Sequence[Draft]
) -> tuple[_EntryT, ...]:
    """Entries with ids in the order of their labels, and references that never change."""
    referenced = [
        (draft, str(UUID(int=rng.getrandbits(128), version=4)), f"{prefix}-{number:05}")
        for number, draft in enumerate(drafts, start=1)
    ]
    referenced.sort(key=lambda line: (fold(line[0].label), line[0].label, line[1]))
    folders = {
        draft.label: number
        for number, (draft, _, _) in enumerate(referenced, start=1)
        if draft.is_group
    }
    return tuple(
        kind(
            id=number,
            uuid=uuid,
            code=code,
            label=draft.label,
            parent=None if draft.folder is None else folders[draft.folder],
            is_group=draft.is_group,
            archived=draft.archived,
            **draft.facts,
        )
        for number, (draft, uuid, code) in enumerate(referenced, start=1)
    )


def named(entries: Sequence[_EntryT], label: str) -> _EntryT:
    """The first entry with a label."""
    return next(entry for entry in entries if entry.label == label)
