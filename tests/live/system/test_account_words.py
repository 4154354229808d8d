"""Commands in what is told and shown name one of several accounts."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from live.alerts.causes import CAUSES
from live.cli.app import build
from live.system.account_words import with_account


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "`jutsu status`, then `jutsu resume`.",
            "`jutsu status --account ira`, then `jutsu resume --account ira`.",
        ),
        ("kill switch: on (all): x → jutsu resume", "kill switch: on (all): x → jutsu resume --account ira"),
        ("old\n\njutsu alerts ack 3 4", "old\n\njutsu alerts ack 3 4 --account ira"),
        ("`jutsu resolve ID --adopt B`", "`jutsu resolve ID --adopt B --account ira`"),
        ("`jutsu kill --account all`", "`jutsu kill --account all`"),
        ("`jutsu schedule --install`, `jutsu data list`", "`jutsu schedule --install`, `jutsu data list`"),
        ("`python -m live.executor`", "`python -m live.executor`"),  # it has a turn for each
        ("jutsu doctor: a check failed", "jutsu doctor: a check failed"),
        ("run the executor or jutsu resolve", "run the executor or jutsu resolve"),
    ],
)
def test_commands_of_a_message_name_the_account(text: str, shown: str) -> None:
    assert with_account(None, text) == text
    assert with_account("ira", text) == shown


def test_every_command_that_is_given_a_name_takes_it() -> None:
    takers = {path for path, takes in commands(typer.main.get_command(build())) if takes}
    for path, takes in commands(typer.main.get_command(build())):
        if with_account("ira", f"`jutsu {' '.join(path)}`").endswith("--account ira`"):
            assert takes or path == ("report", "parse")
    for cause in CAUSES.values():
        for text in with_account("ira", cause.remedy).split("`")[1::2]:
            words = shlex.split(text)
            if words[0] == "jutsu" and "--account" in words:
                assert {tuple(words[1:2]), tuple(words[1:3])} & takers, text


def commands(found: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Yield every command with whether it takes the name of an account."""
    below: dict[str, Any] = getattr(found, "commands", {})
    if not below:
        yield path, any(one.name == "account" for one in found.params)
    for name, command in below.items():
        yield from commands(command, (*path, name))
