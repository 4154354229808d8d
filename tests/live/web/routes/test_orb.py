"""The book of breakouts over the API."""

from tests.support.web_world import Site


def test_without_a_book_the_answer_says_so(shown: Site) -> None:
    found = shown.browser().data("/orb")
    assert (found["set_up"], found["session"], found["trades"]) == (False, None, [])
