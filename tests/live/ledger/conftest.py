"""A ledger in memory."""

import pytest

from live.ledger.ledger import Ledger
from tests.support.ledger_samples import NOW


@pytest.fixture
def ledger():
    with Ledger.open("sqlite://", account="paper", now=NOW) as opened:
        yield opened
