"""The seeded bugs fit the shipped code; `python -m tests.simulation.mutations` hunts them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.simulation.mutations import hunt
from tests.simulation.seeded_bugs import MUTATIONS, Mutation
from tests.support.paths import PROJECT


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: str(mutation.name))
def test_a_seeded_bug_changes_the_code_that_is_there(mutation: Mutation, tmp_path: Path) -> None:
    target = tmp_path / mutation.file
    target.parent.mkdir(parents=True)
    shutil.copyfile(PROJECT / mutation.file, target)

    mutation.apply(tmp_path)

    assert target.read_bytes() != (PROJECT / mutation.file).read_bytes()
    compile(target.read_text(), mutation.file, "exec")


def test_there_are_at_least_twenty_of_them() -> None:
    assert len({mutation.name for mutation in MUTATIONS}) >= 20


@pytest.mark.long
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: str(mutation.name))
def test_the_machine_finds_a_seeded_bug_again(mutation: Mutation) -> None:
    found = hunt(mutation, range(mutation.seed, mutation.seed + 1))

    assert found.invariant, found.text
