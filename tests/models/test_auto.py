from __future__ import annotations

import re
from pathlib import Path

import pytest

from jupyter_codeact.models.catalog import auto
from jupyter_codeact.models.catalog.catalog import CATALOG, find
from jupyter_codeact.models.catalog.fit import Capacity, capacity_on, fit
from jupyter_codeact.models.catalog.machine import (
    Gpu,
    Machine,
    _container_memory,
    cores,
    parse_gpus,
    read_llama_gpus,
)

GB = 10**9


def gpu(size: float, free: float | None = None) -> Gpu:
    return Gpu(name="Some GPU", memory=int(size * GB), free=int((size if free is None else free) * GB))


def machine(
    memory: float = 32,
    *gpus: float,
    missing: str = "",
    free: float | None = None,
    cores: int = 8,
    llama: float = 0,
) -> Machine:
    return Machine(
        memory=int(memory * GB),
        free=int((memory if free is None else free) * GB),
        cores=cores,
        gpus=tuple(map(gpu, gpus)),
        missing=missing,
        llama_gpus=(gpu(llama),) if llama else (),
    )


def choose(machine: Machine, *here: str) -> auto.Choice:
    return auto.choose(machine, lambda model: model.name in here)


@pytest.mark.parametrize(
    ("on", "here", "name", "words"),
    [
        (machine(16), (), "qwen2.5-coder-1.5b", "the default, which will be downloaded"),
        (machine(16), ("qwen2.5-coder-1.5b",), "qwen2.5-coder-1.5b", "the best that is here"),
        (machine(2), (), "qwen2.5-coder-1.5b", "one conversation of 4,096 tokens at a time: the default"),
        (machine(1), (), "smollm2-135m", "a toy, because .* needs 1.9 GB of memory, and there are 1.0 GB"),
        (machine(16, free=1), (), "qwen2.5-coder-1.5b", r"once 3.1 GB of memory are free \(1.0 GB are now\)"),
        (machine(16), ("qwen2.5-coder-1.5b", "qwen3.5-4b"), "qwen3.5-4b", "the best that is here"),
        (machine(8), ("qwen2.5-coder-1.5b", "qwen3.5-9b"), "qwen2.5-coder-1.5b", "the best"),
        (machine(64, cores=2), ("qwen3.5-9b", "qwen3.5-2b"), "qwen3.5-2b", "the best"),
        (machine(64, 80), (), "qwen2.5-coder-1.5b", "the default"),
        (machine(64, 80), ("qwen2.5-coder-7b",), "qwen2.5-coder-7b", "on the Some GPU, in 22.7 GB"),
        (machine(64, 8), ("qwen2.5-coder-7b",), "qwen2.5-coder-1.5b", "the default"),
        (machine(64, 12), ("qwen2.5-coder-3b",), "qwen2.5-coder-3b", "the best that is here"),
        (machine(64, 80, missing="no torch"), ("qwen2.5-coder-7b",), "qwen2.5-coder-1.5b", "the default"),
        (machine(64, llama=24), ("qwen3.8-27b", "qwen3.5-9b"), "qwen3.8-27b", "on the Some GPU"),
    ],
)
def test_auto_picks_the_best_that_is_here_and_downloads_nothing_but_the_default(on, here, name, words):
    choice = choose(on, *here)
    assert choice.model.name == name
    assert choice.why.startswith(name)
    assert choice.why.endswith(".")
    assert re.search(words, choice.why)


@pytest.mark.parametrize(
    ("on", "offer"),
    [
        (machine(4), None),
        (machine(8), "qwen3.5-4b"),
        (machine(8, cores=2), "qwen3.5-2b"),
        (machine(16), "qwen3.5-9b"),
        (machine(24), "gpt-oss-20b"),
        (machine(32), "qwen3.6-35b-a3b"),
        (machine(32, llama=12), "qwen3.6-35b-a3b"),
        (machine(16, llama=12), "gemma-4-12b"),
        (machine(16, llama=24), "qwen3.8-27b"),
        (machine(64, llama=48), "qwen3.8-27b-q8"),
        (machine(16, 48), "qwen3.8-27b-fp8"),
    ],
)
def test_a_better_model_that_fits_is_offered_with_its_size_and_licence(on, offer):
    choice = choose(on, "qwen2.5-coder-1.5b")
    assert (choice.offer.name if choice.offer else None) == offer
    if choice.offer:
        assert f"{offer} ({auto.size_of(choice.offer)}, Apache-2.0) would be better" in choice.why


def test_who_has_the_best_or_is_offline_is_offered_nothing(monkeypatch):
    assert choose(machine(16), "qwen3.5-9b").offer is None
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert choose(machine(16)).offer is None


def test_what_a_bigger_machine_could_run_is_said():
    assert choose(machine(4)).bigger == "With 8 GB of memory it could run qwen3.5-4b (3.4 GB, Apache-2.0)."
    assert "32 GB of memory it could run qwen3.6-35b-a3b" in choose(machine(16)).bigger
    assert "With a GPU of 24 GB it could run qwen3.8-27b (" in choose(machine(32)).bigger
    assert choose(machine(64, llama=48)).bigger == ""


