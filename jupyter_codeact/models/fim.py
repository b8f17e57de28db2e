"""Models that fill in the middle: trained to write what stands between two pieces of code."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class FimTokens:
    """How a model is given the code before and after a gap; what it writes then belongs into the gap.

    Attributes
    ----------
    before, after, middle : str
        The tokens that stand before the code that precedes the gap, before the code that follows it, and
        before what the model writes.
    others : tuple of str
        Further tokens of these models, with which they end what they write.
    """

    before: str
    after: str
    middle: str
    others: tuple[str, ...] = ()

    def prompt(self, before: str, after: str) -> str:
        """Return the prompt for a gap; tokens that stand in the code itself are taken out of it."""
        return f"{self.before}{self._plain(before)}{self.after}{self._plain(after)}{self.middle}"

    @property
    def stop(self) -> tuple[str, ...]:
        """What a server is to stop at, should it not know these tokens as ends of a text."""
        return tuple(token.strip() for token in (*self.others, self.before, self.middle))

    def _plain(self, code: str) -> str:
        for token in (*self.stop, self.after.strip()):
            code = code.replace(token, "")
        return code


_PIPES = FimTokens(
    "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", ("<|endoftext|>", "<|file_sep|>", "<|fim_pad|>")
)
_PLAIN = FimTokens("<fim_prefix>", "<fim_suffix>", "<fim_middle>", ("<|endoftext|>", "<file_sep>"))
_BAR = "\N{FULLWIDTH VERTICAL LINE}"
_DEEPSEEK = FimTokens(
    f"<{_BAR}fim▁begin{_BAR}>",
    f"<{_BAR}fim▁hole{_BAR}>",
    f"<{_BAR}fim▁end{_BAR}>",
    (f"<{_BAR}end▁of▁sentence{_BAR}>",),
)
_LLAMA = FimTokens("<PRE> ", " <SUF>", " <MID>", ("<EOT>",))

_FAMILIES = (
    (r"qwen-?2\.5-?coder|qwen-?3-?coder|codegemma", _PIPES),
    (r"starcoder|starchat|stable-?code|codeqwen|refact|granite-?[0-9.]*[0-9]b-code", _PLAIN),
    (r"deepseek-?coder", _DEEPSEEK),
    (r"code-?llama(?!.*(python|34b|70b))", _LLAMA),
)


def fim_tokens(name: str) -> FimTokens | None:
    """Return the tokens of a model, judged by its name; ``None`` if it is not known to fill in the middle.

    The tokens alone tell little: whole families have them in their vocabulary, and only the models for code
    were trained with them.
    """
    plain = re.sub(r"[\s_:/]+", "-", name.lower())
    return next((tokens for pattern, tokens in _FAMILIES if re.search(pattern, plain)), None)
