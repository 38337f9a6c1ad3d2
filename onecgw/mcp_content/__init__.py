"""What the protocol engine is mounted with in production: tools, prompts, resources."""

from onecgw import __version__
from onecgw.gateway.service import Gateway
from onecgw.mcp.providers import Providers, ServerInfo
from onecgw.mcp_content.access import describe_access
from onecgw.mcp_content.completions import GatewayCompletions
from onecgw.mcp_content.pages import add_pages
from onecgw.mcp_content.prompts import CataloguePrompts
from onecgw.mcp_content.resources import CatalogueResources
from onecgw.mcp_content.tool_provider import ElicitingTools

INSTRUCTIONS = (
    "onecgw answers questions about one company from its 1C:Enterprise books. Names first become "
    "ids: call a resolve_* tool, and ask the person when several candidates fit. Then call one "
    "report with the filters, group_by and measures it needs. `totals` cover the whole selection; "
    "when `truncated` is true, rows are missing: say so, never add up rows. Check "
    "`applied_filters` before you answer. Without `sort` days come in their order, all else "
    "largest first. `language` (en, uk, ru), an argument of every tool, is that of the texts in an "
    "answer: pass the person's. Quote figures as they came, with their currency and "
    "whether they include VAT."
)


def make_providers(gateway: Gateway) -> Providers:
    """What MCP clients are offered."""
    info = ServerInfo(
        name="onecgw",
        title="1C:Enterprise gateway",
        version=__version__,
        instructions=INSTRUCTIONS,
        describe_access=describe_access,
    )
    return Providers(
        info=info,
        tools=ElicitingTools(gateway),
        prompts=CataloguePrompts(gateway.catalogue, gateway.today),
        resources=CatalogueResources(gateway.catalogue),
        completions=GatewayCompletions(gateway),
        add_pages=add_pages,
    )
