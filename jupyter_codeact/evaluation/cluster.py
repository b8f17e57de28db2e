"""Plays episodes on a Ray cluster, in parallel, each player in its own process.

Needs the extra ``[ray]``. Each player opens the suite and the model itself. A model shared by several
machines must therefore be an endpoint, with its key in each machine's environment, and the suite's sources
must be at the same path on every machine.
"""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..agent.contracts import CodeActError
from .records import Case, Played, Setting
from .suites import open_suite

CONNECT_SECONDS = 10.0
"""Seconds that a cluster's head node may take to answer."""
_LOCAL_OBJECTS = 200 << 20
"""Bytes for results in transit, if this machine is the whole cluster; an episode has some kilobytes."""


class Players:
    """Players on the Ray cluster that ``RAY_ADDRESS`` names, or on one that this process starts.

    Parameters
    ----------
    suite, source
        The suite, as for `open_suite`.
    model, endpoint
        The model, as for `open_model`.
    count
        The number of players; each counts as one CPU.

    Raises
    ------
    CodeActError
        If Ray is not installed, or the cluster cannot be reached.
    """

    def __init__(
        self, suite: str, source: Path | None, *, model: str | None, endpoint: str | None, count: int
    ) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # else Ray reports home
        try:
            import ray
        except ImportError as error:
            raise CodeActError('Ray is not installed: pip install "jupyter-codeact[ray]".') from error
        self._ray = ray
        self._arguments = (suite, str(source.resolve()) if source else None, model, endpoint)
        address = os.environ.get("RAY_ADDRESS")
        here: dict[str, Any] = {} if address else {"num_cpus": count, "object_store_memory": _LOCAL_OBJECTS}
        try:
            _check_reachable(address)
            ray.init(address=address or "local", include_dashboard=None if address else False, **here)
        except Exception as error:  # Ray raises that very class when a node does not start in time
            where = f" at {address}" if address else ""
            raise CodeActError(f"The Ray cluster{where} cannot be reached: {error}.") from error
        self._actor = ray.remote(num_cpus=1)(_Player)
        self._free: asyncio.Queue[Any] = asyncio.Queue()
        for _ in range(count):
            self._free.put_nowait(self._actor.remote(*self._arguments))

    async def play(self, case: Case, setting: Setting) -> Played:
        """Play an episode on the next free player.

        Raises
        ------
        CodeActError
            If the player is lost; another one takes its place.
        """
        player = await self._free.get()
        try:
            outcome = await player.play.remote(case.model_dump_json(), setting.model_dump_json())
        except self._ray.exceptions.RayActorError as error:
            player = self._actor.remote(*self._arguments)
            raise CodeActError("The process that played this episode was lost.") from error
        except asyncio.CancelledError:
            self._ray.kill(player)
            player = self._actor.remote(*self._arguments)
            raise
        finally:
            self._free.put_nowait(player)
        return Played.model_validate_json(outcome)

    def close(self) -> None:
        """Disconnect from the cluster; end it if this process started it."""
        self._ray.shutdown()


def _check_reachable(address: str | None) -> None:
    """Check that a cluster's head node answers; Ray itself would try for minutes.

    Raises
    ------
    OSError
        If it does not.
    """
    url = urlsplit(f"//{(address or '').removeprefix('ray://')}")
    if url.hostname and url.port:  # "auto" and "local" have neither
        socket.create_connection((url.hostname, url.port), CONNECT_SECONDS).close()


class _Player:
    """Plays one episode after the other, in a process of Ray's."""

    def __init__(self, suite: str, source: str | None, model: str | None, endpoint: str | None) -> None:
        from ..models.open import open_model

        self._loop = asyncio.new_event_loop()
        self._suite = open_suite(suite, Path(source) if source else None)
        self._model = open_model(model, endpoint=endpoint)

    def play(self, case: str, setting: str) -> str:
        """Play an episode; arguments and result are JSON."""
        played = self._loop.run_until_complete(
            self._suite.play(
                Case.model_validate_json(case), Setting.model_validate_json(setting), self._model
            )
        )
        return played.model_dump_json()
