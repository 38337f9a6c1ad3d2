"""What a profile says: where a configuration of 1C keeps what the contract's tools need."""

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final, Literal

import attrs

from onecgw.backends.odata.object_names import ROW_TYPES, bare_type

Table = Literal["Balance", "Turnovers", "Records"]
Hierarchy = Literal["none", "folders", "items"]

# What the contract's dimensions and filters refer to.
CATALOGUE_KINDS: Final = (
    "customer",
    "product",
    "warehouse",
    "firm",
    "seller",
    "cash",
    "cost_article",
    "operation",
    "currency",
)
# What a source can be grouped by or counted by, and the kind of catalogue behind each.
DIMENSIONS: Final[Mapping[str, str | None]] = {
    **{kind: kind for kind in CATALOGUE_KINDS},
    "supplier": "customer",
    "other_cash": "cash",
    "document": None,
}
FACTS: Final = (
    "amount",
    "qty",
    "net",
    "cost",
    "balance",
    "debt",
    "advance",
    "inflow",
    "outflow",
)


# Side of an entry → what the names of its columns of subconto begin with.
SUBCONTO: Final = {"own": "ExtDimension", "balanced": "BalancedExtDimension"}
OPTIONAL_FIELDS: Final = ("code", "parent", "created", "archived", "currency")
# What is counted rather than summed: the distinct values of a dimension, without returns.
COUNTS: Final = {"receipts": "document", "customers": "customer"}
# What is summed over returns alone, without their minus: the fact that is summed.
OF_RETURNS: Final = {"returned": "amount"}


@attrs.frozen(kw_only=True)
class ContactField:
    """Where a contact table keeps one kind of contact: rows with `kind`, the value in `take`."""

    kind: str
    take: str


@attrs.frozen(kw_only=True)
class Contacts:
    """A tabular part with telephones and addresses.

    kind_field: holds the kind of a contact. fields: for `phone` and `city`, as far as it has them.
    """

    table: str
    kind_field: str
    fields: Mapping[str, ContactField]


