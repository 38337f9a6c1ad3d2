"""No answer without its audit row, however the process ends: a few of the kills of `kill.py`."""

from tests.hostile.kill import kill_often

KILLS = 3


def test_each_answer_that_a_caller_received_has_its_row_after_kill_9() -> None:
    received, lost = kill_often(KILLS, seed=7)
    assert received > KILLS
    assert lost == 0
