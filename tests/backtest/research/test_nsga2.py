"""NSGA-II: fronts and crowding by their definition, and a problem whose front is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from backtest.core.bars import FloatArray
from backtest.research.nsga2 import MUTATION, POPULATION, crowding, mutated, offspring, ranks, survivors

SCORES = st.integers(1, 25).flatmap(
    lambda n: arrays(np.float64, (n, 2), elements=st.integers(-3, 3).map(float))
)


@given(SCORES, st.integers(0, 10**6))
def test_each_front_is_what_nothing_dominates_once_the_better_fronts_are_gone(
    scores: FloatArray, seed: int
) -> None:
    violations = np.random.default_rng(seed).integers(0, 3, len(scores)).astype(np.float64)
    found = ranks(scores, violations)

    def dominates(one: int, other: int) -> bool:
        if violations[one] != violations[other]:
            return bool(violations[one] < violations[other])
        return bool((scores[one] >= scores[other]).all() and (scores[one] > scores[other]).any())

    for row in range(len(scores)):
        above = [found[other] for other in range(len(scores)) if dominates(other, row)]
        assert found[row] == (max(above) + 1 if above else 0)


def test_the_ends_of_a_front_stand_alone_and_the_middle_by_its_gap() -> None:
    scores = np.array([[0.0, 4.0], [1.0, 2.0], [3.0, 1.0], [4.0, 0.0]])
    assert crowding(scores).tolist() == [np.inf, 3 / 4 + 3 / 4, 3 / 4 + 2 / 4, np.inf]
    assert crowding(np.ones((3, 2))).tolist()[1] == 0.0


def test_survivors_are_the_better_fronts_and_the_less_crowded() -> None:
    scores = np.array([[0.0, 4.0], [1.0, 2.0], [3.0, 1.0], [4.0, 0.0], [0.0, 0.0]])
    assert survivors(scores, np.zeros(5), 3).tolist() == [0, 3, 1]
    missing = np.array([1.0, 1.0, 1.0, 1.0, 0.0])
    assert survivors(scores, missing, 1).tolist() == [4]


@given(st.integers(1, 7), st.integers(1, 60), st.integers(0, 99))
def test_children_are_genes(axes: int, count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    found = offspring(random.random((POPULATION, axes)), count, random)
    assert found.shape == (count, axes)
    assert ((found >= 0) & (found < 1)).all()


def test_about_a_tenth_of_the_genes_is_moved_a_little() -> None:
    genes = np.full((2_000, 5), 0.5)
    moved = mutated(genes, np.random.default_rng(1)) - genes
    assert (moved != 0).mean() == pytest.approx(MUTATION, abs=0.01)
    assert np.abs(moved).mean() / MUTATION < 0.06


def test_equal_parents_have_equal_children_but_for_mutation() -> None:
    genes = np.full((POPULATION, 4), 0.25)
    children = offspring(genes, 200, np.random.default_rng(3))
    same = np.abs(children - 0.25) < 1e-12
    assert same.mean() == pytest.approx(1 - MUTATION, abs=0.04)


def test_it_finds_the_front_of_a_known_problem() -> None:
    """ZDT1 (Zitzler, Deb, Thiele 2000) on five axes: the front is f2 = 1 - sqrt(f1), where x2.. are 0."""

    def scores_of(genes: FloatArray) -> FloatArray:
        slack = 1 + 9 * genes[:, 1:].mean(axis=1)
        return -np.column_stack([genes[:, 0], slack * (1 - np.sqrt(genes[:, 0] / slack))])

    random = np.random.default_rng(7)
    genes = random.random((POPULATION, 5))
    for _ in range(100):
        genes = genes[survivors(scores_of(genes), np.zeros(len(genes)), POPULATION)]
        genes = np.concatenate([genes, offspring(genes, POPULATION, random)])
    best = genes[survivors(scores_of(genes), np.zeros(len(genes)), POPULATION)]
    first, second = -scores_of(best).T
    assert np.median(second - (1 - np.sqrt(first))) < 0.05
    assert np.ptp(first) > 0.8
