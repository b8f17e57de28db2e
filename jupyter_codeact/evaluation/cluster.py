"""Episodes spread over a Ray cluster: as many players as episodes at a time, each in a process of its own.

Needs the extra ``[ray]``. A player has its own suite and its own way to the model, so a model that many
machines are to share is given as an endpoint, whose key each machine has in its environment; the sources of a
suite lie at the same path on every machine.
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
"""What a cluster's head node may take to answer."""
_LOCAL_OBJECTS = 200 << 20
"""Bytes for results on their way, where this machine is the whole cluster; an episode is some kilobytes."""


class Contestants:
    """Players on a Ray cluster: the one that ``RAY_ADDRESS`` names, else one that this process starts.

    Parameters
    ----------
    suite, source
        What to play, as `open_suite` takes it.
    model, endpoint
        What plays, as `open_model` takes it.
    count
        Players; each counts as one CPU.

    Raises
    ------
    CodeActError
        When Ray is not installed, or the cluster cannot be reached.
    """

    def __init__(
        self, suite: str, source: Path | None, *, model: str | None, endpoint: str | None, count: int
    ) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # else Ray reports home
        try:
            import ray
        except ImportError as error:
            raise CodeActError("Ray is not installed: pip install 'jupyter-codeact[ray]'.") from error
        self._ray = ray
        self._asked = (suite, str(source.resolve()) if source else None, model, endpoint)
        address = os.environ.get("RAY_ADDRESS")
        here: dict[str, Any] = {} if address else {"num_cpus": count, "object_store_memory": _LOCAL_OBJECTS}
        try:
            _reach(address)
            ray.init(address=address or "local", include_dashboard=None if address else False, **here)
        except (OSError, RuntimeError, ValueError) as error:
            where = f" at {address}" if address else ""
            raise CodeActError(f"The Ray cluster{where} cannot be reached: {error}.") from error
        self._actor = ray.remote(num_cpus=1)(_Player)
        self._free: asyncio.Queue[Any] = asyncio.Queue()
        for _ in range(count):
            self._free.put_nowait(self._actor.remote(*self._asked))

    async def play(self, case: Case, setting: Setting) -> Played:
        """Play an episode on the next free player.

        Raises
        ------
        CodeActError
            When the player is lost; another one takes its place.
        """
        player = await self._free.get()
        try:
            said = await player.play.remote(case.model_dump_json(), setting.model_dump_json())
        except self._ray.exceptions.RayActorError as error:
            player = self._actor.remote(*self._asked)
            raise CodeActError("The process that played this episode was lost.") from error
        except asyncio.CancelledError:
            self._ray.kill(player)
            player = self._actor.remote(*self._asked)
            raise
        finally:
            self._free.put_nowait(player)
        return Played.model_validate_json(said)

    def close(self) -> None:
        """Let go of the players, and of the cluster if it is our own."""
        self._ray.shutdown()


def _reach(address: str | None) -> None:
    """See that a cluster's head node answers; Ray itself would try for minutes.

    Raises
    ------
    OSError
        If it does not.
    """
    place = urlsplit(f"//{(address or '').removeprefix('ray://')}")
    if place.hostname and place.port:  # there are addresses without: "auto", "local"
        socket.create_connection((place.hostname, place.port), CONNECT_SECONDS).close()


class _Player:
    """Plays one episode after the other, in a process of Ray's."""

    def __init__(self, suite: str, source: str | None, model: str | None, endpoint: str | None) -> None:
        from ..models.open import open_model

        self._loop = asyncio.new_event_loop()
        self._suite = open_suite(suite, Path(source) if source else None)
        self._model = open_model(model, endpoint=endpoint)

    def play(self, case: str, setting: str) -> str:
        """Play an episode; all goes in and out as JSON."""
        played = self._loop.run_until_complete(
            self._suite.play(
                Case.model_validate_json(case), Setting.model_validate_json(setting), self._model
            )
        )
        return played.model_dump_json()