@pytest.mark.parametrize("size", [2, 4, 8, 12, 16, 24, 40, 80])
def test_no_model_of_restricted_use_is_ever_offered(size):
    assert not auto.suggested(machine(64, size)).restricted


def test_what_auto_picks_fits():
    for on in (machine(4), machine(16), machine(16, 8), machine(16, 24), machine(64, llama=80)):
        assert fit(choose(on).model, on).runs


@pytest.mark.parametrize(
    ("name", "on", "answer", "words"),
    [
        ("qwen2.5-coder-1.5b", machine(16), True, "on the CPU, in 3.1 GB of memory"),
        ("qwen2.5-coder-7b", machine(64), False, "needs an NVIDIA GPU"),
        ("qwen2.5-coder-7b", machine(64, 8), False, "needs 22.7 GB of GPU memory, and there are 8.0 GB"),
        ("qwen2.5-coder-7b", machine(64, 16, 16), True, "over 2 GPUs together, one reply at a time"),
        ("qwen3.8-27b", machine(16), False, "needs 21.5 GB of memory, and there are 16.0 GB"),
        ("qwen3.8-27b", machine(16, llama=48), True, "on the Some GPU, in 23.1 GB of its memory"),
        (
            "qwen2.5-coder-7b",
            machine(64, 80, missing="torch is not installed"),
            False,
            "torch is not installed",
        ),
    ],
)
def test_whether_a_model_fits_is_said_in_words(name, on, answer, words):
    found = fit(find(name), on)
    assert found.runs is answer
    assert words in found.words


@pytest.mark.parametrize(
    ("name", "on", "room"),
    [
        ("qwen2.5-coder-1.5b", machine(16), Capacity(context=16_384, slots=2, cache=1024)),
        ("qwen2.5-coder-1.5b", machine(3), Capacity(context=16_384, slots=1, cache=0)),
        ("qwen2.5-coder-1.5b", machine(2.15), Capacity(context=8192, slots=1, cache=0)),
        ("qwen2.5-coder-1.5b", machine(1), None),
        ("qwen3.5-9b", machine(16), Capacity(context=32_768, slots=2, cache=1024)),
        ("qwen3.5-9b", machine(9, llama=12), Capacity(context=32_768, slots=2, cache=1024)),
    ],
)
def test_where_memory_is_short_there_is_one_conversation_and_that_shorter(name, on, room):
    assert capacity_on(find(name), on) == room


def test_a_gpu_in_use_is_told_from_one_that_is_too_small():
    busy = machine(64).model_copy(update={"gpus": (gpu(80, free=3),)})
    found = fit(find("qwen2.5-coder-7b"), busy)
    assert found.runs
    assert found.words == "on a GPU, once 22.7 GB of its memory are free (3.0 GB are now)"


def test_every_model_of_the_catalogue_has_words_for_every_machine():
    for model in CATALOG:
        for on in (
            machine(1),
            machine(64),
            machine(64, 80),
            machine(64, llama=80),
            machine(64, 80, missing="x"),
        ):
            assert fit(model, on).words


def test_the_gpus_of_llama_cpp_are_read_from_its_devices():
    told = """some line of a driver
[["CUDA0", "NVIDIA H100", 80, 70, "GPU"], ["Vulkan1", "Intel", 16, 20, "IGPU"], ["CPU", "AMD", 1, 1, "CPU"]]
"""
    assert read_llama_gpus(told) == (Gpu(name="NVIDIA H100", memory=80, free=70, backend="CUDA"),)
    assert read_llama_gpus('[["MTL0", "Apple M4", 24, 18, "GPU"]]')[0].backend == "Metal"
    assert read_llama_gpus('[["Vulkan0", "Intel", 16, 20, "IGPU"]]')[0].free == 16
    assert read_llama_gpus("") == ()


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


PAGE = (Path(__file__).parents[2] / "docs" / "models.md").read_text()


@pytest.mark.parametrize("model", CATALOG, ids=lambda model: model.name)
def test_the_documentation_lists_what_the_catalogue_has(model):
    images, thinks = ("yes" if holds else "no" for holds in (model.supports_images, model.thinks))
    cells = f"`{model.name}` | {auto.size_of(model)} | {model.licence} | {model.context:,} tokens"
    assert f"| {cells} | {images} | {thinks} |" in PAGE


@pytest.mark.parametrize(
    ("row", "on"),
    [
        ("8 GB of memory, 2 CPU cores", machine(8, cores=2)),
        ("8 GB of memory, 8 CPU cores", machine(8)),
        ("16 GB of memory, 8 CPU cores", machine(16)),
        ("32 GB of memory, 8 CPU cores", machine(32)),
        ("a GPU of 12 GB", machine(16, llama=12)),
        ("a GPU of 24 GB", machine(16, llama=24)),
        ("a GPU of 48 GB", machine(16, llama=48)),
    ],
)
def test_the_documentation_says_what_is_suggested_for_a_machine(row, on):
    assert f"| {row} | `{auto.suggested(on).name}` |" in PAGE
