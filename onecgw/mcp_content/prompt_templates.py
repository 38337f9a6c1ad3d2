"""The prompts that a person can choose: plans that name the tools to call, in three languages."""

from collections.abc import Mapping
from typing import Final, Literal

import attrs

Language = Literal["en", "uk", "ru"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "uk", "ru")

Texts = Mapping[Language, str]

# An argument that names an object is worth asking for only where somebody can look it up.
RESOLVERS: Final = {"customer": "resolve_customer", "warehouse": "resolve_warehouse"}


@attrs.frozen(kw_only=True)
class Step:
    """One step of a plan.

    tools: the caller must see them all, or the step is left out.
    given: the argument without which it is left out; "" for none.
    says: may hold {first}, {last}, {before_first}, {before_last}, {customer}, {warehouse}.
    """

    tools: tuple[str, ...]
    given: str = ""
    says: Texts


@attrs.frozen(kw_only=True)
class Plan:
    """One prompt.

    tools: without them there is no such prompt for a caller.
    arguments: those it takes beside `period` and `language`.
    """

    name: str
    title: str
    about: str
    tools: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    opening: Texts
    steps: tuple[Step, ...]
    closing: Texts

    def arguments_for(self, visible: frozenset[str]) -> tuple[str, ...]:
        """The arguments that a caller who sees these tools may give."""
        named = tuple(name for name in self.arguments if RESOLVERS[name] in visible)
        return ("period", *named, "language")


_FIND_CUSTOMER: Final = Step(
    tools=("resolve_customer",),
    given="customer",
    says={
        "en": 'resolve_customer with query "{customer}". If several fit, ask me which one is '
        "meant. Use its id in filters.customer_ids of every report that has it.",
        "uk": "resolve_customer з query «{customer}». Якщо підходить кілька — спитай мене, кого "
        "маю на увазі. Його id передавай у filters.customer_ids усюди, де він є.",
        "ru": "resolve_customer с query «{customer}». Если подходит несколько — спроси меня, кого "
        "я имею в виду. Его id передавай в filters.customer_ids везде, где он есть.",
    },
)
_FIND_WAREHOUSE: Final = Step(
    tools=("resolve_warehouse",),
    given="warehouse",
    says={
        "en": 'resolve_warehouse with query "{warehouse}". If several fit, ask me. Use its id in '
        "filters.warehouse_ids of every report that has it.",
        "uk": "resolve_warehouse з query «{warehouse}». Якщо підходить кілька — спитай мене. Його "
        "id передавай у filters.warehouse_ids усюди, де він є.",
        "ru": "resolve_warehouse с query «{warehouse}». Если подходит несколько — спроси меня. Его "
        "id передавай в filters.warehouse_ids везде, где он есть.",
    },
)

MONTH_REVIEW: Final = Plan(
    name="month_review",
    title="Review of a period's sales",
    about="What was sold, what changed against the period before, and why.",
    tools=("sales_report",),
    arguments=("customer", "warehouse"),
    opening={
        "en": "Review the sales from {first} to {last}.",
        "uk": "Зроби огляд продажів з {first} по {last}.",
        "ru": "Сделай обзор продаж с {first} по {last}.",
    },
    steps=(
        _FIND_CUSTOMER,
        _FIND_WAREHOUSE,
        Step(
            tools=("sales_report",),
            says={
                "en": 'sales_report for that period: group_by ["sales_channel"], measures amount, '
                "qty, receipts, avg_check. Then the same for {before_first} – {before_last}, and "
                "compare the totals.",
                "uk": 'sales_report за цей період: group_by ["sales_channel"], measures amount, '
                "qty, receipts, avg_check. Потім те саме за {before_first} – {before_last} і "
                "порівняй totals.",
                "ru": 'sales_report за этот период: group_by ["sales_channel"], measures amount, '
                "qty, receipts, avg_check. Затем то же за {before_first} – {before_last} и сравни "
                "totals.",
            },
        ),
        Step(
            tools=("sales_report",),
            says={
                "en": 'sales_report with group_by ["product_group"], sorted by amount, top 10, for '
                "both periods: which groups made the difference?",
                "uk": 'sales_report з group_by ["product_group"], сортування за amount, top 10, за '
                "обидва періоди: які групи дали різницю?",
                "ru": 'sales_report с group_by ["product_group"], сортировка по amount, top 10, за '
                "оба периода: какие группы дали разницу?",
            },
        ),
        Step(
            tools=("top_products",),
            says={
                "en": "top_products of the period.",
                "uk": "top_products за період.",
                "ru": "top_products за период.",
            },
        ),
        Step(
            tools=("sales_report",),
            says={
                "en": 'sales_report with group_by ["cohort"]: new customers against returning '
                "ones.",
                "uk": 'sales_report з group_by ["cohort"]: нові клієнти проти постійних.',
                "ru": 'sales_report с group_by ["cohort"]: новые клиенты против постоянных.',
            },
        ),
    ),
    closing={
        "en": "Then tell me in at most ten lines what happened, what changed and where to look.",
        "uk": "Потім не більш як десятьма рядками: що сталося, що змінилося і куди дивитися.",
        "ru": "Затем не более чем десятью строками: что произошло, что изменилось и куда смотреть.",
    },
)

