"""A command line that is wrong is one line and exit code 2."""

import pytest

from backtest.core.command_line import OneLineParser
from backtest.core.errors import UsageError


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--speed", "fast"], "argument --speed: invalid int value: 'fast' → walk --help"),
        (["--jump"], "unrecognized arguments: --jump → walk --help"),
        (["--speed"], "argument --speed: expected one argument → walk --help"),
    ],
)
def test_a_refusal_is_raised_as_one_line(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = OneLineParser(prog="walk")
    parser.add_argument("--speed", type=int)
    with pytest.raises(UsageError) as refused:
        parser.parse_args(words)
    assert (refused.value.line(), refused.value.exit_code) == (said, 2)
    assert capsys.readouterr() == ("", "")
