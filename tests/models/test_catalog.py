from __future__ import annotations

import re

import pytest

from jupyter_codeact.agent.contracts import ModelError
from jupyter_codeact.models.catalog.catalog import CATALOG, DEFAULT_MODEL, Entry, Snapshot, find


def test_the_default_model_is_in_the_catalogue():
    assert find(DEFAULT_MODEL).licence == "Apache-2.0"


def test_an_unknown_name_is_answered_with_the_names_there_are():
    with pytest.raises(ModelError, match=r"no model called 'gpt-9'; there are .*smollm2-135m"):
        find("gpt-9")


@pytest.mark.parametrize(
    "entry", [model for model in CATALOG if isinstance(model, Entry)], ids=lambda entry: entry.name
)
def test_an_entry_is_whole(entry):
    assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256)
    assert sum(package.size for package in entry.packages) == entry.size
    assert all("==" in package.requirement for package in entry.packages)


def test_a_snapshot_is_pinned_to_a_commit():
    snapshots = [model for model in CATALOG if isinstance(model, Snapshot)]
    assert snapshots
    assert all(re.fullmatch(r"[0-9a-f]{40}", snapshot.revision) for snapshot in snapshots)


def test_names_are_told_apart():
    assert len({model.name for model in CATALOG}) == len(CATALOG)
