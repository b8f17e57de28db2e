from __future__ import annotations

import re

import pytest

from jupyter_codeact.agent.contracts import ModelError
from jupyter_codeact.models.catalog.catalog import CATALOG, DEFAULT_MODEL, find
from jupyter_codeact.models.catalog.model import Entry, Snapshot


def test_the_default_model_is_in_the_catalogue():
    model = find(DEFAULT_MODEL)
    assert model.licence == "Apache-2.0"
    assert isinstance(model, Entry)
    assert model.files[0].packages, "it can be had where only a package index is reached"


def test_an_unknown_name_is_answered_with_the_names_there_are():
    with pytest.raises(ModelError, match=r"no model called 'gpt-9'; there are .*smollm2-135m"):
        find("gpt-9")


@pytest.mark.parametrize(
    "entry", [model for model in CATALOG if isinstance(model, Entry)], ids=lambda entry: entry.name
)
def test_an_entry_is_whole(entry):
    assert entry.supports_images == (entry.projector is not None)
    for file in entry.downloads:
        assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert sum(package.size for package in file.packages) in (0, file.size)
        assert all("==" in package.requirement for package in file.packages)


def test_a_snapshot_is_pinned_to_a_commit():
    snapshots = [model for model in CATALOG if isinstance(model, Snapshot)]
    assert snapshots
    assert all(re.fullmatch(r"[0-9a-f]{40}", snapshot.revision) for snapshot in snapshots)


def test_names_are_told_apart():
    assert len({model.name for model in CATALOG}) == len(CATALOG)
