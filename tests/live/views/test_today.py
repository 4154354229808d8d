"""Today on one page."""

from pathlib import Path

from live.model.run import asked_for
from live.runtime.open import open_runtime
from live.runtime.options import Options
from live.views.inputs import ViewInputs
from live.views.today import TodayView, read_today
from tests.support.user_world import FIRST, User
from tests.support.web_world import waiting_user


def today(user: User, at: str = "15:56") -> TodayView:
    with open_runtime("test", Options(config=user.config), asked_for(f"{FIRST}T{at}")) as runtime:
        return read_today(ViewInputs.of(runtime.context))


def test_a_file_waits_until_it_is_answered_or_its_window_is_over(tmp_path: Path) -> None:
    user = waiting_user(tmp_path / "jutsu")
    found = today(user)
    assert [line.waits for line in found.files] == [True]
    assert found.to_do[0].startswith(f"review the file of {FIRST} (golden): 2 order(s), until ")
    assert today(user, "16:30").to_do == ()
    assert user.jutsu("approve", "--as-of", f"{FIRST}T15:56").code == 0
    found = today(user)
    assert (found.to_do, found.files[0].standing) == ((), "approved")


def test_a_broken_file_says_so_and_does_not_end_the_page(tmp_path: Path) -> None:
    user = waiting_user(tmp_path / "jutsu")
    user.file(FIRST).unlink()
    (line,) = today(user).files
    assert (line.standing, line.sha256) == ("unknown", "")
    assert str(user.file(FIRST)) in line.standing_reason
    assert line.orders == 2


def test_an_executed_file_says_what_became_of_it(tmp_path: Path) -> None:
    user = waiting_user(tmp_path / "jutsu")
    assert user.jutsu("approve", "--as-of", f"{FIRST}T15:56").code == 0
    assert user.execute(FIRST).code == 0
    (line,) = today(user).files
    assert (line.outcome, line.waits) == ("completed", False)
