"""Who gets a report: by level as ever, or the channels that `reports.mail` names."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from live.alerts.channels import Level
from live.reporting.files import Kind
from live.reporting.mail import channels_of, send_period
from live.reporting.weekly import weekly_report
from live.settings.model import ReportSettings, Settings
from tests.support.report_samples import weekly_sample
from tests.support.runtimes import runtime_in

SUNDAY = datetime(2026, 11, 29, 9, 10, tzinfo=ZoneInfo("America/New_York"))
MAILED = Settings(reports=ReportSettings(mail=("mail",)))


@pytest.mark.parametrize(
    ("kind", "level", "channels"),
    [
        ("execution", "info", ("mail",)),
        ("execution", "critical", ()),  # where criticals go: a telephone, not only a mail
        ("validation", "info", ("digest",)),  # GREEN
        ("validation", "warning", ()),
        ("weekly", "info", ("mail",)),
        ("monthly", "info", ("mail",)),
    ],
)
def test_what_needs_somebody_goes_where_its_level_goes(
    kind: Kind, level: Level, channels: tuple[str, ...]
) -> None:
    assert channels_of(MAILED, kind, level) == channels
    assert channels_of(Settings(), kind, level) == ()


def test_a_period_is_one_message_with_both_parts(tmp_path: Path) -> None:
    runtime = runtime_in(tmp_path, SUNDAY, settings=MAILED)
    report = weekly_report(weekly_sample())
    send_period(runtime.context, report)
    send_period(runtime.context, report)
    (alert,) = runtime.ledger.alerts.recent()
    assert (alert.key, alert.level) == ("weekly_all_2026-11-29", "info")
    assert alert.title == "weekly report 2026-11-23 to 2026-11-29 NO-GO"
    assert alert.body.startswith(alert.title)
    assert alert.html is not None
    assert alert.html.startswith("<!DOCTYPE html>")
    assert [row.channel for row in runtime.ledger.alerts.deliveries(alert.id)] == ["mail"]
