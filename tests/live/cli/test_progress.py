"""The spinner is for a terminal alone."""

import pytest

from live.cli.progress import progress


def test_nothing_is_shown_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("reading") as tick:
        tick("QQQ")
    assert capsys.readouterr() == ("", "")
