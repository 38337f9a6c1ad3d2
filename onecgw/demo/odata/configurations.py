"""The configurations that the demo can publish."""

from functools import cache
from typing import Literal

from onecgw.demo.odata.declarations import read_declaration
from onecgw.demo.odata.ledger import ledger_sets, ledger_tables
from onecgw.demo.odata.ledger_fields import LEDGER_SETUP
from onecgw.demo.odata.model import Schema, schema_of
from onecgw.demo.odata.postings import accounts_sql, postings_sql
from onecgw.demo.odata.slices import RATE_SLICES, RATES

ConfigurationName = Literal["ut", "unf", "bp", "bas"]


@cache
def read_configuration(name: ConfigurationName) -> tuple[Schema, str]:
    """What a configuration publishes, and the SQL of what its sets need besides the movements.

    "bas" is БП with the chart of accounts of BAS.
    """
    declared = read_declaration("bp" if name == "bas" else name)
    registers = [*declared.accumulation_registers()]
    sets = [*declared.entity_sets(), RATES]
    sets += [one for register in registers for one in register.sets()]
    tables = [table for register in registers for table in register.tables()]
    setup = declared.setup_sql()
    chart = declared.accounts_of_bas if name == "bas" else declared.accounts
    if chart:
        recorders = [*declared.document_sets.values()]
        sets += ledger_sets(recorders)
        tables += ledger_tables(recorders)
        setup += LEDGER_SETUP + accounts_sql(chart) + postings_sql(chart)
    return (
        schema_of(sets=sets, tables=[*tables, *RATE_SLICES], enumerations=declared.enumerations),
        setup,
    )
