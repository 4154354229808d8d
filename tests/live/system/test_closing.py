"""What was opened is closed, and the real error is the one a person sees."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.system.closing import Opened


class Thing:
    def __init__(self, log: Any, name: Any, *, broken: bool = False) -> None:
        self.log, self.name, self.broken = log, name, broken

    def close(self) -> None:
        self.log.append(self.name)
        if self.broken:
            raise OSError(f"{self.name} cannot be closed")


@given(st.lists(st.booleans(), max_size=6), st.booleans())
def test_everything_is_closed_once_and_the_bodys_error_wins(broken: Any, fails: Any) -> None:
    log: list[int] = []
    raised: BaseException | None = None
    real = ValueError("the real error")
    try:
        with Opened() as opened:
            for name, bad in enumerate(broken):
                opened.keep(Thing(log, name, broken=bad))
            if fails:
                raise real
    except (ValueError, OSError) as error:
        raised = error
    assert log == list(reversed(range(len(broken))))
    if fails:
        assert raised is real
        assert isinstance(raised.__context__, OSError) is any(broken)
    else:
        assert isinstance(raised, OSError) is any(broken)


def test_an_interrupt_is_not_swallowed() -> None:
    opened = Opened()
    opened.keep(Thing([], "a", broken=True))
    with pytest.raises(KeyboardInterrupt), opened:
        raise KeyboardInterrupt
