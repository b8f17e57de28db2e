"""The MCP servers of the notebooks that are open: which there are, and the user's word on those of a file."""

from __future__ import annotations

import asyncio
import weakref

from .. import protocol as p
from ..mcp.client.notebook import NotebookServers
from ..mcp.client.sources import describe
from ..transcript import sentence
from .pages import Page
from .session import NotebookSession
from .setup import Setup

HOW_TO_CONFIRM = "The panel shows what would be started."


class SessionServers:
    """The MCP servers of each session; they run from its first run until the kernel, or the session, ends."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._of: weakref.WeakKeyDictionary[NotebookSession, NotebookServers] = weakref.WeakKeyDictionary()

    def of(self, session: NotebookSession) -> NotebookServers:
        """Return a session's servers."""
        if session not in self._of:
            options = self._setup.options
            self._of[session] = NotebookServers(
                options.mcp_servers,
                lambda: self._setup.folder(session.notebook),
                timeout=options.mcp_seconds,
                settings=self._setup.settings_folder,
                how_to_confirm=HOW_TO_CONFIRM,
                on_change=lambda: session.send(self._list(session)),
            )
        return self._of[session]

    async def tell(self, page: Page, session: NotebookSession) -> None:
        """Tell a page that shows a notebook which servers there are, if there are any."""
        sources = await self.of(session).look()
        if sources.servers or sources.proposal or sources.problems:
            page.send(self._list(session))

    async def confirm(self, _page: Page, session: NotebookSession, request: p.ConfirmServers) -> None:
        """Confirm the servers of a file, as the user has seen it."""
        await self.of(session).confirm(request.digest)
        session.send(self._list(session))

    async def close(self) -> None:
        """Stop all servers."""
        await asyncio.gather(*(servers.close() for servers in self._of.values()))

    def _list(self, session: NotebookSession) -> p.ServerList:
        servers = self.of(session)
        sources = servers.sources
        known = {server.name: server for server in servers.connected}
        shown = []
        for name, config in sources.servers.items():
            state = known.get(name)
            shown.append(
                p.ServerState(
                    name=name,
                    what=config.what,
                    origin=sources.origins[name],
                    module=state.module if state else "",
                    tools=state.tools if state else [],
                    destructive=state.destructive if state else [],
                    problem=sentence(state.problem) if state and state.problem else "",
                )
            )
        proposal = sources.proposal
        return p.ServerList(
            notebook=session.notebook,
            servers=shown,
            problems=sources.problems,
            proposal=None
            if proposal is None
            else p.ServerProposal(
                file=proposal.path.name,
                digest=proposal.digest,
                servers={name: describe(server) for name, server in proposal.servers.items()},
            ),
        )
