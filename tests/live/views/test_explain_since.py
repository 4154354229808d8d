"""One line per session of a symbol, with what the shadows did."""

import json
from datetime import date

import pytest

from live.cli.common import open_command
from live.model.run import asked_for
from live.views.explain import read_explanation
from live.views.explain_since import read_sessions
from live.views.inputs import ViewInputs
from tests.support.user_world import FIRST, SECOND, SWITCH, THIRD, User, new_user, write_demo_prices


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> User:
    root = tmp_path_factory.mktemp("since")
    found = new_user(root / "project", write_demo_prices(root / "prices"))
    for day in (FIRST, SECOND, THIRD, SWITCH):
        found.trade(day)
    return found


def test_every_session_has_its_line_and_its_shadows(user: User) -> None:
    ran = user.jutsu("explain", "QQQ", "--since", SECOND)
    assert ran.code == 0, ran.text
    head, *lines = ran.out.splitlines()
    assert head == f"QQQ since {SECOND}"
    assert [line.split(":")[0] for line in lines] == [
        f"{SECOND} golden",
        "  titan",
        f"{THIRD} golden",
        "  titan",
        f"{SWITCH} golden",
        "  titan",
    ]
    assert "the strategy saw no reason to change anything" in lines[0]
    assert "cell 3" in lines[4]
    assert "filled at" in lines[4]
    document = json.loads(user.jutsu("explain", "QQQ", "--since", THIRD, "--json").out)
    assert [(line["session"], line["variant"]) for line in document["lines"]] == [
        (THIRD, "golden"),
        (SWITCH, "golden"),
    ]


def test_the_shadow_tells_what_it_did_once_it_was_settled(user: User) -> None:
    """The first session was settled by the run of the second; the last one waits for its close."""
    with open_command(config=user.config, run=asked_for(f"{SWITCH}T15:56:00")) as runtime:
        inputs = ViewInputs.of(runtime.context)
        settled = read_explanation(inputs, "QQQ", date.fromisoformat(FIRST)).variants[1]
        waiting = read_explanation(inputs, "QQQ", date.fromisoformat(SWITCH)).variants[1]
        (line,) = read_sessions(inputs, "QQQ", date.fromisoformat(SWITCH)).lines
    assert settled.virtual
    assert settled.why.endswith("in the virtual book")
    (fill,) = settled.virtual
    assert settled.why.startswith(f"{fill.side} {fill.quantity:,} ({fill.intent}) at ")
    assert waiting.virtual is None
    assert "a shadow never reaches a broker" in waiting.why
    assert [shadow.variant for shadow in line.shadows] == ["titan"]
    assert line.states["cell"] == 3


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--since", "2030-01-01"), "no decision since then"),
        ((SECOND, "--since", FIRST), "one session or many"),
    ],
)
def test_what_cannot_be_told(user: User, words: tuple[str, ...], problem: str) -> None:
    ran = user.jutsu("explain", "QQQ", *words)
    assert ran.code == 2
    assert problem in ran.text


def test_the_distance_to_the_next_change_and_no_empty_figures(user: User) -> None:
    text = " ".join(user.jutsu("explain", "QQQ", SWITCH).out.split())
    assert "next cell changes if z > 1; now " in text
    assert "next cell changes if T_norm" in text
    figures = text.split("decision ")[1].split(" next ")[0]
    assert "w PSQ" not in figures
    assert "date" not in figures
    assert "w QQQ 0.8" in figures
