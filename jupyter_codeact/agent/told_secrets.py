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

_QUOTED = (
    r"""\"[^\"\n]{4,512}\"|'[^'\n]{4,512}'|`[^`\n]{4,512}`|“[^”\n]{4,512}”|\u2018[^\u2019\n]{4,512}\u2019"""
)
_NAMED = re.compile(
    r"""(?<![\w.-])[.-]{0,3}(?P<name>[A-Za-z_][\w.-]{1,200})["']?\]?(?P<sign>\s{0,4}(?::\s{0,4}(?:str\s{0,4}=)?|=|,)\s{0,4}|\s(?:is|was)\s)"""
    rf"""(?=(?P<value>{_QUOTED}|[^\s"'(){{}}\[\],;]{{4,512}}(?![\w(])))"""
)
"""A value with a name: in code, JSON, a file of settings, or a sentence. The value may hold the next name."""
_SAID = re.compile(
    r"\b(?P<name>pass ?(?:word|wort|phrase|code)s?|kennwort|passwd|pwd|credentials?|logins?|secret word"
    r"|(?:api|access|auth|secret|private|licen[cs]e|account)[ -](?:key|token)s?)\b",
    re.IGNORECASE,
)
"""What a sentence calls a secret."""
_TOLD = re.compile(
    rf"""(?:(?P<states>[:=→/]|->|\b(?:is|are|was|ist)\s)|\A\s|\b(?:be|to|from|as|with)\s)\s{{0,4}}"""
    rf"""(?P<value>{_QUOTED}|[^\s"'“”\u2018\u2019`(){{}}\[\],;]{{6,128}}(?![\w(]))"""
)
"""A value in what follows that word: beside it, or behind a word or sign that says so."""
_SENTENCE, _SENTENCE_END = 160, re.compile(r"[.!?;](?:\s|\Z)|(?<![:\s])\s{0,4}\n")
_SETTING = re.compile(
    r"^[ \t]{0,40}(?:(?:export|set|setx|%env|-)[ \t]{1,4})?(?P<name>[A-Za-z][\w.-]{1,100})"
    r"(?:=|:[ \t]{1,4})(?P<value>[^\s\"'$<{(\[]\S{3,511})[ \t]*$",
    re.MULTILINE,
)
"""A line of a shell or of a file of settings, which needs no quotes."""
_TYPE = re.compile(
    r".*str(?:ing)?|text|bytes|int|float|bool|object|category|any|(?:var)?char.*", re.IGNORECASE
)
_PARAMETER = re.compile(r"[?&](?P<name>[\w.-]{2,64})=(?P<value>[^\s&#\"'<>()\[\]{}]{6,512})")
_SIGNED = ("sig", "signature", "appid", "code")
"""Parameters of URLs that hold a secret, whatever they are called elsewhere."""
_PAIR = re.compile(
    rf"""\b(?:auth|credentials?|login|\w{{0,32}}(?:BasicAuth|DigestAuth))\s{{0,4}}=?\s{{0,4}}\(\s{{0,4}}"""
    rf"""(?:{_QUOTED}|"[^"\n]{{0,3}}"|'[^'\n]{{0,3}}'|[\w.]{{1,64}})\s{{0,4}},\s{{0,4}}(?P<value>{_QUOTED})"""
)
"""A user's name and password, as libraries take them."""
_OPTION = re.compile(
    r"(?:--[\w-]{0,32}(?:password|passwd|token|key|secret)(?:=|\s{1,4})|\s-u\s{0,4}[\w.-]{1,64}:)(?P<value>[^\s'\"]{4,512})",
    re.IGNORECASE,
)
"""A secret among the arguments of a command."""
_PASSWORD = re.compile(r"pass|pwd|secret|credential|(?:api|access|auth)_?key", re.IGNORECASE)
_QUOTES = "\"'`“”\u2018\u2019"
_NAME_OF_CODE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_FILE = re.compile(r"[\w.-]*\.[A-Za-z]{2,5}")
_MIXED = re.compile(r"(?=.*\d)(?=.*[A-Za-z_\W])")
_KEYS = re.compile(
    r"\b(?:"
    r"sk-[A-Za-z0-9_-]{16,}|sk_(?:live|test)_\w{16,}|gh[opsur]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}"
    r"|xox[abprs]-[\w-]{10,}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{30,}|hf_[A-Za-z0-9]{20,}|npm_\w{30,}"
    r"|hooks\.slack\.com/services/[\w/]{8,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|SG\.[\w-]{16,}\.[\w-]{16,}|dckr_pat_[\w-]{16,}|pypi-[\w-]{16,}|dapi[0-9a-f]{32}|ya29\.[\w-]{20,}"
    r"|shp(?:at|ss|ca)_[0-9a-f]{16,}|AGE-SECRET-KEY-\w{20,}"
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
            yield name, _bare(value)
    for found in _SETTING.finditer(text):
        name, value = found["name"], found["value"]
        if is_secret_name(name) and not _TYPE.fullmatch(value) and not _is_code(value):
            yield name, value
    for found in _PARAMETER.finditer(text):
        if is_secret_name(found["name"]) or found["name"] in _SIGNED:
            yield found["name"], found["value"]
    yield from _said(text)
    yield from (("password", _bare(found["value"])) for found in _PAIR.finditer(text))
    for password in [*passwords_in(text), *(found["value"] for found in _OPTION.finditer(text))]:
        if not _is_code(password):
            yield "password", password


def _said(text: str) -> Iterator[tuple[str, str]]:
    """Yield the values that a sentence calls a password or a key."""
    for found in _SAID.finditer(text):
        sentence = text[found.end() : found.end() + _SENTENCE]
        end = _SENTENCE_END.search(sentence)
        for told in _TOLD.finditer(sentence[: end.start()] if end else sentence):
            value = _bare(told["value"])
            is_variable = not told["states"] and "_" in value and value.isidentifier()
            if _MIXED.match(value) and not (is_variable or _FILE.fullmatch(value) or _is_code(value)):
                yield found["name"], value


def _bare(value: str) -> str:
    """Return a value without its quotes, or without what ends its sentence."""
    return value[1:-1] if value[0] in _QUOTES else value.rstrip(".:!?")


def _is_code(value: str) -> bool:
    """Tell whether a value is an expression that has a secret, and not the secret."""
    is_name = value.isidentifier() and is_secret_name(value)
    return value.startswith(("os.", "$", "<", "{")) or is_name or bool(_NAME_OF_CODE.fullmatch(value))


def _may_be_secret(name: str, sign: str, value: str) -> bool:
    """Tell whether a value with a secret's name may be one: not an expression, a column or a word.

    In code, ``key`` may be anything's.
    """
    inside, is_quoted = _bare(value), value[0] in _QUOTES
    is_mixed, is_password = bool(_MIXED.match(inside)), bool(_PASSWORD.search(name))
    if sign == "," or not is_quoted or name.lower() == "key":
        long_enough = len(inside) >= (16 if name.lower() == "key" else 6)
        return is_mixed and long_enough and not _is_code(inside)
    return is_password or (is_mixed and len(inside) >= (6 if sign in ("is", "was") else 8))
