"""The switch is raised and never lowered but by `resume`."""

from live.actions.kill_switch import kill, resume
from live.ledger.ledger import Ledger
from tests.support.review_world import NOW


def test_a_lower_level_does_not_lower_the_switch() -> None:
    with Ledger.open("sqlite://", account="paper", now=NOW) as ledger:
        kill(ledger, level="all", reason="panic", actor="jutsu", at=NOW)
        switch = kill(ledger, level="entries", reason="a look first", actor="me", at=NOW)
        assert (switch.level, switch.reason, switch.by) == ("all", "panic", "jutsu")


def test_resume_says_what_it_took_back() -> None:
    with Ledger.open("sqlite://", account="paper", now=NOW) as ledger:
        assert resume(ledger, actor="me", at=NOW).changed is False
        kill(ledger, level="entries", reason="a look first", actor="me", at=NOW)
        done = resume(ledger.for_account("live"), actor="me", at=NOW)  # one switch for every account
        assert (done.changed, done.was.reason) == (True, "a look first")
        assert ledger.state.kill_level() == "none"
