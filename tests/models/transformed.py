"""The smallest model as transformers is told of it."""

from __future__ import annotations

from pathlib import Path

from jupyter_codeact.models.engines.transformers.settings import Settings

CONTEXT = 4096


def settings(path: Path) -> Settings:
    return Settings(path=str(path), name=path.stem, api_key="key", context=CONTEXT, options={})
