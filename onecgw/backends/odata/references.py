"""What a report needs besides the rows of registers: names, keys, accounts, types."""

from collections.abc import Mapping
from typing import Final

import attrs

from onecgw.backends.odata.catalogues import (
    CatalogueEntry,
    ODataCatalogue,
    member_entry,
    unknown_entry,
)
from onecgw.backends.odata.metadata import Types
from onecgw.backends.odata.profile import (
    DIMENSIONS,
    SUBCONTO,
    DimensionField,
    Predefined,
    Profile,
    RegisterSource,
)
from onecgw.errors import OnecNotPublished

# The dimension of an accounting register whose values are accounts.
ACCOUNT: Final = "Account"


@attrs.frozen(kw_only=True, eq=False)
class References:
    """The base as one report sees it.

    profile: reduced to what the base publishes. catalogues: by kind. keys: key set → key →
    dimension → id. accounts: code → key. predefined: its key.
    """

    profile: Profile
    types: Types
    catalogues: Mapping[str, ODataCatalogue]
    keys: Mapping[str, Mapping[str, Mapping[str, str]]]
    accounts: Mapping[str, str]
    predefined: Mapping[Predefined, str]

    def catalogue(self, dimension: str) -> ODataCatalogue | None:
        """The catalogue to which a dimension refers; None for documents."""
        kind = DIMENSIONS.get(dimension)
        return self.catalogues.get(kind) if kind is not None else None

    def entry(self, dimension: str, entry_id: str) -> CatalogueEntry:
        """The object behind an id, also where it is not in the catalogue."""
        catalogue = self.catalogue(dimension)
        found = catalogue.entries.get(entry_id) if catalogue is not None else None
        if found is not None:
            return found
        is_member = DIMENSIONS[dimension] in self.profile.members
        return member_entry(entry_id) if is_member else unknown_entry(entry_id)

    def column(self, source: RegisterSource, field: str) -> str:
        """How a field is spelled in the rows of a source."""
        return self.types.column(source.row_type, field) or field

    def columns(self, source: RegisterSource, field: DimensionField) -> tuple[str, ...]:
        """The columns of a source in which a dimension may stand; a subconto has several."""
        if field.side is None:
            return (self.column(source, field.field),)
        known = self.types.fields.get(source.row_type, {})
        names = (f"{SUBCONTO[field.side]}{place}" for place in (1, 2, 3))
        return tuple(name for name in names if name in known)

    def account_keys(self, codes: tuple[str, ...]) -> tuple[str, ...]:
        """The keys of accounts and of all their subaccounts.

        Raises:
            OnecNotPublished: the chart of accounts has none of them.
        """
        found = [
            key
            for code, key in self.accounts.items()
            if any(code == one or code.startswith(f"{one}.") for one in codes)
        ]
        if codes and not found:
            raise OnecNotPublished(
                f"the chart of accounts has none of the accounts {', '.join(codes)}, "
                f"which the profile {self.profile.name} needs"
            )
        return tuple(found)