CASH_CONVERSION_REVIEW: Final = Plan(
    name="cash_conversion_review",
    title="Review of the cash conversion cycle",
    about="How long money is tied up in stock and debts, what changed, and what to do first.",
    tools=("cash_conversion_cycle",),
    opening={
        "en": "Review the cash conversion cycle from {first} to {last}.",
        "uk": "Зроби огляд фінансового циклу (CCC) з {first} по {last}.",
        "ru": "Сделай обзор финансового цикла (CCC) с {first} по {last}.",
    },
    steps=(
        Step(
            tools=("cash_conversion_cycle",),
            says={
                "en": "cash_conversion_cycle for that period. Read its notes and warnings first.",
                "uk": "cash_conversion_cycle за цей період. Спершу прочитай його notes і warnings.",
                "ru": "cash_conversion_cycle за этот период. Сначала прочти его notes и warnings.",
            },
        ),
        Step(
            tools=("stock_balance",),
            says={
                "en": 'If stock (DIO) grew: stock_balance on {last} with group_by ["product_group"]'
                ", measures qty and amount, top 10 by amount.",
                "uk": "Якщо зросли запаси (DIO): stock_balance на {last} з group_by "
                '["product_group"], measures qty і amount, top 10 за amount.',
                "ru": "Если выросли запасы (DIO): stock_balance на {last} с group_by "
                '["product_group"], measures qty и amount, top 10 по amount.',
            },
        ),
        Step(
            tools=("receivables_balance",),
            says={
                "en": "If debts to us (DSO) grew: receivables_balance on {last}, top 10 by "
                "receivable.",
                "uk": "Якщо зросла ДЗ (DSO): receivables_balance на {last}, top 10 за receivable.",
                "ru": "Если выросла ДЗ (DSO): receivables_balance на {last}, top 10 по receivable.",
            },
        ),
        Step(
            tools=("payables_balance",),
            says={
                "en": "If our debts (DPO) fell: payables_balance on {last}, top 10 by payable.",
                "uk": "Якщо впала КЗ (DPO): payables_balance на {last}, top 10 за payable.",
                "ru": "Если упала КЗ (DPO): payables_balance на {last}, top 10 по payable.",
            },
        ),
    ),
    closing={
        "en": "Then tell me the cycle in days, which part of it changed most and why, and the one "
        "step that would free the most money.",
        "uk": "Потім: цикл у днях, яка його частина змінилася найбільше і чому, та один крок, що "
        "вивільнить найбільше грошей.",
        "ru": "Затем: цикл в днях, какая его часть изменилась больше всего и почему, и один шаг, "
        "который высвободит больше всего денег.",
    },
)

