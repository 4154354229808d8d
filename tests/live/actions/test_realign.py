"""Asked once, withdrawn once, each with its row in the audit log."""

from live.actions.realign import ask, withdraw
from live.ledger.ledger import Ledger
from tests.support.ledger_samples import NOW


def test_each_change_is_one_row_of_the_audit_log() -> None:
    with Ledger.open("sqlite://", account="paper", now=NOW) as ledger:
        assert withdraw(ledger, "golden", actor="me", at=NOW).changed is False
        first = ask(ledger, "golden", actor="me", at=NOW)
        second = ask(ledger, "golden", actor="another", at=NOW)
        assert (first.changed, second.changed, second.request) == (True, False, first.request)
        assert withdraw(ledger, "golden", actor="me", at=NOW).changed is True
        rows = [(row.action, row.actor, row.subject) for row in ledger.audit.all()]
        assert rows == [("realign", "me", "golden"), ("realign cancel", "me", "golden")]
