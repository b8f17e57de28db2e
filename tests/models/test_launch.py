from __future__ import annotations

from pathlib import Path

import pytest
import xllamacpp

from jupyter_codeact.agent.contracts import ModelError
from jupyter_codeact.models.catalog.catalog import find
from jupyter_codeact.models.catalog.machine import Gpu, Machine
from jupyter_codeact.models.engines.launch import EngineOptions, launch
from jupyter_codeact.models.engines.llama import worker
from jupyter_codeact.models.engines.llama.options import read_llama_options
from jupyter_codeact.models.engines.transformers.settings import TransformersOptions, read_options

GPU = Gpu(name="Some GPU", memory=80 << 30, free=80 << 30)
MACHINE = Machine(memory=64 << 30, free=64 << 30, cores=8, gpus=(GPU, GPU))


def test_a_file_runs_with_llama_cpp_and_a_repository_with_transformers():
    engine_options = EngineOptions(context=2048, transformers=TransformersOptions(quantization="4bit"))
    file = launch(find("qwen2.5-coder-1.5b"), engine_options=engine_options, machine=MACHINE)
    repository = launch(find("qwen2.5-coder-7b"), engine_options=engine_options, machine=MACHINE)
    assert file.module.endswith("llama.worker")
    assert repository.module.endswith("transformers.worker")
    assert file.info.context_window == repository.info.context_window == 2048
    assert repository.settings["options"]["quantization"] == "4bit"
    assert repository.where == "transformers on 2 × Some GPU"
    assert launch(Path("/some/folder"), machine=MACHINE).module.endswith("transformers.worker")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/models/coder-1.5b-q4_k_m.gguf", "coder-1.5b-q4_k_m"),
        ("/models/coder-1.5b", "coder-1.5b"),  # which is no suffix
        ("/models/coder-1.5b/../other-0.5b", "other-0.5b"),
    ],
)
def test_a_model_of_the_users_own_is_called_as_its_file_or_folder_is(path, name):
    assert launch(Path(path), machine=MACHINE).name == name


def test_a_conversation_is_no_longer_than_the_model_was_trained_for():
    assert (
        launch(
            find("smollm2-135m"), engine_options=EngineOptions(context=100_000), machine=MACHINE
        ).info.context_window
        == 8_192
    )


def test_what_a_folder_recommends_is_how_its_model_is_asked(tmp_path):
    def settings(generation, template=""):
        (tmp_path / "generation_config.json").write_text(generation)
        (tmp_path / "chat_template.jinja").write_text(template)
        return launch(tmp_path, machine=MACHINE).info.settings

    plain = settings('{"temperature": 0.7, "top_p": 0.8, "top_k": 20}')
    assert (plain.temperature, plain.top_p, plain.reply_tokens) == (0.7, 0.8, 1024)
    thinking = settings('{"temperature": 0.6}', "{% if enable_thinking %}<think>{% endif %}")
    assert (thinking.temperature, thinking.reply_tokens) == (0.6, None)
    for nothing in ("{", "[]", '{"temperature": -1}', '{"temperature": 0.7, "do_sample": false}'):
        assert settings(nothing).temperature is None


def test_a_model_of_2026_is_launched_with_its_projector_its_thinking_and_its_settings():
    ready = launch(find("qwen3.5-9b"), machine=MACHINE)
    assert (ready.settings["projector"], ready.settings["thinks"]) == ("mmproj-F16.gguf", True)
    assert ready.info.supports_images
    assert ready.info.thinks
    assert ready.info.settings.temperature == 0.6
    assert ready.info.settings.reply_tokens is None
    assert launch(find("smollm2-135m"), machine=MACHINE).info.settings.reply_tokens == 1024


def test_llama_cpp_says_where_it_runs_and_how_many_layers_the_user_wants_on_the_gpu():
    llama = Gpu(name="Apple M4", memory=24 << 30, free=18 << 30, backend="Metal")
    on_gpu = MACHINE.model_copy(update={"llama_gpus": (llama,)})
    model = find("qwen3.5-9b")
    assert launch(model, machine=on_gpu).where == "llama.cpp on Apple M4 (Metal)"
    assert launch(model, machine=on_gpu).settings["gpu_layers"] is None
    without = launch(model, machine=on_gpu, engine_options=EngineOptions(gpu_layers=0))
    assert "CPU" in without.where
    assert (without.settings["gpu"], without.settings["gpu_layers"]) == (False, 0)