DEBTORS_REVIEW: Final = Plan(
    name="debtors_review",
    title="Review of debtors",
    about="Who owes us at the end of a period, who owes more than before, and whom to call.",
    tools=("receivables_balance",),
    arguments=("customer",),
    opening={
        "en": "Review who owes us at the end of {last}.",
        "uk": "Зроби огляд дебіторів на кінець {last}.",
        "ru": "Сделай обзор дебиторов на конец {last}.",
    },
    steps=(
        _FIND_CUSTOMER,
        Step(
            tools=("receivables_balance",),
            says={
                "en": "receivables_balance on {last}, sorted by receivable descending, top 20. Debt"
                " and advance stand side by side: never net them.",
                "uk": "receivables_balance на {last}, сортування за receivable спадне, top 20. "
                "ДЗ і аванси стоять поруч: не згортай їх.",
                "ru": "receivables_balance на {last}, сортировка по receivable по убыванию, top "
                "20. ДЗ и авансы стоят рядом: не сворачивай их.",
            },
        ),
        Step(
            tools=("receivables_balance",),
            says={
                "en": "The same on {before_last}: whose debt grew, who is new on the list?",
                "uk": "Те саме на {before_last}: чий борг зріс, хто новий у списку?",
                "ru": "То же на {before_last}: чей долг вырос, кто новый в списке?",
            },
        ),
        Step(
            tools=("customer_summary",),
            says={
                "en": "customer_summary for the three largest debtors, {first} – {last}: do they "
                "still buy, and when did they last?",
                "uk": "customer_summary для трьох найбільших боржників, {first} – {last}: чи "
                "купують вони досі і коли востаннє?",
                "ru": "customer_summary для трёх крупнейших должников, {first} – {last}: покупают "
                "ли они ещё и когда в последний раз?",
            },
        ),
    ),
    closing={
        "en": "Then give me a list of whom to call first, with the sum and the reason.",
        "uk": "Потім дай список, кому телефонувати першим, із сумою та причиною.",
        "ru": "Затем дай список, кому звонить первым, с суммой и причиной.",
    },
)

STOCK_HEALTH: Final = Plan(
    name="stock_health",
    title="Health of the stock",
    about="What lies too long, what runs out, and where the books are wrong.",
    tools=("stock_balance",),
    arguments=("warehouse",),
    opening={
        "en": "Check the health of the stock at the end of {last}.",
        "uk": "Перевір стан запасів на кінець {last}.",
        "ru": "Проверь состояние запасов на конец {last}.",
    },
    steps=(
        _FIND_WAREHOUSE,
        Step(
            tools=("stock_balance",),
            says={
                "en": 'stock_balance on {last}: group_by ["warehouse", "product_group"], measures '
                "qty and amount, sorted by amount.",
                "uk": 'stock_balance на {last}: group_by ["warehouse", "product_group"], measures '
                "qty і amount, сортування за amount.",
                "ru": 'stock_balance на {last}: group_by ["warehouse", "product_group"], measures '
                "qty и amount, сортировка по amount.",
            },
        ),
        Step(
            tools=("stock_balance", "sales_report"),
            says={
                "en": 'sales_report {first} – {last} with group_by ["product"], measures qty, and '
                'stock_balance with group_by ["product"], measures qty and amount, top 50 each: '
                "what lies and does not sell, what sells and runs out?",
                "uk": 'sales_report {first} – {last} з group_by ["product"], measures qty, і '
                'stock_balance з group_by ["product"], measures qty і amount, top 50 кожен: що '
                "лежить і не продається, що продається і закінчується?",
                "ru": 'sales_report {first} – {last} с group_by ["product"], measures qty, и '
                'stock_balance с group_by ["product"], measures qty и amount, top 50 каждый: что '
                "лежит и не продаётся, что продаётся и заканчивается?",
            },
        ),
        Step(
            tools=("stock_balance",),
            says={
                "en": "stock_balance sorted by qty ascending, top 20: negative rows are bookkeeping"
                " errors; list them.",
                "uk": "stock_balance, сортування за qty зростаюче, top 20: від'ємні рядки — це "
                "помилки обліку; переліч їх.",
                "ru": "stock_balance, сортировка по qty по возрастанию, top 20: отрицательные "
                "строки — это ошибки учёта; перечисли их.",
            },
        ),
    ),
    closing={
        "en": "Then tell me what to sell off, what to reorder and what to correct.",
        "uk": "Потім скажи, що розпродати, що замовити і що виправити.",
        "ru": "Затем скажи, что распродать, что заказать и что исправить.",
    },
)

PLANS: Final = (MONTH_REVIEW, CASH_CONVERSION_REVIEW, DEBTORS_REVIEW, STOCK_HEALTH)

RULES: Final[Texts] = {
    "en": "Quote figures as they came, with currency and VAT; check applied_filters; if truncated "
    "is true, say so. If a call fails, tell me what is missing instead of guessing.",
    "uk": "Цифри наводь як є, з валютою та ПДВ; перевіряй applied_filters; якщо truncated — скажи "
    "про це. Якщо виклик не вдався, скажи, чого бракує, і не вгадуй.",
    "ru": "Цифры приводи как есть, с валютой и НДС; проверяй applied_filters; если truncated — "
    "скажи об этом. Если вызов не удался, скажи, чего не хватает, и не угадывай.",
}
