import json
from datetime import UTC, datetime

from onecgw.backends.base import BackendState
from onecgw.backends.scheduling.breaker import BreakerState
from onecgw.web.health import readiness_response
from onecgw.web.readiness import Readiness

DOWN = BackendState(
    breaker=BreakerState.OPEN,
    in_flight=1,
    waiting=2,
    idle_sessions=0,
    last_success_at=datetime(2026, 11, 22, 10, tzinfo=UTC),
)


def test_a_1c_that_is_down_is_shown_and_does_not_make_the_gateway_unready() -> None:
    response = readiness_response(Readiness(onec=DOWN))

    assert response.status == 200
    assert json.loads(response.body) == {
        "status": "ok",
        "database": "ok",
        "onec": {
            "breaker": "open",
            "in_flight": 1,
            "waiting": 2,
            "last_success_at": "2026-11-22T10:00:00+00:00",
        },
    }


def test_a_database_that_cannot_be_written_makes_it_unready() -> None:
    response = readiness_response(Readiness(is_writable=False))

    assert response.status == 503
    assert json.loads(response.body) == {"status": "unavailable", "database": "not writable"}
