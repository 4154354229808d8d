"""The view of the audit log says who did what, and where the chain breaks first."""

from __future__ import annotations

from live.ledger.audit import FIRST, Action
from live.ledger.ledger import Ledger
from live.views.audit import read_actions, verify_actions
from tests.support.review_world import NOW


def test_an_empty_log_holds() -> None:
    with Ledger.open("sqlite://", account="paper", now=NOW) as ledger:
        assert read_actions(ledger, 5) == ()
        state = verify_actions(ledger)
        assert (state.rows, state.head, state.problem) == (0, FIRST, None)


def test_the_newest_of_every_account_first_and_what_is_wrong() -> None:
    with Ledger.open("sqlite://", account="paper", now=NOW) as ledger:
        ledger.audit.append(Action("kill", "me", "all", after="all: stop"), at=NOW)
        ledger.for_account("live").audit.append(Action("resume", "you", "all", via="web"), at=NOW)
        newest, _ = read_actions(ledger, 5)
        assert (newest.account, newest.actor, newest.via, newest.action) == ("live", "you", "web", "resume")
        assert len(read_actions(ledger, 1)) == 1
        assert verify_actions(ledger).head == ledger.audit.all()[-1].hash
        assert verify_actions(ledger).problem is None
        ledger.audit._change("UPDATE audit_log SET actor = 'nobody' WHERE id = 1", {})
        problem = verify_actions(ledger).problem
        assert problem is not None
        assert problem.startswith("row 1 of ")
        assert problem.endswith("its words are not those that were sealed")
