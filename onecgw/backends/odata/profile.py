"""What a profile says: where a configuration of 1C keeps what the contract's tools need."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final, Literal

import attrs

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
    """A tabular part with telephones and addresses. kind_field: what tells them apart."""

    table: str
    kind_field: str
    phone: ContactField | None
    city: ContactField | None


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
    def fields(self) -> tuple[str, ...]:
        """Every field that is read, but for the reference and the mark of deletion."""
        optional = (self.code, self.parent, self.created, self.archived, self.currency)
        folder = ("IsFolder",) if self.hierarchy == "folders" else ()
        return (self.name, *(one for one in optional if one), *folder, *self.only)


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
    gives: Mapping[str, "FieldOf"]
    dated: str | None = None


@attrs.frozen(kw_only=True)
class FieldOf:
    """A field, and the entity sets that count where it is of several types; () is any."""

    name: str
    types: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class DimensionField:
    """Where a source has a dimension.

    field: of the register, without `_Key`. types: the sets that count; () is any.
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
    """

    sources: tuple[tuple[str, ...], ...] = ()
    lacks: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    last_purchase: str | None = None
    notes: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Profile:
    """A configuration of 1C.

    dumps, live: the versions against which the names were checked, and the bases that were run.
    fits, fits_accounts: the entity sets, and the codes in the chart of accounts, by which a base
        is known to be of this configuration.
    empty: kinds whose resolver never finds anything → the reason. unavailable: tool → the reason.
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
    empty: Mapping[str, str]
    unavailable: Mapping[str, str]
    accounts_set: str | None = None

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


def matches(value: str, patterns: tuple[str, ...]) -> bool:
    """Whether a value fits one of the patterns, in which `*` is any text."""
    return any(fnmatchcase(value, pattern) for pattern in patterns)