@attrs.frozen(kw_only=True)
class CatalogueSet:
    """An entity set whose objects have names.

    code, parent, created, archived, currency: fields; None where the catalogue has none.
    hierarchy: "folders" are marked by IsFolder; with "items" an entry with children is a group.
    only: field → values: which objects count.
    """

    entity_set: str
    name: str = "Description"
    code: str | None = "Code"
    parent: str | None = None
    hierarchy: Hierarchy = "none"
    created: str | None = None
    archived: str | None = None
    currency: str | None = None
    only: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    contacts: Contacts | None = None

    @property
    def optional(self) -> Mapping[str, str]:
        """The fields that it may lack, by what they mean."""
        named = {name: getattr(self, name) for name in OPTIONAL_FIELDS}
        return {name: field for name, field in named.items() if field}

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field that is read, but for the reference and the mark of deletion."""
        folder = ("IsFolder",) if self.hierarchy == "folders" else ()
        return (self.name, *self.optional.values(), *folder, *self.only)


@attrs.frozen(kw_only=True)
class Members:
    """An enumeration: OData gives the names of its members and no presentations."""

    enumeration: str
    names: tuple[str, ...]


@attrs.frozen(kw_only=True)
class KeySet:
    """Objects behind which dimensions hide: keys of analytics, headers of documents.

    gives: dimension → field and, where the field is of several types, the sets that count.
    dated: the field by which only those of the period are read; None reads all of them.
    """

    entity_set: str
    gives: Mapping[str, "DimensionField"]
    dated: str | None = None


@attrs.frozen(kw_only=True)
class DimensionField:
    """Where a source, or a key set, has a dimension.

    field: of the register, or of the set, without `_Key`. types: the sets that count; () is any.
    key: the key set through which the field leads to the dimension.
    side: of an accounting register: its own subconto or those of the corresponding account,
        found by their types; then `field` is "", or "Account" where no subconto fits.
    """

    field: str
    types: tuple[str, ...] = ()
    key: str | None = None
    side: Literal["own", "balanced"] | None = None


@attrs.frozen(kw_only=True)
class Term:
    """A resource that is added or, with sign -1, subtracted.

    when: field → values; other rows do not count. accounts: codes of accounts that count.
    """

    resource: str
    sign: int = 1
    when: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    accounts: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Predefined:
    """A predefined object of a catalogue, by the name that the configuration gives it."""

    entity_set: str
    name: str


@attrs.frozen(kw_only=True)
class RegisterSource:
    """A table of a register, in the contract's terms.

    dims: what it can be grouped by. first_of: a dimension that is the first of others with a value.
    facts: what it sums. where: field → the member of an enumeration, or the object, that it
        always must have.
    returns: field → patterns: rows of returns; they make no receipt and no buyer.
    excludes: field → patterns: rows that do not count, such as opening balances.
    transfers: field → patterns: rows of money carried between own desks.
    accounts, balanced_accounts: codes, of an accounting register. unbalanced_accounts: codes of
        corresponding accounts that are left out.
    max_days: the longest period that is read without a condition; None is any.
    notes: fact → what the reader of an answer with it must know; "" is for every answer.
    """

    name: str
    register: str
    table: Table
    dims: Mapping[str, DimensionField]
    first_of: Mapping[str, tuple[str, ...]]
    facts: Mapping[str, tuple[Term, ...]]
    where: Mapping[str, str | Predefined]
    returns: Mapping[str, tuple[str, ...]]
    excludes: Mapping[str, tuple[str, ...]]
    transfers: Mapping[str, tuple[str, ...]]
    accounts: tuple[str, ...]
    balanced_accounts: tuple[str, ...]
    unbalanced_accounts: tuple[str, ...]
    max_days: int | None
    notes: Mapping[str, str]

    @property
    def is_ledger(self) -> bool:
        """Whether it is a table of an accounting register."""
        return self.register.startswith("AccountingRegister_")

    @property
    def row_type(self) -> str:
        """The name of the type of its rows."""
        return f"{self.register}{ROW_TYPES[self.table]}"

    @property
    def all_accounts(self) -> tuple[str, ...]:
        """Its own accounts and those of its facts, each once."""
        of_facts = (
            code for terms in self.facts.values() for term in terms for code in term.accounts
        )
        return tuple(dict.fromkeys([*self.accounts, *of_facts]))

    def column(self, resource: str) -> str:
        """The field of the answer that holds a resource."""
        suffix = {"Balance": "Balance", "Turnovers": "Turnover", "Records": ""}[self.table]
        # An accounting register's table has several columns of a resource: profiles name them.
        return resource if self.is_ledger else f"{resource}{suffix}"

    def offers(self, fact: str) -> bool:
        """Whether the source sums or counts something."""
        if fact in COUNTS:
            return COUNTS[fact] in self.dims and bool(self.returns)
        if fact in OF_RETURNS:
            return OF_RETURNS[fact] in self.facts and bool(self.returns)
        return fact in self.facts

    def terms(self, facts: Iterable[str]) -> Mapping[str, tuple[Term, ...]]:
        """The terms of those of the facts that are summed."""
        summed = {fact: OF_RETURNS.get(fact, fact) for fact in facts}
        return {fact: self.facts[name] for fact, name in summed.items() if name in self.facts}

    def leaves(self, dimension: str) -> tuple[str, ...]:
        """The dimensions of `dims` that give a dimension; () where the source lacks it."""
        if dimension in self.first_of:
            return self.first_of[dimension]
        return (dimension,) if dimension in self.dims else ()


@attrs.frozen(kw_only=True)
class ToolProfile:
    """How a tool is answered.

    sources: in the order of preference; names that stand together are read side by side and
        united. A fact comes from the first that offers it with every dimension that is needed.
    lacks: `filters`, `group_by` or `measures` → name → the reason.
    last_purchase: the source of records in which a customer's last purchase is looked up.
    notes: for every answer of the tool.
    empty: the reason why a resolver never finds anything. unavailable: why the tool is not
        answered. "" is for the others.
    """

    sources: tuple[tuple[str, ...], ...] = ()
    lacks: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    last_purchase: str | None = None
    notes: tuple[str, ...] = ()
    empty: str = ""
    unavailable: str = ""


@attrs.frozen(kw_only=True)
class Profile:
    """A configuration of 1C.

    dumps, live: the versions against which the names were checked, and the bases that were run.
    fits, fits_accounts: the entity sets, and the codes in the chart of accounts, by which a base
        is known to be of this configuration.
    """

    name: str
    title: str
    dumps: tuple[str, ...]
    live: tuple[str, ...]
    fits: tuple[str, ...]
    fits_accounts: tuple[str, ...]
    catalogues: Mapping[str, tuple[CatalogueSet, ...]]
    members: Mapping[str, Members]
    keys: Mapping[str, tuple[KeySet, ...]]
    sources: Mapping[str, RegisterSource]
    tools: Mapping[str, ToolProfile]
    accounts_set: str | None = None

    @property
    def empty(self) -> Mapping[str, str]:
        """Kinds whose resolver never finds anything → the reason."""
        tools = self.tools.items()
        return {name.removeprefix("resolve_"): one.empty for name, one in tools if one.empty}

    @property
    def unavailable(self) -> Mapping[str, str]:
        """Tools that are not answered → the reason."""
        return {name: one.unavailable for name, one in self.tools.items() if one.unavailable}

    def entity_sets(self) -> tuple[str, ...]:
        """Every set that any tool of this profile reads, in the order of the profile."""
        return tuple(dict.fromkeys(self._entity_sets()))

    def _entity_sets(self) -> Iterator[str]:
        for source in self.sources.values():
            yield source.register
            for value in source.where.values():
                if isinstance(value, Predefined):
                    yield value.entity_set
        for keys in self.keys.values():
            yield from (one.entity_set for one in keys)
        for sets in self.catalogues.values():
            for one in sets:
                yield one.entity_set
                if one.contacts is not None:
                    yield one.contacts.table
        if self.accounts_set is not None:
            yield self.accounts_set

    def set_of(self, dimension: str) -> tuple[CatalogueSet, ...]:
        """The catalogues to which a dimension refers; () for documents and enumerations."""
        kind = DIMENSIONS.get(dimension)
        return self.catalogues.get(kind, ()) if kind else ()


def has_marks(row: Mapping[str, object], marks: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether a field of a row fits one of its patterns, in which `*` is any text."""
    return any(
        fnmatchcase(bare_type(str(row.get(field) or "")), pattern)
        for field, patterns in marks.items()
        for pattern in patterns
    )
