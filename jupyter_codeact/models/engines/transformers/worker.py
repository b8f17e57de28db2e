"""The child process that runs one model with transformers, as an OpenAI-compatible server on loopback.

It receives its `settings.Settings` and reports as `child.Child` describes.

transformers has a server of its own (``transformers serve``), which does not suit us: whoever reaches its
port can use it and load any model of the Hub; it fetches images from any address; and its continuous batching
ignores stop strings, applies the first request's temperature to all, and does not tell what the prefix cache
served. The hard part (batching, paged cache, graphs) is transformers' here, too; the rest is small, and
Tornado is installed already.
"""

from __future__ import annotations

import asyncio
import os
import threading

from platformdirs import user_cache_path

from ...extras import install
from ..child import Child
from .settings import Settings, TransformersOptions


def main() -> None:
    """Run the child process."""
    child = Child()
    settings: Settings = child.settings
    options = TransformersOptions.model_validate(settings["options"])
    # The model is here, so nothing has to be asked or sent.
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    if "/" not in (options.attn_implementation or ""):
        os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ.setdefault("TQDM_DISABLE", "1")  # progress bars make a log unreadable
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if options.compile:
        # By default, what is compiled lies in a folder for temporary files, where others may write.
        compiled = user_cache_path("jupyter-codeact", appauthor=False) / "compiled"
        compiled.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(compiled))
    try:
        from .loading import load
        from .server import serve

        loaded = load(settings, options, lambda share: child.report(loading=round(share, 2)))
        threading.Thread(target=child.wait_for_parent, daemon=True).start()
        asyncio.run(serve(loaded, settings, ready=lambda port: child.report(port=port)))
    except ImportError as error:
        child.fail(f"{error}. The engine for GPUs needs `{install('gpu')}`")
    except (OSError, RuntimeError, ValueError, MemoryError) as error:
        child.fail(" ".join(str(error).split())[:500])


if __name__ == "__main__":
    main()
