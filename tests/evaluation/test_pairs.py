"""Two models on the same tasks."""

from __future__ import annotations

import pytest

from jupyter_codeact.evaluation.pairs import Pairs, pair, paired_difference, table
from jupyter_codeact.evaluation.records import Case, Episode, Played, Setting


def episode(name: str, solved: bool, suite: str = "notebook") -> Episode:
    played = Played(strict=solved, success=solved, ending="answered", turns=1)
    return Episode(
        suite=suite,
        case=Case(name=name, family="f"),
        sample=0,
        model="m",
        setting=Setting(),
        played=played,
        seconds=1,
    )


def test_the_interval_of_a_paired_difference_is_newcombes() -> None:
    difference, low, high = paired_difference(36, 2, 12, 0)
    assert (difference, low, high) == pytest.approx((0.2, 0.0569, 0.3404), abs=1e-4)


def test_a_difference_and_its_interval_turn_round_with_the_two_models() -> None:
    difference, low, high = paired_difference(20, 3, 9, 8)
    assert paired_difference(20, 9, 3, 8) == pytest.approx((-difference, -high, -low))


def test_only_tasks_that_both_have_tried_count() -> None:
    first = [episode("a", True), episode("b", False), episode("c", True), episode("d", True)]
    second = [episode("a", True), episode("b", True), episode("c", False), episode("e", True)]
    found = pair("notebook", first, second)
    assert found == Pairs("notebook", both=1, only_first=1, only_second=1, none=0)
    assert found.p == 1.0
    head, [row] = table([found], "base", "tuned")
    assert head[2:4] == ["base", "tuned"]
    assert row[:4] == ["notebook", "3", "2 (67%)", "2 (67%)"]


def test_nothing_in_common_is_no_difference() -> None:
    assert paired_difference(0, 0, 0, 0) == (0.0, -1.0, 1.0)
