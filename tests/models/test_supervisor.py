"""An engine is looked after, whatever its worker does; the worker here has no model and every fault."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import psutil
import pytest

from jupyter_codeact.agent.contracts import ModelError, ModelInfo
from jupyter_codeact.models.engines.launch import Launch, OwnFiles
from jupyter_codeact.models.engines.local import LocalModel
from jupyter_codeact.models.engines.policy import SupervisionPolicy
from jupyter_codeact.models.engines.supervisor import Engine
from jupyter_codeact.models.engines.worker import logs_of
from jupyter_codeact.models.status import EngineStatus
from tests.models.processes import python
from tests.waiting import until

ROOT = Path(__file__).parents[2]
HELLO = [{"role": "user", "content": "Hello."}]


class Seen(list[EngineStatus]):
    """What was told of an engine."""

    def __init__(self) -> None:
        self._news = asyncio.Event()

    def append(self, status: EngineStatus) -> None:
        super().append(status)
        self._news.set()

    async def reach(self, state: str) -> EngineStatus:
        """Wait until the last that was told is a state."""
        async with asyncio.timeout(60):
            while not self or self[-1].state != state:
                self._news.clear()
                await self._news.wait()
        return self[-1]

    @property
    def states(self) -> list[str]:
        return [state for state, _ in groupby(status.state for status in self)]


def fake(folder: Path, *lives: str) -> Launch:
    return Launch(
        info=ModelInfo(name="fake", context_window=512),
        files=OwnFiles(folder),
        module="tests.models.fake_worker",
        where="nothing at all",
        settings={"count": str(folder / "lives"), "lives": list(lives)},
    )


Make = Callable[..., tuple[Engine, Seen]]


@pytest.fixture
async def make(tmp_path, monkeypatch):
    """Return what makes engines that live as they are told; they are closed in the end."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    engines = []

    def make(*lives: str, **supervision) -> tuple[Engine, Seen]:
        care = SupervisionPolicy(**{"backoff_seconds": 0.01, "idle_seconds": 0} | supervision)
        engines.append(Engine(fake(tmp_path, *lives), supervision=care, logs=tmp_path / "logs"))
        seen = Seen()
        engines[-1].watch(seen.append)
        return engines[-1], seen

    yield make
    for engine in engines:
        await engine.close()


@pytest.fixture
async def model_of(make):
    """Return what makes the model of an engine; they are closed in the end."""
    models = []

    def model_of(engine: Engine) -> LocalModel:
        models.append(LocalModel(engine))
        return models[-1]

    yield model_of
    for model in models:
        await model.close()


def lives(folder: Path) -> int:
    """Return how many workers there were."""
    return len((folder / "lives").read_text())


async def grandchild(folder: Path) -> psutil.Process:
    """Return what the worker has started, once it has."""
    file = folder / "grandchild"
    await until(file.exists)
    return psutil.Process(int(file.read_text()))


async def said(model: LocalModel) -> str:
    text = ""
    async for delta in model.stream(HELLO):
        text = delta.text if delta.restart else text + delta.text
    return text


async def test_whoever_watches_is_told_how_far_it_is_and_on_what(make: Make):
    engine, seen = make("serve")
    also: list[EngineStatus] = []
    leave = engine.watch(also.append)
    await engine.start()
    await seen.reach("ready")
    assert [status.progress for status in seen] == [None, 0.25, 0.75, None]
    assert also == seen
    assert {status.where for status in seen} == {"nothing at all"}
    leave()
    with engine.in_use():
        await seen.reach("busy")
    assert also[-1].state == "ready"


async def test_a_watcher_outside_of_any_loop_is_told_too(make: Make):
    engine, _ = make("serve")
    told: list[str] = []
    await asyncio.to_thread(engine.watch, lambda status: told.append(status.state))
    await engine.start()
    assert told[-1] == "ready"


async def test_a_worker_that_never_gets_ready_is_ended_with_all_it_started(make: Make, tmp_path):
    engine, seen = make("hang", startup_seconds=3)
    start = asyncio.create_task(engine.start())
    started = await grandchild(tmp_path)
    with pytest.raises(ModelError, match=r"was not ready after 3 seconds.*log .*fake-.*\.log"):
        await start
    await gone(started)
    assert seen.states == ["loading", "failed"]


async def gone(process: psutil.Process) -> None:
    """Wait until a process is no more."""
    await until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)


async def test_after_several_crashes_only_the_user_starts_it_again(make: Make, tmp_path):
    engine, seen = make("die", "die", "serve", max_crashes=2)
    with pytest.raises(
        ModelError, match=r"(?s)unexpectedly \(exit code 3\).*Something odd happened"
    ) as first:
        await engine.start()
    assert str(engine.log) in str(first.value)
    with pytest.raises(ModelError):
        await engine.start()
    status = await seen.reach("failed")
    assert "failed 2 times within 10 minutes, so it is not started again by itself" in status.message
    assert "Something odd happened" in status.message
    with pytest.raises(ModelError, match="not started again by itself"):
        await engine.start()
    assert lives(tmp_path) == 2
    await engine.start(forget_crashes=True)
    await seen.reach("ready")
    assert lives(tmp_path) == 3


async def test_an_error_that_the_worker_did_not_catch_is_told(make: Make):
    engine, _ = make("raise")
    with pytest.raises(
        ModelError, match=r"(?s)unexpectedly \(exit code 1\).*RuntimeError: Nobody caught this"
    ):
        await engine.start()


