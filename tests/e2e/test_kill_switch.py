"""The kill switch: a person's `all`, the program's `entries`, and taking both back."""

from tests.support.user_world import FIRST, SECOND, SWITCH, User


def test_kill_stops_both_stages_with_3_and_resume_ends_it(fresh_file: User) -> None:
    assert fresh_file.jutsu("kill", "--reason", "fire drill").code == 0
    account = fresh_file.paper_account()
    for ran in (fresh_file.generate(SECOND), fresh_file.execute(FIRST), fresh_file.execute(FIRST, "--force")):
        assert ran.code == 3
        assert "fire drill" in ran.err
        assert "jutsu resume" in ran.err
    assert (fresh_file.orders(), fresh_file.paper_account()) == ([], account)
    assert fresh_file.jutsu("resume").code == 0
    assert fresh_file.execute(FIRST).code == 0
    assert len(fresh_file.orders()) == 2


def test_entries_level_lets_exits_go_and_the_run_ends_well(invested: User) -> None:
    assert invested.jutsu("kill", "--entries-only").code == 0
    ran = invested.execute(SWITCH)
    assert ran.code == 0
    assert "warning" in ran.text
    assert [row[0] for row in invested.orders()[2:]] == ["20240105_TMF_exit_sell"]
    assert invested.jutsu("resume").code == 0
    again = invested.execute(SWITCH)
    assert again.code == 0
    assert [row[0] for row in invested.orders()[3:]] == [
        "20240105_QQQ_increase_buy",
        "20240105_TQQQ_entry_buy",
    ]
