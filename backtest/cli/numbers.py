"""Numbers of a command line, refused with the option's name and what was written."""

from __future__ import annotations

import argparse
import math


def whole(text: str) -> int:
    """Return a whole number above 0."""
    try:
        value = int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from error
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not above 0")
    return value


def number_of_set(text: str) -> int:
    """Return a whole number from 0 on."""
    try:
        value = int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from error
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is below 0")
    return value


def seconds(text: str) -> float:
    """Return a finite number of seconds above 0."""
    return _above_zero(text, "no number of seconds above 0")


def amount(text: str) -> float:
    """Return a positive, finite amount of money."""
    return _above_zero(text, "not a positive amount")


def _above_zero(text: str, otherwise: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from error
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is {otherwise}")
    return value
