from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_codeact.agent.contracts import ModelError
from jupyter_codeact.models.catalog.catalog import find
from jupyter_codeact.models.catalog.machine import Gpu, Machine
from jupyter_codeact.models.engines.launch import EngineOptions, launch
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
        launch(find("smollm2-135m"), engine_options=EngineOptions(context=100_000)).info.context_window
        == 8_192
    )


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
