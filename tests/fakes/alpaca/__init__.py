"""Imitation of Alpaca's trading and data API."""

from tests.fakes.alpaca.harness import FakeAlpaca

__all__ = ["FakeAlpaca"]
