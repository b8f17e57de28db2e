"""What the gate finds in a cell, and what it knows of the kernel in which the cell is to run."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..secrets import is_secret_name
from . import dangers as d
from .paths import Files, Places
from .values import Value

MOST_STEPS = 150_000
"""Most expressions that are read for one cell, those of the functions that it calls included."""


SERVER = "mcp:"
"""How the gate's names of MCP servers' functions begin, so that they are not taken for a library's."""


class TooComplexError(Exception):
    """A cell is too long to be read."""


@dataclass
class KernelState:
    """What the cells so far may have left in the kernel.

    Attributes
    ----------
    names : dict of str to Value
        The notebook's names, with all that they may mean.
    files : Files
        The files that the gate knows of.
    magics : dict of str to str
        Magics that cells have defined as other names for commands, with these.
    servers : Mapping of str to frozenset of str
        Names that have functions of MCP servers, and which of these are destructive.
    """

    names: dict[str, Value] = field(default_factory=dict)
    files: Files = field(default_factory=Files)
    magics: dict[str, str] = field(default_factory=dict)
    servers: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def copy(self) -> KernelState:
        """Return a copy that can change independently."""
        return KernelState(dict(self.names), self.files.copy(), dict(self.magics), self.servers)


@dataclass
class Arguments:
    """The arguments of a call. ``has_more`` says that there are others, which are not known."""

    positional: list[Value] = field(default_factory=list)
    keywords: dict[str, Value] = field(default_factory=dict)
    has_more: bool = False

    def get(self, position: int, *names: str) -> Value | None:
        """Return an argument by its position, or by one of its names."""
        if position < len(self.positional):
            return self.positional[position]
        return next((self.keywords[name] for name in names if name in self.keywords), None)

    def text(self, position: int, *names: str) -> str | None:
        """Return the text of an argument, if it is known entirely."""
        value = self.get(position, *names)
        return value.text if value else None

    @property
    def values(self) -> list[Value]:
        """All arguments."""
        return [*self.positional, *self.keywords.values()]


class Findings:
    """Collects the reasons to ask about a cell; base class of those who read one.

    Attributes
    ----------
    reasons : dict
        The reasons, each once and in order.
    targets : set of str
        The files that the cell writes.
    tools : set of str
        The destructive functions of MCP servers that the cell mentions, each as ``module.function``.
    muted : bool
        Whether the code is the user's own, about which nobody is asked.
    """

    def __init__(self, state: KernelState, places: Places, *, muted: bool = False) -> None:
        self.state, self.places, self.muted = state, places, muted
        self.reasons: dict[str, None] = {}
        self.targets: set[str] = set()
        self.tools: set[str] = set()
        self.steps = MOST_STEPS
        self.called_from: list[str] = []
        self.connected: dict[str, bool] = {}
        """Databases outside that would be made if they are not there, and whether they are only read."""

    def report(self, reason: str, subject: str = "") -> bool:
        """Add a reason, with the part of the code that it is about. Returns true."""
        if not self.muted:
            subject = "".join(one if one.isprintable() else "…" for one in subject[:61])
            short = subject if len(subject) <= 60 else f"{subject[:59]}…"
            if self.called_from and self.called_from[0] != "lambda":
                short = f"{short}, in {self.called_from[0]}()" if short else f"in {self.called_from[0]}()"
            self.reasons[f"{reason} ({short})" if short else reason] = None
        return True

    def report_all(self, found: Iterable[tuple[str, str]]) -> None:
        """Add reasons with their subjects."""
        for reason, subject in found:
            self.report(reason, subject)

    def step(self) -> None:
        """Count an expression that is read.

        Raises
        ------
        TooComplexError
            If there were too many.
        """
        self.steps -= 1
        if self.steps < 0:
            raise TooComplexError

    def check_names(self, value: Value, *, is_called: bool = False, is_free: bool = False) -> bool:
        """Check what an expression may refer to; a mention is enough, for a call may use another name."""
        found = False
        for name in sorted(value.names):
            if name.startswith(SERVER):
                found = self._check_tool(name.removeprefix(SERVER)) or found
                continue
            reason = danger_of(name)
            if reason and ("." in name or reason == d.ENDS):
                found = self.report(reason, name)
            elif is_free and name in d.BARE:
                found = self.report(d.BARE[name], name)
            elif name.removeprefix("builtins.") in ("exec", "eval") and not is_called:
                found = self.report(d.HIDDEN, name)
            elif name in ("os.getenv", "os.getenvb") and not is_called:
                found = self.report(d.CREDENTIALS, "an environment variable")
            elif name in d.ENVIRONMENTS:
                found = self.report(d.CREDENTIALS, "all environment variables")
            elif name.startswith("get_ipython().") and name.count(".") == 1:
                member = name.rpartition(".")[2]
                if member not in d.IPYTHON:
                    found = self.report(d.INTERNALS, name)
        return found

    def _check_tool(self, name: str) -> bool:
        """Check a name of a server's: whether it is that of a destructive function."""
        module, _, function = name.partition(".")
        if function not in self.state.servers.get(module, ()):
            return False
        self.tools.add(name)
        return self.report(d.DESTRUCTIVE_TOOL, name)

    def check_method(self, attribute: str, owner: Value) -> bool:
        """Check an attribute by its name alone, on an object whose type is not known."""
        if owner.instances or any(name.startswith(SERVER) and "." not in name for name in owner.names):
            return False
        is_unknown = not owner.names or not owner.is_known
        if reason := d.METHODS.get(attribute):
            return self.report(reason, attribute)
        if is_unknown and not owner.texts and (reason := d.METHODS_OF_UNKNOWN.get(attribute)):
            return self.report(reason, attribute)
        return False

    def check_text(self, text: str) -> None:
        """Check a text: it may be a script, or the path of a secret."""
        if self.muted:
            return
        if len(text) < 200_000 and d.SCRIPTS.search(text):
            self.report(d.PAGE)
        if len(text) < 300 and (place := d.SECRET_PLACES.search(text)):
            own = ("keys.json", "journal.sqlite", "mcp-confirmed.json")
            reason = d.SWITCHES if any(name in place[0] for name in own) else d.CREDENTIALS
            self.report(reason, text if len(text) <= 60 else place[0])

    def check_variable(self, key: Value | None) -> None:
        """Check which environment variable is read."""
        names = key.whole_texts if key else []
        if not names:
            self.report(d.CREDENTIALS, "an environment variable")
        for name in names:
            if is_secret_name(name):
                self.report(d.CREDENTIALS, name)


