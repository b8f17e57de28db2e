"""Whether a model sees, judged by its name where its server does not say."""

from __future__ import annotations

import re

_SEEING = re.compile(
    r"(?<![a-z0-9])("
    r"gpt-?4o|gpt-?4\.1|gpt-?4\.5|gpt-?4-(turbo|vision)|gpt-?[5-9]|chatgpt-4o|o[134](?!\w)(?!-mini)|o4-mini"
    r"|claude|gemini|grok-?[4-9]|grok-?2-vision"
    r"|gemma-?3(?!n)|gemma-?[4-9]|qwen-?[0-9.]*-?(vl|omni)|qwen-?3\.[5-9]|qvq"
    r"|llava|bakllava|moondream|pixtral|internvl|minicpm-?v|smolvlm|molmo|phi-?[34](\.5)?-(vision|multimodal)"
    r"|llama-?4|llama-?3\.2-(11b|90b)|llama-?3\.2-vision|mistral-(small-3\.[1-9]|medium-3)|glm-?4\.[15]v"
    r"|kimi-(vl|k2\.5)"
    r")(?![a-z])|(?<![a-z0-9])(vl|vlm|vision)(?![a-z0-9])",
    re.IGNORECASE,
)
_BLIND = re.compile(r"gemma-?3-?(1b|270m)|gemma-?3:(1b|270m)|embed|rerank|-text\b", re.IGNORECASE)


def sees(name: str) -> bool | None:
    """Return ``True`` for a model known to take images, ``None`` for any other.

    A guess costs nothing where it is wrong: the endpoint refuses the image, and is asked without.
    """
    return True if _SEEING.search(name) and not _BLIND.search(name) else None
