"""Recognizes secrets, and masks them in what a model or a reader is shown.

Observations, the gate and the code that describes variables in the user's kernel share one rule.
"""

from __future__ import annotations

import base64
import functools
import html
import inspect
import json
import os
import re
import urllib.parse
from collections.abc import Callable, Iterator, Mapping

_MIN_CHARACTERS = 4
_MIN_LINE_CHARACTERS = 16
_MIN_ENCODED = 8
_ORDINARY = """
    admin allow always auto basic bearer changeme custom debug default deny dev development digest disable
    disabled dummy enable enabled error example false file full guest http https info insecure keyring
    local localhost login main manual md5 minimal missing mock name never none normal null oauth oauth2 off
    only optional password placeholder plain prod production public read required root rsa secret secure
    service session sha256 staging standard strict system test testing todo token true undefined unknown user
    username verbose warn warning write yes
    airflow anonymous bar baz demo docker foo guest hidden jupyter mariadb minio minioadmin mongo mongodb
    mysql neo4j oracle passwd postgres postgresql pwd rabbitmq redis redacted sqlite sqlserver superset
    superuser your
"""
_ORDINARY_WORDS = frozenset(_ORDINARY.split())
# bounded, and found by what stands in their middle: a long text is read in one go
_URL_PASSWORD = re.compile(r"://[^\s/?#@:\"'<>]{0,128}:([^\s/?#@\"'<>]{1,256})@[\w\[]")
_ASSIGNED_PASSWORD = re.compile(
    r"\b(?:password|passwd|pwd|accountkey|sharedaccesskey)\s{0,3}=\s{0,3}"
    r"(?:'([^'\n]{1,256})'|\"([^\"\n]{1,256})\"|(?=([^\s;&,'\"(){}\[\]]{1,256}))\3(?![(\[]))",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,15})?%?")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_PATH = re.compile(
    r"(?:~|\.{1,2}|[A-Za-z]:)[\\/].*"
    r"|/(?:Applications|Library|Users|Volumes|bin|boot|content|data|dev|etc|home|kaggle|lib|lib64|media|mnt"
    r"|opt|private|proc|root|run|sbin|snap|srv|sys|tmp|usr|var|work|workspace|workspaces)(?:/.*)?"
    r"|/?(?:[\w.@ -]+[\\/])+[\w.@ -]*\.[A-Za-z]{1,5}"
)


def is_secret_name(name: str) -> bool:
    """Tell from the words of a variable's name whether its value is a secret.

    The source of this function also runs in the user's kernel, without this module and on any Python from
    3.6 on.
    """
    import re

    if name in ("PWD", "OLDPWD"):  # the shell's own: the folder it is in
        return False
    words = re.findall("[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", name)
    while words and words[-1].isdigit():
        words.pop()
    before, last = ["", *(word.lower() for word in words)][-2:] if words else ("", "")
    spaced = " ".join(words).lower() + " "
    if re.search("(password|passwd|passphrase|passcode|secret|credential|apikey)s? ", spaced):
        return True
    if re.search(r"\b(api|access|auth|encryption|private|signing) keys? ", spaced):
        return True
    if last == "key":
        ordinary = (
            "cache column dict foreign group index item join lookup map merge partition primary public row "
            "sort sorting unique"
        )
        return before not in ordinary.split()
    if last.endswith("token"):
        ordinary = "bos cls current end eos first last mask next pad per prev previous sep start stop unk"
        return before not in ordinary.split()
    if last in ("pass", "pat", "pin"):
        return before != ""
    return last in ("auth", "authorization", "jwt", "pwd")


RULE_SOURCE = inspect.getsource(is_secret_name)
"""The source of `is_secret_name`, for kernels without this package."""

_is_secret_name = functools.lru_cache(maxsize=4096)(is_secret_name)  # an environment is read at every cell


