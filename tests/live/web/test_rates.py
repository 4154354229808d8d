"""Token buckets."""

from hypothesis import given
from hypothesis import strategies as st

from live.web.rates import Rates


@given(st.lists(st.floats(0, 5), max_size=300))
def test_never_more_than_the_limit_and_its_refill(gaps: list[float]) -> None:
    rates, now, granted = Rates(10, 1000), 0.0, 0
    for gap in gaps:
        now += gap
        granted += rates.wait("ann", "unsafe", now) == 0
    assert granted <= 10 + now * 10 / 60 + 1e-6


def test_after_the_wait_there_is_one_again() -> None:
    rates = Rates(2, 1000)
    waits = [rates.wait("ann", "unsafe", 100.0) for _ in range(3)]
    assert waits[:2] == [0.0, 0.0]
    assert waits[2] == 30.0
    assert rates.wait("ann", "unsafe", 130.0) == 0.0


def test_everybody_and_every_kind_has_a_bucket() -> None:
    rates = Rates(1, 1)
    assert [rates.wait(n, k, 1.0) for n in ("a", "b") for k in ("unsafe", "read")] == [0.0] * 4


def test_what_is_given_back_was_not_taken() -> None:
    rates = Rates(1, 1)
    for _ in range(5):
        assert rates.wait("a", "read", 1.0) == 0.0
        rates.give_back("a", "read")
    rates.give_back("unknown", "read")


def test_the_oldest_visitors_are_forgotten() -> None:
    rates = Rates(1, 1)
    for number in range(5000):
        rates.wait(str(number), "read", 1.0)
    assert len(rates._left) <= 1000
