"""Runs a benchmark's own code in a separate process.

A checkout's code has packages with common names, changes the working folder, prints, sets alarms, and may
crash. None of that affects this process, which calls its child line by line.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..agent.contracts import CodeActError

_LINE = 2**26


class UpstreamError(CodeActError):
    """A benchmark's checkout cannot be used, or its process ended."""


class Upstream:
    """Calls functions of a worker module in a child process.

    Parameters
    ----------
    module
        The module of this package to run; it calls `serve`.
    source
        The user's checkout.
    """

    def __init__(self, module: str, source: Path) -> None:
        self._command = [sys.executable, "-m", f"{__package__}.{module}", str(source.resolve())]
        self._process: asyncio.subprocess.Process | None = None
        self._calling = asyncio.Lock()

    async def call(self, function: str, *, timeout: float = 120.0, **arguments: Any) -> Any:
        """Call a function and return its result.

        Raises
        ------
        UpstreamError
            If it raised an error, took longer than ``timeout`` seconds, or the process ended; a new process
            is started for the next call.
        """
        async with self._calling:
            process = await self._start()
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps({"call": function, "with": arguments}).encode() + b"\n")
            try:
                async with asyncio.timeout(timeout):
                    await process.stdin.drain()
                    line = await process.stdout.readline()
            except (TimeoutError, ConnectionError) as error:
                await self._kill()
                failure = "took too long" if isinstance(error, TimeoutError) else "ended"
                raise UpstreamError(f"The benchmark's {function} {failure}.") from error
            except asyncio.CancelledError:
                await self._kill()  # otherwise the next call would get this one's result
                raise
            if not line:
                await self._kill()
                raise UpstreamError(f"The benchmark's process ended in {function}.")
        reply = json.loads(line)
        if "error" in reply:
            raise UpstreamError(f"The benchmark's {function} failed: {reply['error']}")
        return reply["result"]

    async def close(self) -> None:
        """End the process."""
        async with self._calling:
            await self._kill()

    async def _start(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=_LINE,
            )
        return self._process

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def serve(prepare: Callable[[Path], Mapping[str, Callable[..., Any]]]) -> None:
    """Answer calls in the child process until standard input ends; anything else printed is dropped."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    functions: Mapping[str, Callable[..., Any]] = {}
    problem = ""
    try:
        functions = prepare(Path(sys.argv[1]))
    except ModuleNotFoundError as error:
        problem = f"its code needs the package {error.name}: install it, for example with pip, and call again"
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = (
                {"error": problem} if problem else {"result": functions[request["call"]](**request["with"])}
            )
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=answers)
