"""Events as documents."""

import json

from tests.support.orb_sessions import QUIET, plan, session


def test_events_are_numbered_and_json_ready() -> None:
    events = session(plan(), QUIET).events
    assert [event.event_id for event in events] == list(range(1, len(events) + 1))
    document = json.loads(json.dumps(events[2].document()))
    assert document == {
        "event_id": 3,
        "ts": "2024-01-05T00:06:00Z",
        "type": "ENTRY",
        "strategy_id": "MGC_1000_E1_RR2.0_CB1_NO_FILTER",
        "direction": "long",
        "price": 2701.0,
        "contracts": 1,
        "reason": "confirm_bars_met",
        "note": "",
    }
