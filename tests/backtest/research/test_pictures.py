"""Pictures, read back by the format's own rules."""

import struct
import zlib

import numpy as np
import pytest

from backtest.research.pictures import Pixels, colour, heat_map, png, write
from backtest.research.space import Axis
from backtest.research.surfaces import Surface


def read(content: bytes) -> Pixels:
    """Return the pixels of a PNG file without filters; every check sum must hold."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    at, found = 8, {}
    while at < len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        name, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        assert zlib.crc32(name + body) == struct.unpack(">I", content[at + 8 + length : at + 12 + length])[0]
        found[name] = body
        at += 12 + length
    width, height, bits, kind = struct.unpack(">IIBB", found[b"IHDR"][:10])
    assert (bits, kind, found[b"IEND"]) == (8, 2, b"")
    lines = np.frombuffer(zlib.decompress(found[b"IDAT"]), dtype=np.uint8).reshape(height, 1 + 3 * width)
    assert (lines[:, 0] == 0).all()
    return lines[:, 1:].reshape(height, width, 3)


def test_a_picture_comes_back_pixel_by_pixel() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (7, 13, 3)).astype(np.uint8)
    np.testing.assert_array_equal(read(png(pixels)), pixels)


def test_red_is_low_and_green_is_high() -> None:
    low, high = colour(0.0, 0.0, 2.0), colour(2.0, 0.0, 2.0)
    assert low[0] > low[1]
    assert high[1] > high[0]
    assert colour(5.0, 5.0, 5.0) == colour(1.0, 0.0, 2.0)


def test_a_letter_has_its_dots_and_an_unknown_one_none() -> None:
    pixels = np.full((20, 30, 3), 255, dtype=np.uint8)
    write(pixels, 2, 3, "L")
    dark = (pixels[:, :, 0] == 40)[3:13:2, 2:8:2]
    assert dark.astype(int).tolist() == [[1, 0, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0], [1, 1, 1]]
    before = pixels.copy()
    write(pixels, 12, 3, "é")
    write(pixels, 28, 18, "8")  # what does not fit is left out
    assert (pixels[:16] == before[:16]).all()


@pytest.mark.parametrize("rows", [1, 4])
def test_every_cell_with_a_figure_is_coloured_and_the_others_stay_white(rows: int) -> None:
    values = np.linspace(-1, 1, 3 * rows).reshape(rows, 3)
    values[0, 1] = np.nan
    surface = Surface(Axis("slow", tuple(range(rows))), Axis("fast", (0.5, 1.0, 2.0)), values, values)
    pixels = read(heat_map(surface, values, "sharpe - median"))
    cells = [colour(float(v), -1.0, 1.0) for v in values.ravel() if np.isfinite(v)]
    for wanted in cells:
        assert (pixels == np.array(wanted)).all(axis=2).sum() > 300
    assert (pixels == 255).all(axis=2).mean() > 0.2
