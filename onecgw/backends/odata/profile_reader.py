"""Reads a profile: YAML → Profile, `extends` resolved, every problem with file, line and path."""

from collections.abc import Iterable, Mapping
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Final, get_args

from onecgw.backends.odata.object_names import is_object_name
from onecgw.backends.odata.profile import (
    CATALOGUE_KINDS,
    DIMENSIONS,
    FACTS,
    CatalogueSet,
    ContactField,
    Contacts,
    DimensionField,
    Hierarchy,
    KeySet,
    Members,
    Predefined,
    Profile,
    RegisterSource,
    Table,
    Term,
    ToolProfile,
)
from onecgw.backends.odata.reports import REPORT_BY_TOOL, TOOLS
from onecgw.backends.odata.tree_reader import TreeReader, accepted_among
from onecgw.backends.odata.yaml_tree import Node, ProfileInvalid, merged, read_yaml
from onecgw.errors import ConfigError
from onecgw.locales import DEFAULT_LANGUAGE, load_texts
from onecgw.locales.text import say

SHIPPED: Final = ("ut", "unf", "bp", "bas_accounting")
_FOLDER: Final = Path(str(files("onecgw.backends.odata"))) / "profiles"
_TABLES: Final = (*get_args(Table),)
_CURRENCY: Final = {"regl": "Регл", "upr": "Упр"}
_TOP: Final = (
    "profile", "title", "checked", "fits", "catalogues", "enumerations", "keys", "sources",
    "tools", "accounts", "extends",
)  # fmt: skip


def load_profile(name: str, *, currency: str = "regl") -> Profile:
    """Load a profile.

    Args:
        name: one of SHIPPED, or the path of a YAML file.
        currency: what `{cur}` stands for in the names of resources: regl or upr.

    Raises:
        ProfileInvalid: every problem, each with file, line and path.
    """
    tree = _resolved(name, Path.cwd(), (), None)
    reader = _Reader(_CURRENCY[currency])
    profile = reader.profile(tree)
    if reader.problems:
        raise ProfileInvalid(*sorted(reader.problems, key=reader.problems.__getitem__))
    return profile


def load_profiles(name: str, *, currency: str) -> tuple[Profile, ...]:
    """The profiles that may fit: the one of a name or a path, or with `auto` all that are shipped.

    Raises:
        ProfileInvalid: as `load_profile`.
    """
    names = SHIPPED if name == "auto" else (name,)
    return tuple(load_profile(one, currency=currency) for one in names)


def _resolved(name: str, folder: Path, chain: tuple[Path, ...], place: Node | None) -> Node:
    """The tree of a profile on top of the one it extends."""
    path = _FOLDER / f"{name}.yml" if name in SHIPPED else (folder / name).resolve()
    here = place or Node(value=None, file=name, line=1, path="")
    if path in chain:
        names = " → ".join(one.name for one in (*chain[chain.index(path) :], path))
        raise ProfileInvalid(here.problem(f"extends itself: {names}"))
    if name not in SHIPPED and not path.is_file():
        message = f"no profile {name}; accepted: {', '.join(SHIPPED)}, or the path of a YAML file"
        if place is None:
            raise ConfigError(message)
        raise ProfileInvalid(place.problem(message))
    tree = read_yaml(path)
    below = tree.value.get("extends") if isinstance(tree.value, dict) else None
    if below is None:
        return tree
    if not isinstance(below.value, str):
        raise ProfileInvalid(below.problem("must be the name of one profile"))
    return merged(_resolved(below.value, path.parent, (*chain, path), below), tree)