@functools.lru_cache(maxsize=4096)
def danger_of(name: str) -> str | None:
    """Return what is risky about the object of a library with a name, if anything."""
    if name.startswith("psutil.") and "(" in name:
        last = name.rpartition(".")[2]
        if last in ("kill", "terminate", "suspend", "send_signal", "resume", "nice"):
            return d.ENDS
        return d.CREDENTIALS if last == "environ" else None
    if "(" in name:
        maker, _, method = name.partition("()")
        if method and "(" not in method and d.CLIENTS.fullmatch(maker.rpartition(".")[2]):
            reason = danger_of(maker)
            if reason in (d.NETWORK, d.SHELL, d.SWITCHES) and method not in (".close", ".__exit__"):
                return reason
        if re.fullmatch(
            r"(?:flask\.Flask|dash\.Dash|quart\.Quart|bottle\.Bottle|aiohttp\.web\.Application)\(\)\.run\w*",
            name,
        ):
            return d.NETWORK
        return d.DANGEROUS.get(name)
    parts = name.split(".")
    beginnings = [".".join(parts[:n]) for n in range(1, len(parts) + 1)]
    if any(beginning in d.HARMLESS for beginning in beginnings):
        return None
    return next((d.DANGEROUS[start] for start in beginnings if start in d.DANGEROUS), None)


@functools.lru_cache(maxsize=4096)
def canonical(name: str) -> str:
    """Return the name of an object without a detour through a module that has it too (``glob.os.system``)."""
    if name.startswith(SERVER):
        return name
    parts = name.split(".")
    for index in range(len(parts) - 1, 0, -1):
        if parts[index] in d.CORE and parts[index] != parts[index - 1]:
            return ".".join([d.CORE[parts[index]], *parts[index + 1 :]])
    if parts[0] in ("posix", "nt"):
        return ".".join(["os", *parts[1:]])
    if parts[0] in ("builtins", "__builtins__") and len(parts) > 1 and parts[1] != "__dict__":
        return ".".join(parts[1:])
    return name


def code_of(node: ast.AST) -> str:
    """Return an expression as code, for display."""
    try:
        return ast.unparse(node)
    except (RecursionError, ValueError):
        return "…"
