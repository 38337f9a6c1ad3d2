"""The prompts that a person can choose: numbered steps that name the tools to call.

The texts stand in onecgw/locales, under `prompts`.
"""

from typing import Final

import attrs

# An argument that takes a name is offered only to callers who may look the name up.
RESOLVERS: Final = {"customer": "resolve_customer", "warehouse": "resolve_warehouse"}


@attrs.frozen(kw_only=True)
class PromptStep:
    """One step of a prompt.

    text: its key under `prompts`; the text may hold {first}, {last}, {before_first},
        {before_last}, {customer}, {warehouse}.
    tools: the step is left out unless the caller may call all of them, and see their measures
        that are named here, as `stock_balance.amount`.
    argument: the step is left out unless this argument is given; "" = it needs none.
    """

    text: str
    tools: tuple[str, ...]
    argument: str = ""


@attrs.frozen(kw_only=True)
class PromptTemplate:
    """One prompt.

    tools: a caller who may not call all of them does not see the prompt.
    arguments: those that it takes beside `period` and `language`.
    """

    name: str
    title: str
    about: str
    tools: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    steps: tuple[PromptStep, ...]

    def arguments_for(self, visible: frozenset[str]) -> tuple[str, ...]:
        """The arguments that are offered to a caller who may call these tools."""
        named = tuple(name for name in self.arguments if RESOLVERS[name] in visible)
        return ("period", *named, "language")


FIND_CUSTOMER: Final = PromptStep(
    text="find_customer", tools=("resolve_customer",), argument="customer"
)
FIND_WAREHOUSE: Final = PromptStep(
    text="find_warehouse", tools=("resolve_warehouse",), argument="warehouse"
)

PROMPT_TEMPLATES: Final = (
    PromptTemplate(
        name="month_review",
        title="Review of a period's sales",
        about="What was sold, what changed against the period before, and why.",
        tools=("sales_report",),
        arguments=("customer", "warehouse"),
        steps=(
            FIND_CUSTOMER,
            FIND_WAREHOUSE,
            PromptStep(text="month_review.by_channel", tools=("sales_report",)),
            PromptStep(text="month_review.by_group", tools=("sales_report",)),
            PromptStep(text="month_review.margin", tools=("margin_bridge",)),
            PromptStep(text="month_review.top_products", tools=("top_products",)),
            PromptStep(text="month_review.new_customers", tools=("sales_report",)),
        ),
    ),
    PromptTemplate(
        name="cash_conversion_review",
        title="Review of the cash conversion cycle",
        about="How long money is tied up in stock and debts, what changed, and what to do first.",
        tools=("cash_conversion_cycle",),
        steps=(
            PromptStep(text="cash_conversion_review.cycle", tools=("cash_conversion_cycle",)),
            PromptStep(text="cash_conversion_review.stock", tools=("stock_balance",)),
            PromptStep(text="cash_conversion_review.receivables", tools=("receivables_balance",)),
            PromptStep(text="cash_conversion_review.payables", tools=("payables_balance",)),
        ),
    ),
    PromptTemplate(
        name="debtors_review",
        title="Review of debtors",
        about="Who owes us at the end of a period, who owes more than before, and whom to call.",
        tools=("receivables_balance",),
        arguments=("customer",),
        steps=(
            FIND_CUSTOMER,
            PromptStep(text="debtors_review.debtors", tools=("receivables_balance",)),
            PromptStep(text="debtors_review.aging", tools=("debt_aging",)),
            PromptStep(text="debtors_review.growth", tools=("receivables_balance",)),
            PromptStep(text="debtors_review.customers", tools=("customer_summary",)),
        ),
    ),
    PromptTemplate(
        name="stock_health",
        title="Health of the stock",
        about="What lies too long, what runs out, and where the books are wrong.",
        tools=("stock_balance",),
        arguments=("warehouse",),
        steps=(
            FIND_WAREHOUSE,
            PromptStep(
                text="stock_health.by_warehouse", tools=("stock_balance", "stock_balance.amount")
            ),
            PromptStep(text="stock_health.not_selling", tools=("stock_cover",)),
            PromptStep(text="stock_health.running_out", tools=("stock_cover",)),
            PromptStep(text="stock_health.negative", tools=("stock_balance",)),
        ),
    ),
)
