"""What a server's configuration holds for the server alone: not for a kernel, a page, a journal or a log."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import parse_qsl, urlsplit

from ...agent.secrets import hide, is_secret_name, masker
from .configuration import ServerConfig

LONG = 8
"""Fewest characters of a text that is masked though its name is not that of a secret."""
_OPTION = re.compile(r"-{1,2}([A-Za-z][\w.-]*)")
_NAMED = re.compile(r"-{0,2}([A-Za-z_][\w.-]*)\s*[=:]\s*(.*)", re.DOTALL)


def masker_for(config: ServerConfig) -> Callable[[str], str]:
    """Return a function that masks in a message what the configuration gives to the server alone.

    That is all of its environment and headers, the variables that its texts name, and what is written as a
    secret in its arguments or address.

    Raises
    ------
    McpError
        If the configuration cannot be expanded.
    """
    expanded = config.expanded()
    named = [*config.variables().items(), *expanded.env.items(), *expanded.headers.items()]
    named += [(name, word) for name, value in expanded.headers.items() for word in value.split()[1:]]
    path = urlsplit(expanded.url or "").path
    named.append(("path", path))  # some services have their keys there
    found = [one for one in named if is_secret_name(one[0]) or len(one[1]) >= LONG]
    return masker(_by_name([*found, *_written(expanded)]))


def shown(config: ServerConfig) -> str:
    """Return what a server is, for the page: its command line or address, without what is a secret there."""
    return hide(config.what, _by_name(_written(config)))


def _by_name(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return texts by their names, each by one of its own."""
    found: dict[str, str] = {}
    for name, text in named:
        names = itertools.chain([name], (f"{name} {number}" for number in itertools.count(2)))
        free = next(one for one in names if found.get(one, text) == text)
        found[free] = text
    return found


def _written(config: ServerConfig) -> Iterator[tuple[str, str]]:
    """Yield what arguments and the address say is a secret: ``--token x``, ``TOKEN=x``, ``?key=x``."""
    before = ""
    for argument in config.args:
        option, named = _OPTION.fullmatch(argument), _NAMED.fullmatch(argument)
        if named is not None and is_secret_name(named[1]):
            yield named[1], named[2]
            yield named[1], named[2].rpartition(" ")[2]
        elif before and option is None:
            yield before, argument
        before = option[1] if option is not None and is_secret_name(option[1]) else ""
    for text in (config.url or "", *config.args):
        try:
            url = urlsplit(text)
            parameters = parse_qsl(url.query) if url.scheme else []
        except ValueError:
            continue
        yield from ((name, value) for name, value in parameters if is_secret_name(name))
        if url.password:
            yield "password", url.password
