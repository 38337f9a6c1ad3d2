"""The configurations that the demo can publish."""

from collections.abc import Mapping
from typing import Final, Literal

from onecgw.demo.odata import bp, unf, ut
from onecgw.demo.odata.model import Schema

ConfigurationName = Literal["ut", "unf", "bp", "bas"]
# What it publishes, and the SQL of what its sets need besides the movements.
CONFIGURATIONS: Final[Mapping[ConfigurationName, tuple[Schema, str]]] = {
    "ut": (ut.SCHEMA, ut.SETUP),
    "unf": (unf.SCHEMA, unf.SETUP),
    "bp": (bp.SCHEMA, bp.SETUP),
    "bas": (bp.SCHEMA, bp.SETUP_BAS),
}
