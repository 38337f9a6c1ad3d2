"""What the protocol engine is mounted with in production: tools, prompts, documents."""

from onecgw import __version__
from onecgw.gateway.service import Gateway
from onecgw.mcp.providers import Features, ServerInfo
from onecgw.mcp_content.completions import GatewayCompletions
from onecgw.mcp_content.elicitation import AskingTools
from onecgw.mcp_content.pages import GatewayPages, PageResources
from onecgw.mcp_content.prompts import PlanPrompts
from onecgw.mcp_content.resources import CatalogueResources
from onecgw.mcp_content.tool_provider import GatewayTools

INSTRUCTIONS = (
    "onecgw answers questions about one company from its 1C:Enterprise books. Names first become "
    "ids: call a resolve_* tool, and ask the person when several candidates fit. Then call one "
    "report with the filters, group_by and measures it needs. `totals` cover the whole selection; "
    "when `truncated` is true, rows are missing: say so, never add up rows. Check "
    "`applied_filters` before you answer. Quote figures as they came, with their currency and "
    "whether they include VAT."
)


def make_features(gateway: Gateway) -> Features:
    """What MCP clients are offered."""
    info = ServerInfo(
        name="onecgw",
        title="1C:Enterprise gateway",
        version=__version__,
        instructions=INSTRUCTIONS,
    )
    return Features(
        info=info,
        tools=AskingTools(GatewayTools(gateway)),
        prompts=PlanPrompts(gateway.catalogue, gateway.today),
        resources=PageResources(CatalogueResources(gateway.catalogue)),
        pages=GatewayPages(),
        completions=GatewayCompletions(gateway),
    )
