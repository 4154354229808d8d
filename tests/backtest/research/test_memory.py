"""Sets of an adaptive search as far as they are drawn."""

import numpy as np
import pytest

from backtest.core.errors import UsageError
from backtest.research.memory import Memory


def test_it_gives_what_it_has_and_refuses_the_rest() -> None:
    memory = Memory(genes=np.zeros((3, 1)), columns={"a": np.array([4, 5, 6])})
    assert memory.sets(1, 2)["a"].tolist() == [5, 6]
    with pytest.raises(UsageError, match="set 3 depends on sets that are not computed yet"):
        memory.sets(1, 3)
