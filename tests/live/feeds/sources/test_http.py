"""Requests for JSON: repeated when that helps, each failure named, the key in no message."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import SettingsError
from live.feeds.sources.errors import NotEntitled, RateLimited, UnknownSymbol, VendorDown, VendorError
from live.feeds.sources.http import JsonClient, key_of, open_client, short
from live.feeds.sources.model import Opening
from live.settings.model import Settings
from live.system.clock import SimulatedClock
from live.system.redaction import register_secret
from tests.fakes.massive import KEY, FakeMassive
from tests.fakes.schwab.harness import LinkedClock

PATH = "/v2/aggs/ticker/QQQ/range/1/day/2024-03-01/2024-03-12"


@pytest.fixture
def fake() -> Iterator[FakeMassive]:
    with FakeMassive(datetime(2024, 3, 12, 22, tzinfo=UTC)) as found:
        yield found


def client(fake: FakeMassive, *, timeout: float = 5.0, key: str = KEY) -> JsonClient:
    headers = {"Authorization": f"Bearer {key}"}
    return JsonClient("Massive", fake.url, headers, LinkedClock(fake), local=True, timeout=timeout)


def test_the_answer_is_json_and_the_key_is_in_no_address(fake: FakeMassive) -> None:
    assert client(fake).get("bars", PATH, {"limit": "5"})["ticker"] == "QQQ"
    (entry,) = fake.sent("/v2/aggs")
    assert entry["query"] == {"limit": "5"}
    assert KEY not in entry["path"]


@pytest.mark.parametrize(
    ("fault", "kind", "requests"),
    [
        ({"action": "status", "status": 500, "body": '{"error": "busy"}'}, VendorDown, 5),
        ({"action": "drop"}, VendorDown, 5),
        ({"action": "truncate"}, VendorDown, 5),
        ({"action": "status", "status": 200, "body": "<html>"}, VendorDown, 5),
        ({"action": "status", "status": 429, "headers": {"Retry-After": "60"}}, RateLimited, 2),
        ({"action": "status", "status": 403, "body": '{"error": "your plan"}'}, NotEntitled, 1),
        ({"action": "status", "status": 404, "body": "{}"}, UnknownSymbol, 1),
        ({"action": "status", "status": 302, "headers": {"Location": "http://127.0.0.1:9/x"}}, VendorDown, 5),
    ],
    ids=["500", "drop", "cut", "html", "429", "403", "404", "redirect"],
)
def test_what_stays_is_named_after_as_many_tries_as_make_sense(
    fake: FakeMassive,
    caplog: pytest.LogCaptureFixture,
    fault: dict[str, Any],
    kind: type[VendorError],
    requests: int,
) -> None:
    fake.fault(method="GET", times=None, **fault)
    with caplog.at_level(logging.DEBUG), pytest.raises(kind) as caught:
        client(fake).get("bars of QQQ", PATH)
    assert caught.value.problem.startswith("bars of QQQ")
    assert len(fake.sent("/v2/aggs")) == requests
    assert KEY not in caplog.text + str(caught.value)


def test_silence_ends_in_time(fake: FakeMassive) -> None:
    fake.fault(method="GET", action="hang", seconds=0.6, times=1)
    assert client(fake, timeout=0.1).get("bars", PATH)["status"] == "OK"
    assert len(fake.sent("/v2/aggs")) == 2


def test_a_key_that_is_wrong_is_told_and_masked_nowhere_needed(fake: FakeMassive) -> None:
    with pytest.raises(NotEntitled, match="Unknown API Key"):
        client(fake, key="another").get("bars", PATH)


def test_an_address_where_nobody_listens_is_down(fake: FakeMassive) -> None:
    clock = LinkedClock(fake)
    with pytest.raises(VendorDown):
        JsonClient("Massive", "http://127.0.0.1:9", {}, clock, local=True, timeout=0.2).get("bars", PATH)


def of_key(key: str, url: str | None = None) -> Opening:
    clock = SimulatedClock(datetime(2024, 3, 12, 22, tzinfo=UTC))
    return Opening(Settings(), Path(), {"MASSIVE_API_KEY": key}, clock, base_url=url)


def test_a_key_is_taken_without_blanks_and_refused_where_no_header_can_hold_it() -> None:
    assert key_of(of_key("hunter2-hunter2\r\n"), "MASSIVE_API_KEY") == "hunter2-hunter2"
    for wrong in ("", " ", "hunter2-\nhunter2", "hunter2\N{EM DASH}hunter2"):
        with pytest.raises(SettingsError, match="MASSIVE_API_KEY") as caught:
            key_of(of_key(wrong), "MASSIVE_API_KEY")
        assert "hunter2" not in str(caught.value)


def test_an_imitation_is_on_this_machine() -> None:
    with pytest.raises(SettingsError, match="base_url"):
        open_client("Massive", "https://api.massive.com", of_key(KEY, "http://192.0.2.1"))


@given(before=st.integers(150, 210))
def test_no_part_of_a_key_is_left_where_a_sentence_is_cut(before: int) -> None:
    register_secret(KEY)
    assert "FAKE" not in short("x" * before + f" {KEY} and more")
