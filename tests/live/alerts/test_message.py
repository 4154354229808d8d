"""What a channel is given says which of several accounts it is about."""

from __future__ import annotations

from live.alerts.message import named
from live.settings.model import Settings

IRA = Settings.model_validate({"account": "ira"})


def test_a_title_carries_the_name_of_an_account() -> None:
    assert named(Settings(), "stopped") == "stopped"
    assert named(IRA, "stopped") == "[ira] stopped"
