"""`jutsu metrics`: the figures on the screen."""

from __future__ import annotations

import json
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.support.user_world import FIRST, new_user, unchanged


def test_the_text_and_the_document_say_the_same_and_nothing_is_written(tmp_path: Path) -> None:
    user = new_user(tmp_path / "jutsu")
    user.trade(FIRST)
    with unchanged(user.root):
        ran = user.jutsu("metrics")
        document = json.loads(user.jutsu("metrics", "--json").out)
    assert ran.code == 0, ran.text
    shown = {family.name: len(family.samples) for family in text_string_to_metric_families(ran.out)}
    assert shown["jutsu_position_shares"] > 0
    assert {family["name"].removesuffix("_total"): len(family["samples"]) for family in document} == shown


def test_before_the_first_run_it_says_little_and_fails_not(tmp_path: Path) -> None:
    user = new_user(tmp_path / "jutsu")
    ran = user.jutsu("metrics")
    assert ran.code == 0, ran.text
    assert "jutsu_build_info" in ran.out
    assert not user.db.exists()
