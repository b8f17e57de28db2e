"""A model that sees, made up here: tiny, of random weights, but of the real classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_codeact.models.engines.transformers.generation import GenerationRequest
from jupyter_codeact.models.engines.transformers.loading import LoadedModel, load
from jupyter_codeact.models.engines.transformers.plain import PlainGenerator
from jupyter_codeact.models.engines.transformers.settings import TransformersOptions
from jupyter_codeact.models.engines.transformers.text import UnsupportedContentError, encode
from tests.models.pictures import asking, picture
from tests.models.transformed import settings

PICTURE = "<image>"
TEMPLATE = """\
{%- for message in messages -%}
<|im_start|>{{ message.role }}
{% for part in message.content -%}
{%- if part.type == 'image' -%}<image>{%- else -%}{{ part.text }}{%- endif -%}
{%- endfor %}<|im_end|>
{% endfor -%}
{%- if add_generation_prompt -%}<|im_start|>assistant
{% endif -%}"""


@pytest.fixture(scope="module")
def seeing(loaded: Any, tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """Return a model that sees, loaded from a folder as from the Hub."""
    import transformers
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    path: Path = tmp_path_factory.mktemp("seeing")
    loaded.tokenizer.save_pretrained(path)
    tokenizer = transformers.AutoTokenizer.from_pretrained(path)
    tokenizer.add_special_tokens({"additional_special_tokens": [PICTURE]})
    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = transformers.LlavaConfig(
        text_config=transformers.LlamaConfig(
            vocab_size=len(tokenizer), num_key_value_heads=2, max_position_embeddings=2048, **small
        ),
        vision_config=transformers.CLIPVisionConfig(image_size=28, patch_size=14, **small),
        image_token_index=tokenizer.convert_tokens_to_ids(PICTURE),
        vision_feature_layer=-1,
    )
    transformers.LlavaForConditionalGeneration(config).save_pretrained(path)
    transformers.LlavaProcessor(
        image_processor=CLIPImageProcessorPil(size={"height": 28, "width": 28}, crop_size=28),
        tokenizer=tokenizer,
        patch_size=14,
        num_additional_image_tokens=1,
        vision_feature_select_strategy="default",
        image_token=PICTURE,
        chat_template=TEMPLATE,
    ).save_pretrained(path)
    return load(settings(path), TransformersOptions(), lambda _: None)


async def test_a_picture_is_part_of_what_a_model_that_sees_reads(seeing: LoadedModel) -> None:
    generator = PlainGenerator(seeing)
    for messages, pictures in ((asking(picture("red"), picture("blue")), 2), (asking(), 0)):
        tokens, images = encode(seeing, messages)
        assert tokens.count(seeing.tokenizer.convert_tokens_to_ids(PICTURE)) == 4 * pictures
        assert bool(images) == bool(pictures)
        steps = [step async for step in generator.generate(GenerationRequest(tokens, 4, 0.0, 1, images))]
        assert steps[-1].finish in ("stop", "length")
        assert steps[-1].cached == 0
    generator.close()


def test_pictures_of_other_colours_are_other_input(seeing: LoadedModel) -> None:
    red, blue = (encode(seeing, asking(picture(colour, "JPEG"))) for colour in ("red", "blue"))
    assert red[0] == blue[0]
    assert not red[1]["pixel_values"].equal(blue[1]["pixel_values"])


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://example.com/cat.png", "must be data URLs.*fetches nothing"),
        ("file:///etc/passwd", "must be data URLs"),
        ("data:image/png;base64,bm90IGEgcGljdHVyZQ==", "cannot be read"),
        ("data:image/png;base64,%%%", "cannot be read"),
    ],
)
def test_nothing_is_fetched_for_a_picture_and_a_broken_one_is_said(
    seeing: LoadedModel, url: str, words: str
) -> None:
    with pytest.raises(UnsupportedContentError, match=words):
        encode(seeing, asking({"type": "image_url", "image_url": {"url": url}}))
