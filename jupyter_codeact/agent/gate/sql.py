"""Finds what is risky about a statement in SQL."""

from __future__ import annotations

import re

from . import dangers as d
from .values import MARKS
from .writers import ADDRESS

_COMMENT = re.compile(r"--[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_TEXT = re.compile(r"'(?:[^']|'')*'")
_CHANGES = re.compile(
    r"drop|delete|truncate|alter|update|replace|merge|attach|detach|export|vacuum|grant|revoke|shutdown|reindex"
    r"|rename|purge|optimize|kill|load_extension|create\s+or\s+replace|insert\s+or\s+replace|insert\s+overwrite"
    r"|upsert|call|exec(?:ute)?\b|xp_cmdshell|do\b"
)
_READS = re.compile(
    r"select|with|explain|pragma|describe|desc|show|values|begin|commit|rollback|from|summarize|use|set|savepoint"
    r"|release|pivot|unpivot|analyze|table|end"
)
_NESTED = re.compile(
    r"\b(?:delete\s+from|drop\s+(?:table|view|database|schema|index)|truncate\s+table|update\s+\S+\s+set|load_extension)\b"
)
_COPY = re.compile(r"\bcopy\b")
_WRITTEN = re.compile(r"\binto\s+outfile\s+'([^']*)'|\bvacuum\s+into\s+'([^']*)'|\bto\s+'([^']*)'")
_INSTALLS = re.compile(r"(?:^|;)\s*(?:force\s+)?install\s+\w")


def read(text: str) -> tuple[list[tuple[str, str]], list[str], bool]:
    """Read statements.

    Returns
    -------
    list of tuple
        Reasons to ask, with their subjects.
    list of str
        The files that they write.
    bool
        Whether they may change the database at all.
    """
    text = text[:100_000]
    plain = _COMMENT.sub(" ", text).lower()
    copies = bool(_COPY.search(plain))
    targets = [
        outfile or backup or (copy if copies else "") for outfile, backup, copy in _WRITTEN.findall(plain)
    ]
    risks = []
    if _INSTALLS.search(plain):
        risks.append((d.INSTALLS, _shown(text)))
    if found := re.search(ADDRESS.pattern.removeprefix(r"\s*"), plain):
        risks.append((d.NETWORK, found[0]))
    changes = False
    for statement in _TEXT.sub("''", plain).split(";"):
        statement = statement.strip()
        if not statement.strip(MARKS):
            continue
        if _CHANGES.match(statement) or _NESTED.search(statement):
            risks.append((d.DATABASE, _shown(statement)))
        changes = changes or not _READS.match(statement)
    return risks, [target for target in targets if target], changes


def looks_like_sql(text: str) -> bool:
    """Tell whether a text is a statement in SQL."""
    plain = _COMMENT.sub(" ", text[:10_000]).strip().lower()
    return bool(
        re.match(
            r"(?:select|with|insert|create|drop|delete\s+from|truncate|alter|update\s+\S+\s+set|replace\s+into|pragma"
            r"|attach|copy|merge\s+into|vacuum|grant|explain|install)\b",
            plain,
        )
    )


def _shown(text: str) -> str:
    return " ".join(text.strip(MARKS + " \n").split())[:60]
