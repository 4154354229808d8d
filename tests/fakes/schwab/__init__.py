"""Imitation of Schwab's trader and market data API, faithful in what hurts."""

from tests.fakes.schwab.harness import FakeSchwab

__all__ = ["FakeSchwab"]
