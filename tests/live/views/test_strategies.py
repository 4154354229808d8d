"""Strategy files: where they stand in the books, and what is wrong with one."""

from pathlib import Path

from live.system.clock import SystemClock
from live.views.settings import SettingsSource
from live.views.strategies import judge_strategy, read_strategies
from tests.support.user_world import new_user


def test_files_are_listed_with_their_role_and_a_broken_one_says_why(tmp_path: Path) -> None:
    user = new_user(tmp_path / "jutsu")
    folder = user.root / "config/strategies"
    (folder / "broken.yaml").write_text("strategy: {name: nothing, variant: broken}")
    settings = SettingsSource(user.config, None, {}).load(SystemClock().now()).settings
    lines = {line.variant: line for line in read_strategies(settings, folder)}
    assert (lines["golden"].role, lines["titan"].role) == ("primary", "shadow")
    assert {"QQQ", "TQQQ"} <= set(lines["golden"].symbols)
    assert lines["golden"].overridden == ()
    assert "nothing" in lines["broken"].problem
    assert len(lines) == len(list(folder.iterdir()))


def test_a_document_is_judged_all_at_once() -> None:
    wrong = {"sma_fast": 500, "T_max": -1}
    document = {"name": "Hierarchical_Adaptive_v3_5b", "variant": "x", "parameters": wrong}
    assert len(judge_strategy({"strategy": document})) == 2
    assert judge_strategy({"strategy": {**document, "parameters": {}}}) == ()
    assert judge_strategy({"strategy": {"name": "nothing", "variant": "x"}})
