"""Addresses and ports."""

from pathlib import Path

import pytest

from backtest.core.errors import UsageError
from live.web.serve import Address, bound


def test_a_taken_port_is_named() -> None:
    first = bound("127.0.0.1", 0)
    first.listen()
    port = first.getsockname()[1]
    with first, pytest.raises(UsageError, match=f"127.0.0.1:{port}: cannot listen"):
        bound("127.0.0.1", port)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot listen"):
        bound("203.0.113.7", 8000)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        (Address("127.0.0.1", 8000), "http://127.0.0.1:8000"),
        (Address("::1", 8000), "http://[::1]:8000"),
        (Address("box.lan", 443, Path("c"), Path("k")), "https://box.lan:443"),
    ],
)
def test_the_address_of_the_page(address: Address, url: str) -> None:
    assert address.url == url
