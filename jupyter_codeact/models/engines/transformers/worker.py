"""The child process that runs one model with transformers, as an OpenAI-compatible server on loopback.

How it is told what to do (`transformers_settings.Settings`) and how it answers is in `child`.

transformers has a server of its own (``transformers serve``). This one is not built on it because there,
anyone who reaches the port may use it and load any model of the Hub; images are fetched from any address;
and in continuous batching, stop strings are ignored, the first request's temperature is everyone's, and
nobody is told what the prefix cache served. What is hard, the batching, the paged cache and the graphs,
is transformers' own; what is left is small, and Tornado is here already.
"""

from __future__ import annotations

import asyncio
import os
import threading

from ..child import Child
from .settings import Settings, TransformersOptions


def main() -> None:
    """Be the child process."""
    child = Child()
    settings: Settings = child.settings
    options = TransformersOptions.model_validate(settings["options"])
    # The model is here, so there is nothing to ask or tell anyone.
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    if "/" not in (options.attn_implementation or ""):
        os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ.setdefault("TQDM_DISABLE", "1")  # bars make a log unreadable
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        from .loading import load
        from .server import serve

        loaded = load(settings, options, lambda share: child.say(loading=round(share, 2)))
        threading.Thread(target=child.stay, daemon=True).start()
        asyncio.run(serve(loaded, settings, ready=lambda port: child.say(port=port)))
    except ImportError as error:
        child.fail(f"{error}. The engine for GPUs needs `pip install 'jupyter-codeact[gpu]'`")
    except (OSError, RuntimeError, ValueError, MemoryError) as error:
        child.fail(" ".join(str(error).split())[:500])


if __name__ == "__main__":
    main()
