from __future__ import annotations

import re

import pytest

from jupyter_codeact.models.catalog import auto
from jupyter_codeact.models.catalog.catalog import CATALOG, find
from jupyter_codeact.models.catalog.machine import Gpu, Machine, _container_memory, cores, parse_gpus

GB = 10**9


def machine(memory: float = 32, *gpus: float, missing: str = "", free: float | None = None) -> Machine:
    return Machine(
        memory=int(memory * GB),
        free=int((memory if free is None else free) * GB),
        cores=8,
        gpus=tuple(Gpu(name="Some GPU", memory=int(size * GB), free=int(size * GB)) for size in gpus),
        missing=missing,
    )


def choose(machine: Machine, *here: str) -> auto.Choice:
    return auto.choose(machine, lambda model: model.name in here)


@pytest.mark.parametrize(
    ("on", "here", "name", "words"),
    [
        (machine(16), (), "qwen2.5-coder-1.5b", "there is no NVIDIA GPU"),
        (
            machine(2),
            (),
            "qwen2.5-coder-1.5b",
            "one conversation of 4,096 tokens at a time, because there is no",
        ),
        (machine(1), (), "smollm2-135m", "a toy.*needs 3.1 GB of memory, and there are 1.0 GB.*endpoint"),
        (machine(16, free=1), (), "qwen2.5-coder-1.5b", r"once 3.1 GB of memory are free \(1.0 GB are now\)"),
        (machine(64, 80), (), "qwen2.5-coder-7b", "the largest that fits; it will be downloaded"),
        (machine(64, 24), (), "qwen2.5-coder-7b", "on the Some GPU, in 22.7 GB of its memory"),
        (machine(64, 80), ("qwen2.5-coder-7b",), "qwen2.5-coder-7b", "the largest that fits and it is here"),
        (machine(64, 12), (), "qwen2.5-coder-1.5b-gpu", "the largest that fits"),
        (machine(64, 12), ("qwen2.5-coder-3b",), "qwen2.5-coder-3b", "it is here"),
        (
            machine(64, 80),
            ("qwen2.5-coder-1.5b-gpu",),
            "qwen2.5-coder-1.5b-gpu",
            "is here already, while qwen2.5-coder-7b would fit, too",
        ),
        (machine(64, 6), (), "qwen2.5-coder-1.5b", "no GPU has 7.3 GB of free memory"),
        (
            machine(64, 80, missing="torch is not installed"),
            (),
            "qwen2.5-coder-1.5b",
            "torch is not installed",
        ),
        (machine(64, 80), ("qwen2.5-vl-7b",), "qwen2.5-coder-7b", "downloaded"),
    ],
)
def test_auto_picks_what_suits_the_machine_and_says_why(on, here, name, words):
    choice = choose(on, *here)
    assert choice.model.name == name
    assert choice.why.startswith(name)
    assert choice.why.endswith(".")
    assert re.search(words, choice.why)


@pytest.mark.parametrize("size", [2, 4, 8, 12, 16, 24, 40, 80])
def test_auto_never_picks_a_model_of_restricted_use_that_the_user_did_not_pull(size):
    assert not choose(machine(64, size)).model.restricted


def test_what_auto_picks_fits():
    for on in (machine(4), machine(16), machine(16, 8), machine(16, 24), machine(64, 80, 80)):
        assert auto.fits(choose(on).model, on)[0]


@pytest.mark.parametrize(
    ("name", "on", "answer", "words"),
    [
        ("qwen2.5-coder-1.5b", machine(16), True, "on the CPU, in 3.1 GB of memory"),
        ("qwen2.5-coder-7b", machine(64), False, "needs an NVIDIA GPU"),
        ("qwen2.5-coder-7b", machine(64, 8), False, "needs 22.7 GB of GPU memory, and there are 8.0 GB"),
        ("qwen2.5-coder-7b", machine(64, 16, 16), True, "over 2 GPUs together, one reply at a time"),
        (
            "qwen2.5-coder-7b",
            machine(64, 80, missing="torch is not installed"),
            False,
            "torch is not installed",
        ),
    ],
)
def test_whether_a_model_fits_is_said_in_words(name, on, answer, words):
    fits, said = auto.fits(find(name), on)
    assert fits is answer
    assert words in said


@pytest.mark.parametrize(
    ("memory", "room"),
    [
        (16 * GB, auto.Capacity(context=16_384, slots=2, cache=1024)),
        (3 * GB, auto.Capacity(context=16_384, slots=1, cache=0)),
        (2 << 30, auto.Capacity(context=8192, slots=1, cache=0)),
        (1 << 30, None),
    ],
)
def test_where_memory_is_short_there_is_one_conversation_and_that_shorter(memory, room):
    assert auto.capacity(find("qwen2.5-coder-1.5b"), memory) == room


def test_what_is_short_of_memory_is_said():
    small = Machine(memory=2 << 30, free=1 << 30, cores=2)
    assert auto.fits(find("qwen2.5-coder-1.5b"), small) == (
        True,
        "on the CPU, one conversation of 8,192 tokens at a time",
    )


def test_a_gpu_in_use_is_told_from_one_that_is_too_small():
    busy = Machine(
        memory=64 * GB, free=64 * GB, cores=8, gpus=(Gpu(name="Some GPU", memory=80 * GB, free=3 * GB),)
    )
    assert auto.fits(find("qwen2.5-coder-7b"), busy) == (
        True,
        "on a GPU, once 22.7 GB of its memory are free (3.0 GB are now)",
    )


def test_every_model_of_the_catalogue_has_words_for_every_machine():
    for model in CATALOG:
        for on in (
            machine(1),
            machine(64),
            machine(64, 80),
            machine(64, 80, missing="torch is not installed"),
        ):
            assert auto.fits(model, on)[1]


LISTED = """\
0, GPU-11111111-aaaa, NVIDIA H100 80GB HBM3, 81559, 80994
1, GPU-22222222-bbbb, NVIDIA H100 80GB HBM3, 81559, 1024
2, GPU-33333333-cccc, NVIDIA A100, [N/A], [N/A]
"""


def test_gpus_are_read_from_what_the_driver_lists():
    assert parse_gpus(LISTED) == (
        Gpu(name="NVIDIA H100 80GB HBM3", memory=81559 << 20, free=80994 << 20),
        Gpu(name="NVIDIA H100 80GB HBM3", memory=81559 << 20, free=1024 << 20),
    )
    assert parse_gpus("No devices were found\n") == ()


@pytest.mark.parametrize(
    ("visible", "free"),
    [("1", [1024]), ("GPU-2222", [1024]), ("1,0", [1024, 80994]), ("", []), ("-1", []), ("0,7,1", [80994])],
)
def test_only_the_gpus_that_cuda_may_see_count(visible, free):
    assert [gpu.free >> 20 for gpu in parse_gpus(LISTED, visible)] == free


def test_a_container_s_share_of_the_memory_counts(tmp_path, monkeypatch):
    assert _container_memory(tmp_path) == (0, 0)
    monkeypatch.setenv("MEM_LIMIT", "2147483648")
    assert _container_memory(tmp_path) == (2 << 30, 0)
    (tmp_path / "memory.max").write_text("max\n")
    assert _container_memory(tmp_path) == (2 << 30, 0)
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("900\n")
    (tmp_path / "memory.stat").write_text("anon 500\ninactive_file 300\nactive_file 100\n")
    assert _container_memory(tmp_path) == (1000, 500)


def test_a_container_s_share_of_the_processor_counts(tmp_path):
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    assert cores(tmp_path) == 1
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert cores(tmp_path) >= 1
