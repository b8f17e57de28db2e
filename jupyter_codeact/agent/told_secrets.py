"""Secrets that a conversation itself tells, masked in what leaves it: exports and training data.

A model is shown no secret of the environment (`secrets`). But a user may have typed one, a cell may have one
in its code, and an export may be read where the environment that held it is long gone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from .secrets import environment_secrets, is_secret_name, masker, passwords_in

Mask = Callable[[str], str]

HIDDEN = "[secret hidden]"

_NAMED = re.compile(
    r"""(?<![\w.-])[.-]{0,3}(?P<name>[A-Za-z_][\w.-]{1,200})["']?\]?(?P<sign>\s{0,4}(?::\s{0,4}(?:str\s{0,4}=)?|=|,)\s{0,4}|\s(?:is|was)\s)"""
    r"""(?P<value>"[^"\n]{4,512}"|'[^'\n]{4,512}'|[^\s"'(){}\[\],;]{4,512}(?![\w(]))"""
)
"""A value with a name: in code, JSON, a file of settings, or a sentence."""
_OPTION = re.compile(
    r"(?:--[\w-]{0,32}(?:password|passwd|token|key|secret)(?:=|\s{1,4})|\s-u\s{0,4}[\w.-]{1,64}:)(?P<value>[^\s'\"]{4,512})",
    re.IGNORECASE,
)
"""A secret among the arguments of a command."""
_PASSWORD = re.compile(r"pass|pwd|secret|credential", re.IGNORECASE)
_MIXED = re.compile(r"(?=.*\d)(?=.*[A-Za-z_\W])")
_KEYS = re.compile(
    r"\b(?:"
    r"sk-[A-Za-z0-9_-]{16,}|sk_(?:live|test)_\w{16,}|gh[opsur]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}"
    r"|xox[abprs]-[\w-]{10,}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{30,}|hf_[A-Za-z0-9]{20,}|npm_\w{30,}"
    r"|hooks\.slack\.com/services/[\w/]{8,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|SG\.[\w-]{16,}\.[\w-]{16,}|AGE-SECRET-KEY-\w{20,}"
    r")"
)
_BEARER = re.compile(r"\b(?P<kind>Bearer|Basic|Token) (?P<value>[A-Za-z0-9+/_.~-]{12,}={0,2})")
_PRIVATE_KEY = re.compile(r"-----BEGIN ([A-Z ]{0,32}PRIVATE KEY)-----[\s\S]{0,8000}?-----END \1-----")


def mask_told(texts: Iterable[str]) -> Mask:
    """Return a function that masks the secrets in a conversation, which consists of these texts.

    Masked are those of this process's environment, what has the form of a well-known kind of key, and,
    wherever it is, a value that the conversation gives a secret's name anywhere (``api_key = "…"``).
    """
    secrets = environment_secrets()
    # a call of a tool has its code as JSON
    views = (view for text in texts for view in (text, text.replace("\\n", "\n").replace('\\"', '"')))
    for name, value in (found for text in views for found in named_secrets(text)):
        if value not in secrets.values():
            secrets[name if name not in secrets else f"{name} {len(secrets)}"] = value
    known = masker(secrets)

    def mask(text: str) -> str:
        text = _KEYS.sub(HIDDEN, known(_PRIVATE_KEY.sub(HIDDEN, text)))
        return _BEARER.sub(lambda found: f"{found['kind']} {HIDDEN}", text)

    return mask


def named_secrets(text: str) -> Iterator[tuple[str, str]]:
    """Yield the values that a text gives the name of a secret, and passwords in URLs and assignments."""
    for found in _NAMED.finditer(text):
        name, value, sign = found["name"].rpartition(".")[2], found["value"], found["sign"].strip()
        if sign == "," and not text.endswith(('("', "('"), 0, found.start()):
            continue  # in a list, and no call such as setdefault("API_KEY", "...")
        if is_secret_name(name) and _may_be_secret(name, sign, value):
            yield name, value.strip("\"'") if value[0] in "\"'" else value.rstrip(".:!?")
    for password in [*passwords_in(text), *(found["value"] for found in _OPTION.finditer(text))]:
        yield "password", password


def _may_be_secret(name: str, sign: str, value: str) -> bool:
    """Tell whether a value with a secret's name may be one: not an expression, a column or a word.

    In code, ``key`` may be anything's.
    """
    inside, is_quoted = value.strip("\"'"), value[0] in "\"'"
    is_mixed = bool(_MIXED.search(inside))
    if sign in (",", "is", "was") or not is_quoted or name.lower() == "key":
        long_enough = len(inside) >= (16 if name.lower() == "key" else 6)
        return is_mixed and long_enough and not inside.startswith(("os.", "$", "<", "{"))
    return bool(_PASSWORD.search(name)) or (is_mixed and len(inside) >= 8)
