"""Corporate actions beside the bars: added once, read back exactly, a damaged file named."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from backtest.core.errors import DataError
from backtest.data.actions import ActionStore
from backtest.data.quality.actions import CorporateAction
from tests.support.paths import PROJECT

AT = datetime(2026, 11, 20, 21, tzinfo=UTC)
SPLIT = CorporateAction("QQQ", date(2026, 11, 19), "split", Fraction(4, 3), source="person")
DIVIDEND = CorporateAction(
    "QQQ", date(2026, 9, 1), "dividend", amount=Decimal("0.123456789"), source="vendor"
)


def test_they_come_back_exactly_and_oldest_first(tmp_path: Path) -> None:
    store = ActionStore(tmp_path)
    assert store.read("QQQ") == ()
    assert store.add([SPLIT, DIVIDEND], known_from=AT) == {"QQQ": 2}
    assert store.read("qqq") == (DIVIDEND, SPLIT)
    assert store.read("TQQQ") == ()
    assert [path.name for path in store.directory.iterdir()] == ["QQQ.parquet"]


def test_what_is_there_is_not_added_again_whoever_says_it(tmp_path: Path) -> None:
    store = ActionStore(tmp_path)
    store.add([SPLIT], known_from=AT)
    same = CorporateAction("QQQ", SPLIT.ex_date, "split", Fraction(4, 3), source="somebody else")
    assert store.add([same], known_from=AT) == {"QQQ": 0}
    assert store.read("QQQ") == (SPLIT,)
    other = CorporateAction("QQQ", SPLIT.ex_date, "split", Fraction(2))
    assert store.add([other, DIVIDEND], known_from=AT) == {"QQQ": 2}


@pytest.mark.parametrize("content", [b"", b"no parquet", b"PAR1PAR1"])
def test_a_damaged_file_is_named_and_left(tmp_path: Path, content: bytes) -> None:
    store = ActionStore(tmp_path)
    store.directory.mkdir()
    store.path("QQQ").write_bytes(content)
    for call in (lambda: store.read("QQQ"), lambda: store.add([SPLIT], known_from=AT)):
        with pytest.raises(DataError, match="damaged or foreign") as caught:
            call()
        assert caught.value.where == str(store.path("QQQ"))
    assert store.path("QQQ").read_bytes() == content


def test_what_came_later_is_left_out(tmp_path: Path) -> None:
    store = ActionStore(tmp_path)
    store.add([SPLIT], known_from=AT)
    store.add([DIVIDEND], known_from=AT + timedelta(days=1))
    assert store.read("QQQ", known_at=AT - timedelta(seconds=1)) == ()
    assert store.read("QQQ", known_at=AT) == (SPLIT,)
    assert store.read("QQQ", known_at=AT + timedelta(days=2)) == (DIVIDEND, SPLIT)


def test_the_cache_says_the_same_and_a_wrong_one_is_not_believed(tmp_path: Path) -> None:
    store = ActionStore(tmp_path)
    store.add([SPLIT], known_from=AT)
    parsed, cached = store.read("QQQ", known_at=AT), store.read("QQQ", known_at=AT)
    assert parsed == cached == (SPLIT,)
    cache = tmp_path / ".cache" / "QQQ.actions"
    for damage in (b"", b"[]", b'{"file_sha256": "x"}', cache.read_bytes().replace(b"4:3", b"9:1")[:-3]):
        cache.write_bytes(damage)
        assert store.read("QQQ") == (SPLIT,)
    store.add([DIVIDEND], known_from=AT)
    assert store.read("QQQ") == (DIVIDEND, SPLIT)


def test_a_cached_read_needs_no_pyarrow(tmp_path: Path) -> None:
    ActionStore(tmp_path).add([SPLIT], known_from=AT)
    ActionStore(tmp_path).read("QQQ")
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from backtest.data.actions import ActionStore\n"
        f"assert len(ActionStore(Path({str(tmp_path)!r})).read('QQQ')) == 1\n"
        "assert 'pyarrow' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PROJECT)
