"""Tests; a package so that the imitation servers can be run by hand (`python -m tests.fakes.schwab`)."""