def secrets_in(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that hold secrets: by their names, or because there is a password in them."""
    return {
        name: value
        for name, value in environment.items()
        if _is_secret_name(name)
        or ("://" in value and _has_credentials(value))
        or ("=" in value and passwords_in(value))
    }


def environment_secrets() -> dict[str, str]:
    """Return the secrets of this process, which its kernels inherit."""
    return secrets_in(os.environ)


def all_secrets(kernel: Mapping[str, str]) -> dict[str, str]:
    """Return the secrets of this process, and those of a ``kernel`` where they differ."""
    own = environment_secrets()
    return own | {
        name if name not in own else f"{name} of the kernel": value
        for name, value in kernel.items()
        if own.get(name) != value
    }


def passwords_in(text: str) -> list[str]:
    """Return the passwords in URLs and connection strings, as they are written and as they are meant."""
    found = [match[1] for match in _URL_PASSWORD.finditer(text)]
    found += [match[1] or match[2] or match[3] for match in _ASSIGNED_PASSWORD.finditer(text)]
    both = [spelling for one in found for spelling in (one, urllib.parse.unquote(one))]
    return [one for one in dict.fromkeys(both) if not _is_ordinary(one)]


def hide(text: str, secrets: Mapping[str, str], nonce: str = "") -> str:
    """Mask secrets in a text, and the ``nonce`` without which no text can close its fence."""
    return masker(secrets, nonce)(text)


def masker(secrets: Mapping[str, str], nonce: str = "") -> Callable[[str], str]:
    """Return a function that masks secrets, and the ``nonce`` of a fence, in a text.

    A secret is found verbatim, and as Python, JSON, HTML and URLs escape it and base64 and hex encode it; a
    password in a URL, wherever the URL comes from. Ordinary values (``true``, a number, a path, a URL without
    a password) are never masked, whatever the variable is called.
    """
    return _masker(tuple(secrets.items()), nonce)


@functools.lru_cache(maxsize=16)
def _masker(secrets: tuple[tuple[str, str], ...], nonce: str) -> Callable[[str], str]:
    names: dict[str, str] = {nonce: "…"} if nonce else {}
    for name, value in secrets:
        whole = value.strip()
        if _is_ordinary(whole):
            continue
        lines = [line.strip() for line in whole.split("\n")]
        long_lines = [line for line in lines if len(line) >= _MIN_LINE_CHARACTERS]
        for secret in [whole, *long_lines, *passwords_in(whole)]:
            for spelling in _spellings(secret):
                names.setdefault(spelling, f"[{name} hidden]")
    longest_first = sorted(names, key=len, reverse=True)

    def mask(text: str) -> str:
        # an expression of those alone that are there: thousands, tried at each character, would take seconds
        if there := [secret for secret in longest_first if secret in text]:
            text = re.sub("|".join(map(re.escape, there)), lambda found: names[found[0]], text)
        return _URL_PASSWORD.sub(_without_password, text) if "://" in text else text

    return mask


def _spellings(secret: str) -> Iterator[str]:
    """Yield a secret as it may be written."""
    yield secret
    yield repr(secret)[1:-1]
    yield json.dumps(secret)[1:-1]
    yield html.escape(secret)
    yield urllib.parse.quote(secret, safe="", errors="replace")
    content = secret.encode("utf-8", "replace")
    if len(content) >= _MIN_ENCODED:
        yield content.hex()
        yield base64.b64encode(content).decode().rstrip("=")
        yield base64.urlsafe_b64encode(content).decode().rstrip("=")


def _without_password(found: re.Match[str]) -> str:
    """Return the part of a URL with the password masked, unless it is an ordinary word."""
    if _is_ordinary(found[1]) or "hidden]" in found[1]:
        return found[0]
    start, end = found.start(1) - found.start(), found.end(1) - found.start()
    return f"{found[0][:start]}[password hidden]{found[0][end:]}"


def _is_ordinary(value: str) -> bool:
    """Tell whether a value is too common to be a secret; to mask it would only spoil texts."""
    return (
        len(value) < _MIN_CHARACTERS
        or value.lower() in _ORDINARY_WORDS
        or bool(_NUMBER.fullmatch(value))
        or (bool(_URL.fullmatch(value)) and not _has_credentials(value))
        or all(map(_is_path, value.split(os.pathsep if ":\\" not in value else ";")))
    )


def _is_path(value: str) -> bool:
    return bool(_PATH.fullmatch(value)) or (os.path.isabs(value) and os.path.exists(value))


def _has_credentials(value: str) -> bool:
    """Tell whether a URL contains a password, or has a secret among its parameters."""
    try:
        url = urllib.parse.urlsplit(value.strip())
        names = [name for name, value in urllib.parse.parse_qsl(url.query) if value]
    except ValueError:
        return False
    return bool(url.scheme and url.password) or any(_is_secret_name(name) or name == "sig" for name in names)
