import pytest

from onecgw.auth.context import valid_traceparent

GOOD = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_traceparent_is_handed_on_as_it_is() -> None:
    assert valid_traceparent(GOOD) == GOOD


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        GOOD.upper(),
        f"{GOOD}\r\nX-MCP-Sub: owner",
        f"{GOOD}\n",
        f"ff{GOOD[2:]}",
        f"{GOOD[:3]}{'0' * 32}{GOOD[35:]}",
        f"{GOOD[:36]}{'0' * 16}{GOOD[52:]}",
        f"{GOOD}-extra",
        GOOD.replace("4", "٤"),
    ],
)
def test_anything_else_is_dropped(value: str | None) -> None:
    assert valid_traceparent(value) is None
