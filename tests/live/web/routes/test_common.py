"""Pages of lists."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.web.problems import ProblemError
from live.web.routes.common import page


@given(st.lists(st.integers(), unique=True, max_size=40), st.integers(1, 10))
def test_pages_together_are_the_list(rows: list[int], limit: int) -> None:
    found: list[int] = []
    cursor: str | None = None
    for _ in range(len(rows) + 1):
        part = page(rows, limit, cursor, str)
        found += part.items
        cursor = part.next
        if cursor is None:
            break
    assert found == rows


def test_a_cursor_nobody_has() -> None:
    with pytest.raises(ProblemError) as caught:
        page([1, 2], 1, "3", str)
    assert caught.value.status == 422