class _Reader(TreeReader):
    """Reads a whole profile."""

    def __init__(self, currency: str) -> None:
        super().__init__()
        self._currency = currency
        # What sources and tools refer to.
        self._keys: Mapping[str, tuple[KeySet, ...]] = {}
        self._kinds: frozenset[str] = frozenset()
        self._sources: Mapping[str, RegisterSource] = {}

    def profile(self, root: Node) -> Profile:
        parts = self.mapping(root, _TOP)
        for needed in ("profile", "fits", "sources", "tools"):
            if needed not in parts and isinstance(root.value, dict):
                self.note(root, f"lacks {needed}")
        checked = self.mapping(parts.get("checked"), ("dumps", "live"))
        fits = self.mapping(parts.get("fits"), ("all", "accounts"))
        self._keys = self.each(parts.get("keys"), None, partial(self.several, read=self.key_set))
        catalogues = self.each(
            parts.get("catalogues"), CATALOGUE_KINDS, partial(self.several, read=self.catalogue)
        )
        members = self.each(parts.get("enumerations"), CATALOGUE_KINDS, self.members)
        self._kinds = frozenset({*catalogues, *members})
        self._sources = self.each(parts.get("sources"), None, self.source)
        return Profile(
            name=self.text(parts.get("profile")),
            title=self.text(parts.get("title")),
            dumps=self.texts(checked.get("dumps")),
            live=self.texts(checked.get("live")),
            fits=self.several(fits.get("all"), self.object_name),
            fits_accounts=self.texts(fits.get("accounts")),
            catalogues=catalogues,
            members=members,
            keys=self._keys,
            sources=self._sources,
            tools=self.each(parts.get("tools"), TOOLS, self.tool),
            accounts_set=self.object_name(parts["accounts"]) if "accounts" in parts else None,
        )

    def catalogue(self, node: Node) -> CatalogueSet:
        parts = self.mapping(
            node,
            ("set", "name", "code", "parent", "folders", "created", "archived", "currency",
             "only", "contacts"),
            needed=("set",),
        )  # fmt: skip
        folders = self.text(parts.get("folders")) or "none"
        hierarchy: Hierarchy = "none"
        if folders in ("IsFolder", "items"):
            hierarchy = "items" if folders == "items" else "folders"
        elif folders != "none":
            self.note(parts["folders"], f"is {folders}; accepted: IsFolder, items, none")
        return CatalogueSet(
            entity_set=self.object_name(parts.get("set")),
            name=self.field(parts.get("name")) or "Description",
            code=(self.field(parts["code"]) or None) if "code" in parts else None,
            parent=self.field(parts.get("parent"))
            or ("Parent_Key" if hierarchy != "none" else None),
            hierarchy=hierarchy,
            created=self.field(parts.get("created")) or None,
            archived=self.field(parts.get("archived")) or None,
            currency=self.field(parts.get("currency")) or None,
            only={name: self.texts(one) for name, one in self.pairs(parts.get("only"))},
            contacts=self.contacts(parts["contacts"]) if "contacts" in parts else None,
        )

    def contacts(self, node: Node) -> Contacts:
        parts = self.mapping(node, ("table", "kind", "phone", "city"), needed=("table", "kind"))

        fields = {name: one for name, one in parts.items() if name in ("phone", "city")}
        return Contacts(
            table=self.object_name(parts.get("table")),
            kind_field=self.field(parts.get("kind")),
            fields={name: self.contact_field(one) for name, one in fields.items()},
        )

    def contact_field(self, node: Node) -> ContactField:
        parts = self.mapping(node, ("is", "take"), needed=("is", "take"))
        return ContactField(kind=self.text(parts.get("is")), take=self.field(parts.get("take")))

    def members(self, node: Node) -> Members:
        parts = self.mapping(node, ("name", "members"), needed=("name", "members"))
        return Members(
            enumeration=self.field(parts.get("name")), names=self.texts(parts.get("members"))
        )

    def key_set(self, node: Node) -> KeySet:
        parts = self.mapping(node, ("set", "gives", "dated"), needed=("set", "gives"))
        return KeySet(
            entity_set=self.object_name(parts.get("set")),
            gives=self.each(parts.get("gives"), DIMENSIONS, self.field_of),
            dated=self.field(parts.get("dated")) or None,
        )

    def field_of(self, node: Node) -> DimensionField:
        name, _, types = self.text(node).partition(":")
        return DimensionField(field=self.field_named(node, name), types=self.types(node, types))

    def source(self, node: Node) -> RegisterSource:
        parts = self.mapping(
            node,
            ("table", "dims", "facts", "where", "returns", "excludes", "transfers", "accounts",
             "balanced_accounts", "unbalanced_accounts", "max_days", "notes"),
            needed=("table", "dims"),
        )  # fmt: skip
        register, _, table = self.text(parts.get("table")).partition("/")
        if "table" in parts and (not is_object_name(register) or table not in _TABLES):
            self.note(
                parts["table"],
                f"is {register}/{table}; accepted: AccumulationRegister_<name>/ or "
                f"AccountingRegister_<name>/ with one of {', '.join(_TABLES)}",
            )
        dims: dict[str, DimensionField] = {}
        first_of: dict[str, tuple[str, ...]] = {}
        named = self.mapping(parts.get("dims"), (*DIMENSIONS, "analytics"))
        for name, one in named.items():
            if isinstance(one.value, list):
                first_of[name] = self.known(one, named)
            else:
                dims[name] = self.dimension(one, name)
                kind = DIMENSIONS.get(name)
                if kind is not None and kind not in self._kinds:
                    self.note(one, f"refers to {kind}, which is not among the catalogues")
        days = self.text(parts.get("max_days"))
        if days and not days.isdecimal():
            self.note(parts["max_days"], f"is {days}; accepted: a whole number of days")
        notes = parts.get("notes")
        return RegisterSource(
            name=node.path.rpartition(".")[2],
            register=register,
            table=table if table in _TABLES else "Balance",  # type: ignore[arg-type] # refused above
            dims=dims,
            first_of=first_of,
            facts=self.each(parts.get("facts"), FACTS, self.terms),
            where={name: self.condition(one) for name, one in self.pairs(parts.get("where"))},
            returns={name: self.texts(one) for name, one in self.pairs(parts.get("returns"))},
            excludes={name: self.texts(one) for name, one in self.pairs(parts.get("excludes"))},
            transfers={name: self.texts(one) for name, one in self.pairs(parts.get("transfers"))},
            accounts=self.texts(parts.get("accounts")),
            balanced_accounts=self.texts(parts.get("balanced_accounts")),
            unbalanced_accounts=self.texts(parts.get("unbalanced_accounts")),
            max_days=int(days) if days.isdecimal() else None,
            notes={"": self.sentence(notes)}
            if notes is not None and isinstance(notes.value, str)
            else self.each(notes, FACTS, self.sentence),
        )

    def condition(self, node: Node) -> str | Predefined:
        if not isinstance(node.value, dict):
            return self.text(node)
        parts = self.mapping(node, ("set", "predefined"), needed=("set", "predefined"))
        return Predefined(
            entity_set=self.object_name(parts.get("set")), name=self.field(parts.get("predefined"))
        )

    def dimension(self, node: Node, name: str) -> DimensionField:
        place, _, key = self.text(node).partition(">")
        field, _, types = place.partition(":")
        if field in ("ext", "balanced"):
            types, _, instead = types.partition("|")
            if instead not in ("", "Account"):
                self.note(node, f"has {instead} after |; accepted: Account")
            return DimensionField(
                field=instead,
                types=self.types(node, types),
                side="own" if field == "ext" else "balanced",
            )
        if key:
            if key not in self._keys:
                self.note(node, f"refers to the key {key}; {accepted_among(key, self._keys)}")
            elif not any(name in one.gives for one in self._keys[key]):
                self.note(node, f"refers to the key {key}, which does not give {name}")
        return DimensionField(
            field=self.field_named(node, field), types=self.types(node, types), key=key or None
        )

    def terms(self, node: Node) -> tuple[Term, ...]:
        return tuple(term for one in self.listed(node) for term in self._sum(one))

    def _sum(self, node: Node) -> Iterable[Term]:
        if isinstance(node.value, str):
            yield self._term(node, {}, ())
            return
        parts = self.mapping(node, ("sum", "when", "accounts"), needed=("sum",))
        when = {name: self.texts(one) for name, one in self.pairs(parts.get("when"))}
        accounts = self.texts(parts.get("accounts"))
        for one in self.listed(parts["sum"]) if "sum" in parts else ():
            yield self._term(one, when, accounts)

    def _term(
        self, node: Node, when: Mapping[str, tuple[str, ...]], accounts: tuple[str, ...]
    ) -> Term:
        resource = self.text(node).replace("{cur}", self._currency)
        return Term(
            resource=self.field_named(node, resource.removeprefix("-")),
            sign=-1 if resource.startswith("-") else 1,
            when=when,
            accounts=accounts,
        )

    def tool(self, node: Node) -> ToolProfile:
        parts = self.mapping(
            node, ("sources", "lacks", "last_purchase", "notes", "empty", "unavailable")
        )
        last = parts.get("last_purchase")
        return ToolProfile(
            sources=self.several(parts.get("sources"), partial(self.known, names=self._sources)),
            lacks=self.lacks(parts["lacks"], node.path.rpartition(".")[2])
            if "lacks" in parts
            else {},
            last_purchase=self.known(last, self._sources)[0] if last is not None else None,
            notes=self.several(parts.get("notes"), self.sentence),
            empty=self.sentence(parts.get("empty")),
            unavailable=self.sentence(parts.get("unavailable")),
        )

    def lacks(self, node: Node, tool: str) -> Mapping[str, Mapping[str, str]]:
        report = REPORT_BY_TOOL.get(tool)
        if report is None:
            self.note(node, f"{tool} has nothing that could be lacking alone")
            return {}
        names = {
            "filters": [*(one.name for one in report.filters), *report.choices],
            "group_by": [*report.dimension],
            "measures": [*report.measure],
        }
        return {
            kind: self.each(one, names[kind], self.sentence)
            for kind, one in self.mapping(node, tuple(names)).items()
            if kind in names
        }

    def sentence(self, node: Node | None) -> str:
        """A text for people: that of a key of odata_profiles, or the profile's own words."""
        text = self.text(node)
        key = f"odata_profiles.{text}"
        return say(key) if key in load_texts(DEFAULT_LANGUAGE) else text
