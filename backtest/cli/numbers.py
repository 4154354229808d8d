"""Numbers of a command line, refused with the option's name and what was written."""

from __future__ import annotations

import argparse
import math


def whole(text: str) -> int:
    """Return a whole number above 0."""
    return _whole_from(text, 1, "is not above 0")


def number_of_set(text: str) -> int:
    """Return a whole number from 0 on."""
    return _whole_from(text, 0, "is below 0")


def finite(text: str) -> float:
    """Return a finite number."""
    value = _number(text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return value


def seconds(text: str) -> float:
    """Return a finite number of seconds above 0."""
    return _above_zero(text, "no number of seconds above 0")


def positive(text: str) -> float:
    """Return a finite number above 0."""
    return _above_zero(text, "no number above 0")


def amount(text: str) -> float:
    """Return a positive, finite amount of money."""
    return _above_zero(text, "not a positive amount")


def _whole_from(text: str, least: int, otherwise: str) -> int:
    try:
        value = int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from error
    if value < least:
        raise argparse.ArgumentTypeError(f"{text!r} {otherwise}")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from error


def _above_zero(text: str, otherwise: str) -> float:
    value = _number(text)
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is {otherwise}")
    return value
