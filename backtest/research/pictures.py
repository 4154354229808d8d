"""Heat maps as PNG files, drawn pixel by pixel: no library has to be installed for a picture."""

from __future__ import annotations

import colorsys
import struct
import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import FloatArray
from backtest.research.surfaces import Surface

Pixels = NDArray[np.uint8]

#: five rows of three dots a character
_GLYPHS: Final = {
    "0": "111101101101111", "1": "010110010010111", "2": "111001111100111", "3": "111001111001111",
    "4": "101101111001001", "5": "111100111001111", "6": "111100111101111", "7": "111001010010010",
    "8": "111101111101111", "9": "111101111001111", "A": "010101111101101", "B": "110101110101110",
    "C": "011100100100011", "D": "110101101101110", "E": "111100110100111", "F": "111100110100100",
    "G": "011100101101011", "H": "101101111101101", "I": "111010010010111", "J": "001001001101010",
    "K": "101101110101101", "L": "100100100100111", "M": "101111111101101", "N": "110101101101101",
    "O": "010101101101010", "P": "110101110100100", "Q": "010101101111011", "R": "110101110101101",
    "S": "011100010001110", "T": "111010010010010", "U": "101101101101111", "V": "101101101101010",
    "W": "101101111111101", "X": "101101010101101", "Y": "101101010010010", "Z": "111001010100111",
    ".": "000000000000010", "-": "000000111000000", "_": "000000000000111", "+": "000010111010000",
}  # fmt: skip
_SCALE: Final = 2
_ADVANCE: Final = 4 * _SCALE
_LINE: Final = 7 * _SCALE
_INK: Final = (40, 40, 40)
_CELL: Final = (56, 22)
_MARGIN: Final = 8


def heat_map(surface: Surface, values: FloatArray, title: str) -> bytes:
    """Return a heat map as a PNG file: red is low, green is high, white has no figures.

    Args:
        surface: whose axes.
        values: shape (values of rows, values of columns).
        title: what is shown; written above, with both axes.
    """
    rows, columns = values.shape
    names = [_value(value) for value in surface.rows.values]
    left = _MARGIN + _ADVANCE * max(len(name) for name in names) + _MARGIN
    top = _MARGIN + 3 * _LINE
    heading = f"{surface.rows.name} down - {surface.columns.name} across - {title}"
    width = max(left + columns * _CELL[0], 2 * _MARGIN + _ADVANCE * len(heading)) + _MARGIN
    pixels: Pixels = np.full((top + rows * _CELL[1] + _MARGIN, width, 3), 255, dtype=np.uint8)
    write(pixels, _MARGIN, _MARGIN, heading)
    for column, value in enumerate(surface.columns.values):
        write(pixels, left + column * _CELL[0] + 4, _MARGIN + 2 * _LINE - 4, _value(value))
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    for row in range(rows):
        y = top + row * _CELL[1]
        write(pixels, _MARGIN, y + 6, names[row])
        for column in range(columns):
            value = float(values[row, column])
            if np.isfinite(value):
                x = left + column * _CELL[0]
                pixels[y : y + _CELL[1] - 1, x : x + _CELL[0] - 1] = colour(value, low, high)
                write(pixels, x + 4, y + 6, f"{value:.3g}")
    return png(pixels)


def colour(value: float, low: float, high: float) -> tuple[int, int, int]:
    """Return red, green and blue of a value between two ends, 0 to 255."""
    share = (value - low) / (high - low) if high > low else 0.5
    light = 0.84 - 0.14 * abs(2 * share - 1)
    red, green, blue = colorsys.hls_to_rgb((20 + 110 * share) / 360, light, 0.65)
    return round(255 * red), round(255 * green), round(255 * blue)


def write(pixels: Pixels, x: int, y: int, text: str) -> None:
    """Write a text into a picture; a character without a glyph leaves its place empty."""
    for place, character in enumerate(text.upper()):
        dots = np.array([dot == "1" for dot in _GLYPHS.get(character, "0" * 15)]).reshape(5, 3)
        large = np.kron(dots, np.ones((_SCALE, _SCALE), dtype=np.bool_))
        part = pixels[y : y + large.shape[0], x + place * _ADVANCE : x + place * _ADVANCE + large.shape[1]]
        part[large[: part.shape[0], : part.shape[1]]] = _INK


def png(pixels: Pixels) -> bytes:
    """Return a picture, shape (height, width, 3), as a PNG file (ISO/IEC 15948), eight bits a colour."""
    height, width, _ = pixels.shape
    lines = np.zeros((height, 1 + 3 * width), dtype=np.uint8)  # each line begins with its filter: none
    lines[:, 1:] = pixels.reshape(height, -1)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in parts)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _value(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
