"""How a model is asked, as traits of a server's or a shell's configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from traitlets import Dict, Enum, Float, HasTraits, Int, TraitError, validate

if TYPE_CHECKING:
    from .agent.contracts import ModelSettings

NAMES = ("reasoning_effort", "temperature", "top_p", "reply_tokens", "extra_body")


class ServersTraits(HasTraits):
    """The MCP servers of runs."""

    mcp_servers = Dict(
        help="MCP servers by name, whose tools become functions in the kernel: each with a command, args and "
        "env, or a url and headers, as in .mcp.json; ${NAME} stands for an environment variable. A timeout "
        "is the seconds that one call may take, alwaysAllow are tools that you are not asked about."
    ).tag(config=True)
    mcp_seconds = Float(120.0, min=0.1, help="Seconds that one call of an MCP server's tool may take.").tag(
        config=True
    )

    @validate("mcp_servers")
    def _check_servers(self, proposal: Any) -> Any:
        from .mcp.client.configuration import McpError, read_servers

        try:
            read_servers(proposal["value"], "mcp_servers")
        except McpError as error:
            raise TraitError(str(error)) from error
        return proposal["value"]


class SettingsTraits(HasTraits):
    """The settings of each run; what is not set is left to the model, its endpoint and its files."""

    reasoning_effort = Enum(
        ("", "off", "minimal", "low", "medium", "high"),
        "",
        help="How much the model is to think before it replies; off asks it not to. Empty for its default.",
    ).tag(config=True)
    temperature = Float(
        None,
        allow_none=True,
        min=0,
        max=2,
        help="How freely the model chooses its words, from 0 to 2. None for its default.",
    ).tag(config=True)
    top_p = Float(
        None,
        allow_none=True,
        help="Share of the likeliest words that the model chooses from, above 0 and at most 1. None for its "
        "default.",
    ).tag(config=True)
    reply_tokens = Int(
        0, min=0, help="Most tokens of one reply, its thinking included; 0 for what the model has room for."
    ).tag(config=True)
    extra_body = Dict(help="Further fields of each request; they overrule all others.").tag(config=True)

    @validate("top_p")
    def _check_top_p(self, proposal: Any) -> Any:
        share = proposal["value"]
        if share is not None and not 0 < share <= 1:
            raise TraitError(f"top_p is a share above 0 and at most 1, not {share!r}.")
        return share

    @property
    def model_settings(self) -> ModelSettings | None:
        """The settings, if there are any."""
        from .agent.contracts import ModelSettings

        given = {name: getattr(self, name) for name in NAMES}
        found = {name: value for name, value in given.items() if value not in (None, "", {})}
        if not self.reply_tokens:
            found.pop("reply_tokens", None)
        return ModelSettings.model_validate(found) if found else None
