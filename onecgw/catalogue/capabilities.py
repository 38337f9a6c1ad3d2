"""What the 1C base behind the gateway does not support."""

from collections.abc import Mapping

import attrs

from onecgw.locales.text import join_texts


@attrs.frozen(kw_only=True)
class Capabilities:
    """What the 1C base behind the gateway does not support (contract, section 8).

    unsupported: tool → `filters`, `group_by`, `measures` or `params` → names.
    same_for_all: the base answers every account of the same scopes alike, so that an answer kept
        for one may be given to another.
    always_empty: kinds of object whose resolver never finds anything, as in `sales_channel`.
    base_currency: the currency of the books; "" = the base does not say.
    reasons: (tool, kind, name) → why it is not supported; kind and name are "" for a whole tool.
    """

    profile: str = ""
    unavailable_tools: frozenset[str] = frozenset()
    unsupported: Mapping[str, Mapping[str, frozenset[str]]] = attrs.field(factory=dict)
    always_empty: frozenset[str] = frozenset()
    same_for_all: bool = False
    base_currency: str = ""
    reasons: Mapping[tuple[str, str, str], str] = attrs.field(factory=dict)

    def lacks(self, tool: str, kind: str) -> frozenset[str]:
        """The names of one kind that a tool of this base does not support."""
        return self.unsupported.get(tool, {}).get(kind, frozenset())

    def why(self, *lacking: tuple[str, str, str]) -> str:
        """The reasons of what is lacking, as `: one; another`, to follow a refusal; "" if none."""
        found = dict.fromkeys(self.reasons[one] for one in lacking if one in self.reasons)
        return join_texts("", (": ", join_texts("; ", found))) if found else ""