def test_options_are_read_as_they_are_written_on_a_command_line():
    options = read_options(
        {"memory_share": "0.5", "offload": "true", "dtype": "bfloat16", "max_replies": "4"}
    )
    assert options == TransformersOptions(memory_share=0.5, offload=True, dtype="bfloat16", max_replies=4)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"speed": "11"}, "There is no option 'speed' for transformers; there are dtype,"),
        ({"quantization": "2bit"}, "The option quantization for transformers is wrong"),
        ({"memory_share": 3}, "The option memory_share for transformers is wrong"),
    ],
)
def test_an_option_that_is_none_is_said(given, words):
    with pytest.raises(ModelError, match=words):
        read_options(given)


def test_what_the_catalogue_knows_of_a_model_is_known_before_it_runs():
    seeing, coder = (
        launch(find(name), machine=MACHINE).info for name in ("qwen2.5-vl-7b", "qwen2.5-coder-7b")
    )
    assert seeing.supports_images
    assert not coder.supports_images
    assert {seeing.guidance, coder.guidance} == {"small"}


@pytest.mark.parametrize(
    ("config", "sees"),
    [('{"vision_config": {}}', True), ("{}", False), ("[]", False), ("{", False), (None, False)],
)
def test_a_folder_of_the_users_own_tells_whether_its_model_takes_images(tmp_path, config, sees):
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    assert launch(tmp_path, machine=MACHINE).info.supports_images is sees


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"gpu": True}, (-1, True, 2048)),  # as many layers as fit: llama.cpp's own way
        ({"gpu": True, "gpu_layers": 12}, (12, False, 2048)),
        ({"gpu_layers": 0}, (0, False, 256)),
        ({"projector": "mmproj.gguf"}, (-1, True, 512)),
    ],
)
def test_what_was_chosen_for_the_gpu_reaches_llama_cpp(chosen, expected):
    settings = {"path": "/models/a.gguf", "name": "a", "api_key": "key", "context": 4096, "slots": 1}
    settings |= {
        "cache": 0,
        "projector": "",
        "adapter": "",
        "thinks": False,
        "gpu": False,
        "gpu_layers": None,
        "options": {},
    }
    parameters = worker._parameters(xllamacpp, settings | chosen)
    assert (parameters.n_gpu_layers, parameters.fit_params, parameters.n_batch) == expected
    assert parameters.mmproj.path == ("/models/mmproj.gguf" if "projector" in chosen else "")


def test_what_the_user_wants_of_llama_cpp_reaches_it():
    wanted = {
        "threads": 3,
        "batch": "64",
        "cache_type_k": "q8_0",
        "flash_attention": "on",
        "cache_reuse": 256,
    }
    options = EngineOptions(llama=read_llama_options(wanted))
    settings = launch(find("smollm2-135m"), engine_options=options, machine=MACHINE).settings
    parameters = worker._parameters(xllamacpp, {**settings, "path": "a", "name": "a", "api_key": "key"})
    assert parameters.cpuparams.n_threads == 3
    assert parameters.n_batch == parameters.n_ubatch == 64
    assert parameters.cache_type_k == xllamacpp.ggml_type.GGML_TYPE_Q8_0
    assert parameters.cache_type_v == xllamacpp.ggml_type.GGML_TYPE_F16
    assert parameters.flash_attn_type == xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_ENABLED
    assert parameters.n_cache_reuse == 256


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"cache_type": "q8_0"}, "no option 'cache_type' for llama.cpp; there are"),
        ({"batch": 0}, "batch"),
        ({"cache_type_v": "q8_0", "flash_attention": "off"}, "cache_type_v=q8_0 needs flash_attention"),
    ],
)
def test_a_wrong_option_for_llama_cpp_is_named(wrong, words):
    with pytest.raises(ModelError, match=words):
        read_llama_options(wrong)
