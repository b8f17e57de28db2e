"""Which MCP servers there are, as configurations and ``.mcp.json`` files write it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from ...agent.contracts import CodeActError, Frozen
from ...agent.secrets import is_secret_name

FILE = ".mcp.json"
"""The file beside a notebook that proposes servers."""
MOST_BYTES = 1_000_000
"""Size of the largest such file that is read."""
_withdrawn: dict[str, str] = {}
"""Environment variables that are servers' alone: the kernels of this process do not inherit them."""
_VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}", re.ASCII)


class McpError(CodeActError):
    """An MCP server cannot be used; the message is a sentence for the user."""


class ServerConfig(Frozen):
    """How one server is reached: a command that is started, or the address of one that runs.

    ``${NAME}`` and ``${NAME:-default}`` in its texts stand for environment variables of the process that
    starts it.

    Attributes
    ----------
    type : str, optional
        ``"stdio"`` or ``"http"``; by default what the other fields say.
    command, args, env, cwd
        The program, its arguments, variables added to its environment, and the folder it runs in, by default
        the notebook's.
    url, headers
        The address of a server that speaks HTTP, and headers of each request.
    timeout : float, optional
        Seconds that one call may take.
    always_allow : list of str
        Tools that the user is not asked about, though they may be destructive.
    """

    type: Literal["stdio", "http", "streamable-http", "streamableHttp"] | None = None
    command: str | None = Field(default=None, min_length=1)
    args: list[str] = Field(default_factory=list)
    env: dict[str, str] = Field(default_factory=dict)
    cwd: str | None = None
    url: str | None = Field(default=None, pattern=r"^(https?://|\$\{)")
    headers: dict[str, str] = Field(default_factory=dict)
    timeout: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    always_allow: list[str] = Field(default_factory=list, alias="alwaysAllow")

    @model_validator(mode="after")
    def _one_way(self) -> ServerConfig:
        if (self.command is None) == (self.url is None):
            raise ValueError("it needs either a command or a url")
        return self

    @property
    def what(self) -> str:
        """What it is, for people: the command line, or the address. No variable is replaced in it."""
        return self.url or " ".join([self.command or "", *self.args])

    def expanded(self) -> ServerConfig:
        """Return the configuration with environment variables in place of their names.

        Raises
        ------
        McpError
            If one is not set and has no default, or the result is not valid; no value is named.
        """
        fields = self.model_dump(by_alias=True)
        try:
            return ServerConfig.model_validate({name: _expand(value) for name, value in fields.items()})
        except ValidationError as error:
            raise McpError(f"with its variables, it is not described right: {_why(error)}") from None

    def variables(self) -> dict[str, str]:
        """Return what the environment variables that its texts name stand for."""
        texts = json.dumps(self.model_dump())
        named = {match[1]: _lookup(match[1], match[2]) for match in _VARIABLE.finditer(texts)}
        return {name: value for name, value in named.items() if value is not None}


def _expand(value: Any) -> Any:
    if isinstance(value, list):
        return [_expand(one) for one in value]
    if isinstance(value, dict):
        return {name: _expand(one) for name, one in value.items()}
    return _VARIABLE.sub(_variable, value) if isinstance(value, str) else value


def _variable(match: re.Match[str]) -> str:
    name, default = match.groups()
    found = _lookup(name, default)
    if found is None:
        raise McpError(f"the environment variable {name} is not set")
    return found


def _lookup(name: str, default: str | None) -> str | None:
    return os.environ.get(name, _withdrawn.get(name, default))


def _why(error: ValidationError) -> str:
    """Return the first thing that is wrong, without the value that is."""
    first = error.errors()[0]
    field = ".".join(map(str, first["loc"]))
    return f"{f'{field}: ' if field else ''}{first['msg'].removeprefix('Value error, ')}"


def secret_variables(servers: Mapping[str, ServerConfig]) -> set[str]:
    """Return the environment variables with secrets that these servers are given."""
    texts = json.dumps([server.model_dump() for server in servers.values()])
    return {match[1] for match in _VARIABLE.finditer(texts) if is_secret_name(match[1])}


def withdraw(servers: Mapping[str, ServerConfig]) -> None:
    """Take the servers' secrets out of this process's environment, so that no kernel inherits them."""
    for name in secret_variables(servers):
        if name in os.environ:
            _withdrawn[name] = os.environ.pop(name)


def withhold(servers: Mapping[str, ServerConfig], environment: Mapping[str, str]) -> dict[str, str]:
    """Return a kernel's environment without the servers' secrets, which this process's loses, too."""
    withdraw(servers)
    secrets = secret_variables(servers)
    return {name: value for name, value in environment.items() if name not in secrets}


def read_servers(value: Any, where: str) -> dict[str, ServerConfig]:
    """Return the servers in a configuration.

    Parameters
    ----------
    value
        ``{"mcpServers": {name: …}}``, or the inner object alone.
    where
        What the configuration is, for messages.

    Raises
    ------
    McpError
        With the first thing that is wrong in it.
    """
    inner = value.get("mcpServers", value) if isinstance(value, Mapping) else None
    if not isinstance(inner, Mapping):
        raise McpError(f'{where} names no MCP servers. It should look like {{"mcpServers": {{"name": …}}}}.')
    found = {}
    for name, fields in inner.items():
        if not isinstance(name, str) or not name.strip():
            raise McpError(f"{where}: a server needs a name.")
        if not name.isprintable():
            raise McpError(f"{where}: a server's name has a character that cannot be shown.")
        known = _known(fields) if isinstance(fields, Mapping) else fields
        try:
            found[name] = ServerConfig.model_validate(known)
        except ValidationError as error:
            raise McpError(
                f"{where}: the MCP server “{name}” is not described right: {_why(error)}."
            ) from None
    return found


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what other clients add for themselves."""
    names = {field.alias or name for name, field in ServerConfig.model_fields.items()}
    return {name: value for name, value in fields.items() if name in names}


def parse(content: bytes, where: str) -> dict[str, ServerConfig]:
    """Return the servers in a file's content; see `read_servers`."""
    if len(content) > MOST_BYTES:
        raise McpError(f"{where} is too large for a list of MCP servers.")
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise McpError(f"{where} is not valid JSON: {error}.") from None
    return read_servers(value, where)
