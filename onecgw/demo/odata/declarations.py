"""Reads what a configuration publishes: YAML → its documents, entity sets and registers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

import msgspec

from onecgw.demo.odata import common, entity_sets, fields
from onecgw.demo.odata.model import Declared, DocumentKind, EntitySet, ODataField
from onecgw.demo.odata.postings import LedgerAccount
from onecgw.demo.odata.registers import Register

# Names of fields; one that differs from the field of this name in `fields` is declared in place.
FieldList = tuple[str | dict[str, list[str | int]], ...]
_FIELD_KINDS: Final[Mapping[str, Callable[..., ODataField]]] = {
    function.__name__: function
    for function in (
        common.unit_of_product,
        fields.by_document,
        fields.composite,
        fields.day,
        fields.document,
        fields.empty,
        fields.flag,
        fields.money_place,
        fields.number,
        fields.partner_or_place,
        fields.ref,
        fields.text,
        fields.undefined,
    )
}


class DocumentDeclaration(Declared, frozen=True):
    """A kind of document: its set without `Document_`. title: "" is not published."""

    set: str
    title: str = ""


class LinesDeclaration(Declared, frozen=True):
    """The tabular part of every document; a quantity has three places, an amount two."""

    name: str
    fields: FieldList
    quantities: dict[str, str]
    amounts: dict[str, str]


class RegisterDeclaration(Declared, frozen=True):
    """An accumulation register, as Register says.

    quantities, amounts: resources of three and of two places, and their SQL.
    recorders: the kinds of documents; None is all.
    """

    facts: str
    dimensions: FieldList
    balances: bool = False
    flow: str = "flow"
    quantities: dict[str, str] = msgspec.field(default_factory=dict)
    amounts: dict[str, str] = msgspec.field(default_factory=dict)
    attributes: FieldList = ()
    recorders: list[DocumentKind] | None = None


class SetDeclaration(Declared, frozen=True):
    """An entity set. The other members are arguments of the function that `kind` names."""

    name: str
    kind: Literal["catalogue", "numbered", "contacts", "units", "desks"] = "catalogue"
    table: str = ""
    number: int = 0
    groups: str = ""
    parents: str = ""
    predefined: str = "''"
    firm: str = ""
    currency: str = ""
    fields: FieldList = ()


class Declaration(Declared, frozen=True):
    """What a configuration publishes.

    header: the fields of every document.
    places: the catalogues of desks, of desks in shops, of accounts in a bank.
    fields: name → the name of a function of `fields`, and its arguments.
    setup: SQL of tables that fields look into, besides those of every configuration.
    accounts, accounts_of_bas: the charts of accounts, of a configuration that keeps them.
    """

    documents: dict[DocumentKind, DocumentDeclaration]
    header: FieldList
    lines: LinesDeclaration
    places: dict[str, str]
    fields: dict[str, list[str | int]]
    sets: list[SetDeclaration]
    enumerations: dict[str, tuple[str, ...]]
    registers: dict[str, RegisterDeclaration] = msgspec.field(default_factory=dict)
    setup: str = ""
    accounts: tuple[LedgerAccount, ...] = ()
    accounts_of_bas: tuple[LedgerAccount, ...] = ()

    @property
    def document_sets(self) -> dict[DocumentKind, str]:
        """The set of each kind of document."""
        return {kind: f"Document_{one.set}" for kind, one in self.documents.items()}

    def setup_sql(self) -> str:
        """SQL of the tables that fields look into."""
        return common.setup(self.places, self.document_sets) + self.setup

    def entity_sets(self) -> Iterator[EntitySet]:
        """Make the catalogues, the documents and their lines."""
        for one in self.sets:
            yield self._entity_set(one)
        yield common.currencies()
        published: dict[str, list[DocumentKind]] = {}
        for kind, document in self.documents.items():
            if document.title:
                published.setdefault(document.set, []).append(kind)
        header = self.field_list(self.header)
        for name, kinds in published.items():
            title = self.documents[kinds[0]].title
            yield entity_sets.document_set(name, title, common.headers_of(kinds), *header)
        lines = (
            *self.field_list(self.lines.fields),
            *_numbers(self.lines.quantities, self.lines.amounts),
        )
        for name, kinds in published.items():
            yield common.document_lines(f"Document_{name}", self.lines.name, kinds, *lines)

    def accumulation_registers(self) -> Iterator[Register]:
        """Make the registers."""
        for name, one in self.registers.items():
            recorders = (self.document_sets[kind] for kind in one.recorders or self.documents)
            yield Register(
                name=name,
                facts=one.facts,
                balances=one.balances,
                flow=one.flow,
                dimensions=self.field_list(one.dimensions),
                resources=_numbers(one.quantities, one.amounts),
                attributes=self.field_list(one.attributes),
                recorders=tuple(dict.fromkeys(recorders)),
            )

    def field_list(self, listed: FieldList) -> tuple[ODataField, ...]:
        """Make fields."""
        declared: dict[str, Sequence[Any]] = {}
        for one in listed:
            declared |= {one: self.fields[one]} if isinstance(one, str) else one
        return tuple(
            _FIELD_KINDS[kind](name, *arguments) for name, (kind, *arguments) in declared.items()
        )

    def _entity_set(self, one: SetDeclaration) -> EntitySet:
        own = self.field_list(one.fields)
        match one.kind:
            case "contacts":
                return common.contacts(one.name)
            case "units":
                return common.units(one.name)
            case "desks":
                return common.desks(
                    one.name, firm=one.firm, currency=one.currency, groups=one.groups
                )
            case "numbered":
                return entity_sets.simple_catalogue(
                    one.name, one.table, *own, reference=fields.numbered(one.number, "id")
                )
        return entity_sets.catalogue(
            one.name,
            one.table,
            *own,
            groups=one.groups,
            parents=one.parents,
            predefined=one.predefined,
        )


def _numbers(quantities: Mapping[str, str], amounts: Mapping[str, str]) -> tuple[ODataField, ...]:
    return (
        *(fields.number(name, sql, 3) for name, sql in quantities.items()),
        *(fields.number(name, sql) for name, sql in amounts.items()),
    )


@cache
def read_declaration(name: str) -> Declaration:
    """Read the declaration of a configuration: "ut", "unf" or "bp"."""
    text = files(__package__).joinpath("published", f"{name}.yml").read_bytes()
    return msgspec.yaml.decode(text, type=Declaration)