async def test_crashes_of_long_ago_are_forgotten(make: Make):
    engine, _ = make("die", "serve", max_crashes=1, crash_window_seconds=0)
    with pytest.raises(ModelError):
        await engine.start()
    await engine.start()


async def test_a_start_after_a_crash_waits_and_says_so(make: Make):
    engine, seen = make("die", "serve", backoff_seconds=0.2)
    with pytest.raises(ModelError):
        await engine.start()
    await engine.start()
    await seen.reach("ready")
    assert [status.message for status in seen if status.message.startswith("Waiting")]


async def test_closing_ends_the_wait_after_a_crash(make: Make, tmp_path):
    engine, seen = make("die", "serve", backoff_seconds=600)
    with pytest.raises(ModelError):
        await engine.start()
    start = asyncio.create_task(engine.start())
    await seen.reach("loading")
    await engine.close()
    with pytest.raises(ModelError, match="was stopped while it was being started"):
        await start
    assert lives(tmp_path) == 1


async def test_a_gpu_that_is_full_is_recognised(make: Make):
    engine, _ = make("die of CUDA")
    with pytest.raises(ModelError, match=r"ran out of memory on the GPU.*smaller or quantised model.*log"):
        await engine.start()


async def test_a_reply_whose_engine_dies_is_asked_for_again_of_a_new_one(make: Make, tmp_path, model_of):
    engine, seen = make("die in reply", "serve")
    model = model_of(engine)
    assert await said(model) == "The whole reply."
    await seen.reach("ready")
    assert lives(tmp_path) == 2
    assert "failed" in seen.states


async def test_a_reply_that_kills_every_engine_is_given_up(make: Make, tmp_path, model_of):
    engine, _ = make("die in reply")
    with pytest.raises(ModelError, match="ended unexpectedly"):
        await said(model_of(engine))
    assert lives(tmp_path) == 2


async def test_an_engine_stopped_in_mid_reply_is_not_started_again(make: Make, tmp_path, model_of):
    engine, _ = make("pause in reply")
    model = model_of(engine)
    stream = model.stream(HELLO)
    await anext(stream)
    await model.stop()
    with pytest.raises(ModelError, match="fake was stopped while it wrote"):
        [delta async for delta in stream]
    assert lives(tmp_path) == 1
    assert engine.status.state == "stopped"


async def test_an_idle_engine_is_unloaded_and_comes_back_when_it_is_needed(make: Make, tmp_path, model_of):
    engine, seen = make("serve", idle_seconds=0.3)
    model = model_of(engine)
    with engine.in_use():
        assert await said(model) == "The whole reply."
    status = await seen.reach("stopped")
    assert "Unloaded after 0.3 seconds without use" in status.message
    assert await said(model) == "The whole reply."
    assert lives(tmp_path) == 2


async def test_an_engine_in_use_is_not_unloaded(make: Make, tmp_path):
    engine, seen = make("serve", idle_seconds=0.05)
    with engine.in_use():
        await engine.start()
        await asyncio.sleep(0.3)  # long for an idle one
        assert engine.status.state == "busy"
    await seen.reach("stopped")
    assert lives(tmp_path) == 1


async def test_an_engine_that_is_not_chosen_any_more_is_unloaded_soon(make: Make):
    engine, seen = make("serve")
    await engine.start()
    engine.unload_soon(0.05)
    await seen.reach("stopped")
    engine.keep_loaded()
    await engine.start()
    await seen.reach("ready")


@pytest.mark.parametrize("end", ["stop", "kill the worker"])
async def test_what_a_worker_has_started_ends_with_it(make: Make, tmp_path, end):
    engine, seen = make("serve")
    await engine.start()
    started = await grandchild(tmp_path)
    if end == "stop":
        await engine.close()
    else:
        started.parent().kill()
        await seen.reach("failed")
    await gone(started)


PARENT = """
    import asyncio, sys
    from pathlib import Path
    from jupyter_codeact.models.engines.supervisor import Engine
    from tests.models.test_supervisor import fake
    async def main():
        folder, life = Path(sys.stdin.readline().strip()), sys.stdin.readline().strip()
        await Engine(fake(folder, life), logs=folder / "logs").start()
        await asyncio.sleep(600)
    asyncio.run(main())
"""


@pytest.mark.parametrize("life", ["serve", "hang"])
async def test_no_process_is_left_when_the_parent_is_killed(tmp_path, monkeypatch, life):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with python(PARENT) as parent:
        parent.stdin.write(f"{tmp_path}\n{life}\n")
        parent.stdin.flush()
        started = await grandchild(tmp_path)
        worker = started.parent()
        parent.kill()
    await gone(worker)
    await gone(started)


async def test_two_servers_with_one_model_do_not_collide(make: Make, tmp_path, model_of):
    (first, _), (second, _) = make("serve"), make("serve")
    one, two = await asyncio.gather(first.start(), second.start())
    assert one.url != two.url
    assert one.api_key != two.api_key
    assert first.log != second.log
    await first.close()
    assert await said(model_of(second)) == "The whole reply."


async def test_the_logs_of_another_server_that_runs_are_kept(make: Make, tmp_path):
    logs = tmp_path / "logs"
    logs.mkdir()
    theirs = [logs / f"fake-1-{n}.log" for n in range(6)]  # number 1 always runs
    for path in theirs:
        path.touch()
    engine, _ = make("serve")
    await engine.start()
    assert {*theirs, engine.log} == set(logs_of("fake", logs))
