from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from itertools import groupby

import psutil
import pytest

from jupyter_codeact.agent.contracts import ModelError
from jupyter_codeact.models.catalog import store
from jupyter_codeact.models.catalog.catalog import find
from jupyter_codeact.models.endpoints.addresses import Address
from jupyter_codeact.models.engines.launch import llama_cpp
from jupyter_codeact.models.engines.policy import SupervisionPolicy
from jupyter_codeact.models.engines.supervisor import Engine
from jupyter_codeact.models.status import EngineStatus
from tests.models.processes import python


class Seen(list[EngineStatus]):
    """The states of an engine, as they were reported."""

    def __init__(self) -> None:
        self._news = asyncio.Event()

    def append(self, status: EngineStatus) -> None:
        super().append(status)
        self._news.set()

    async def reach(self, test: Callable[[EngineStatus], bool]) -> None:
        """Wait for a state that passes a test."""
        while not any(map(test, self)):
            self._news.clear()
            await self._news.wait()


@pytest.fixture
async def make(tmp_path):
    """Return what makes engines, and their states as they change; they are closed in the end."""
    engines = []
    seen = Seen()

    def make(model, **supervision) -> tuple[Engine, Seen]:
        launch = llama_cpp(model, context=512, slots=1)
        engines.append(Engine(launch, supervision=SupervisionPolicy(**supervision), logs=tmp_path / "logs"))
        engines[-1].watch(seen.append)
        return engines[-1], seen

    yield make
    for engine in engines:
        await engine.close()


def states(seen: list[EngineStatus]) -> list[str]:
    """Return the states there were, each once however often it told of its progress."""
    return [state for state, _ in groupby(status.state for status in seen)]


def child() -> psutil.Process:
    """Return this process' engine."""
    [process] = [
        p for p in psutil.Process().children() if any("engines.llama.worker" in word for word in p.cmdline())
    ]
    return process


def ask(address: Address, path: str, *, key: str | None = None, origin: str | None = None, body=None):
    """Return the status, the headers and the text of an answer."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    headers |= {"Origin": origin} if origin else {}
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(address.url.removesuffix("/v1") + path, headers=headers, data=data)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.headers, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read().decode()


HELLO = {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 4}


async def test_many_askers_start_one_engine(make, smollm2):
    engine, seen = make(smollm2)
    assert engine.status.state == "stopped"
    addresses = await asyncio.gather(*(engine.start() for _ in range(5)))
    assert len(set(addresses)) == 1
    assert states(seen) == ["loading", "ready"]
    process = child()
    await engine.close()
    assert not process.is_running()
    assert states(seen) == ["loading", "ready", "stopped"]


async def test_only_who_has_the_key_is_let_in_and_only_to_the_protocol(make, smollm2):
    engine, _ = make(smollm2)
    address = await engine.start()

    assert ask(address, "/v1/chat/completions", body=HELLO)[0] == 401
    assert ask(address, "/v1/chat/completions", key="wrong", body=HELLO)[0] == 401
    status, headers, text = ask(
        address, "/v1/chat/completions", key=address.api_key, origin="http://elsewhere.example", body=HELLO
    )
    assert status == 200
    assert json.loads(text)["choices"][0]["message"]["content"]
    assert headers["Access-Control-Allow-Origin"] in (None, "")
    assert ask(address, "/")[0] == 404
    assert ask(address, "/slots", key=address.api_key)[0] == 501
    assert ask(address, "/metrics", key=address.api_key)[0] == 501


async def test_the_key_is_neither_on_the_command_line_nor_in_the_environment_nor_in_the_log(make, smollm2):
    engine, _ = make(smollm2)
    address = await engine.start()
    ask(address, "/v1/models", key=address.api_key)
    process = child()
    assert address.api_key not in " ".join(process.cmdline())
    assert address.api_key not in " ".join(process.environ().values())
    assert engine.log is not None
    assert address.api_key not in engine.log.read_text()
    assert address.api_key not in repr(address)


async def test_ctrl_c_in_the_terminal_does_not_reach_the_engine(make, smollm2):
    engine, _ = make(smollm2)
    await engine.start()
    assert os.getpgid(child().pid) != os.getpgid(0)


PARENT = """
    import asyncio, sys
    from pathlib import Path
    import psutil
    from jupyter_codeact.models.engines.supervisor import Engine
    from jupyter_codeact.models.engines.launch import llama_cpp
    async def main():
        path, logs = (Path(sys.stdin.readline().strip()) for _ in range(2))
        engine = Engine(llama_cpp(path, context=512), logs=logs)
        await engine.start()
        print(*(process.pid for process in psutil.Process().children()), flush=True)
        sys.stdin.readline()
    asyncio.run(main())
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_engine_ends_with_its_parent_however_that_ends(smollm2, tmp_path, number):
    with python(PARENT) as parent:
        parent.stdin.write(f"{smollm2}\n{tmp_path}\n")
        parent.stdin.flush()
        engine = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(number)
    engine.wait(60)


def test_the_engine_ends_with_its_parent_even_while_it_loads(qwen):
    settings = {
        "path": str(qwen),
        "name": "m",
        "api_key": "k",
        "context": 512,
        "slots": 1,
        "threads": 1,
        "cache": 0,
    }
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "jupyter_codeact.models.engines.llama.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as worker:
        worker.stdin.write(json.dumps(settings).encode() + b"\n")
        worker.stdin.flush()
        for line in worker.stderr:
            if b"loading model" in line:
                break
        worker.stdin.close()
        worker.wait(60)
        assert b"model loaded" not in worker.stderr.read()


async def test_a_killed_engine_is_noticed_and_the_next_use_starts_another(make, smollm2):
    engine, seen = make(smollm2)
    first = await engine.start()
    child().kill()
    reason = await engine.exit_reason()
    assert not reason.worth_restarting
    assert "ran out of memory or was killed" in reason.message
    assert str(engine.log) in reason.message
    assert engine.status.state == "failed"
    assert engine.status.message == f"{reason.message} It is started again when it is next needed."

    second = await engine.start()
    assert second != first
    assert ask(second, "/v1/chat/completions", key=second.api_key, body=HELLO)[0] == 200
    assert await asyncio.wait_for(engine.start(), 60) == second
    assert states(seen) == ["loading", "ready", "failed", "loading", "ready"]


async def test_a_file_that_is_no_model_is_said(make, tmp_path):
    path = tmp_path / "poem.gguf"
    path.write_text("Roses are red")
    engine, seen = make(path)
    with pytest.raises(ModelError, match=r"model poem cannot be read.*choose another file"):
        await engine.start()
    assert states(seen) == ["loading", "failed"]
    assert seen[-1].message.startswith("The model poem cannot be read")


async def test_a_file_that_is_not_there_is_said(make, tmp_path):
    engine, seen = make(tmp_path / "gone.gguf")
    assert engine.status.state == "absent"
    with pytest.raises(ModelError, match=r"no file .*gone\.gguf"):
        await engine.start()
    assert states(seen)[-1] == "failed"


def test_too_little_memory_is_recognised(smollm2, tmp_path):
    short = python(
        """
    import asyncio, resource, sys
    from pathlib import Path
    from jupyter_codeact.agent.contracts import ModelError
    from jupyter_codeact.models.engines.supervisor import Engine
    from jupyter_codeact.models.engines.launch import llama_cpp
    async def main():
        path, logs = (Path(sys.stdin.readline().strip()) for _ in range(2))
        engine = Engine(llama_cpp(path, context=8192, slots=2), logs=logs)
        resource.setrlimit(resource.RLIMIT_AS, (500 << 20, 500 << 20))
        try:
            await engine.start()
        except ModelError as error:
            print(error)
    asyncio.run(main())
    """
    )
    said, _ = short.communicate(f"{smollm2}\n{tmp_path}\n")
    assert "ran out of memory" in said
    assert "smaller model or a shorter context" in said


async def test_an_engine_that_never_gets_ready_is_given_up(make, smollm2):
    engine, seen = make(smollm2, startup_seconds=0.01)
    with pytest.raises(ModelError, match=r"was not ready after 0\.01 seconds"):
        await engine.start()
    assert states(seen) == ["loading", "failed"]


async def test_an_engine_that_cannot_run_shows_the_end_of_its_log(make, smollm2, tmp_path, monkeypatch):
    (tmp_path / "xllamacpp.py").write_text("raise ImportError('no wheel for this machine')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    engine, _ = make(smollm2)
    with pytest.raises(ModelError, match="no wheel for this machine") as caught:
        await engine.start()
    assert str(engine.log) in str(caught.value)


async def test_closing_ends_an_engine_that_is_still_loading(make, smollm2):
    engine, seen = make(smollm2)
    start = asyncio.create_task(engine.start())
    await seen.reach(lambda status: status.state == "loading")
    await engine.close()
    with pytest.raises(ModelError, match="was stopped while it was being started"):
        await start
    assert engine.status.state == "stopped"
    assert not [p for p in psutil.Process().children() if "engines.llama.worker" in " ".join(p.cmdline())]


async def test_giving_up_waiting_does_not_end_the_start(make, smollm2):
    engine, _ = make(smollm2)
    impatient = asyncio.create_task(engine.start())
    await asyncio.sleep(0)
    impatient.cancel()
    assert (await engine.start()).url
    assert impatient.cancelled()


async def test_a_model_that_is_not_here_is_pulled_when_it_is_needed(make, shelf, smollm2, hub_cache):
    entry = find("smollm2-135m")
    hub_cache(entry, smollm2)
    engine, seen = make(entry)
    assert engine.status.state == "absent"
    await engine.start()
    assert states(seen) == ["downloading", "loading", "ready"]
    assert seen[0].progress is not None
    assert store.is_here(entry)


async def test_closing_calls_off_a_download(make, shelf):
    shelf.fill()
    engine, seen = make(shelf.entry)
    start = asyncio.create_task(engine.start())
    await seen.reach(lambda status: status.message.startswith("from Python packages"))
    await engine.close()
    with pytest.raises(ModelError, match=r"download of tiny-0.1b was stopped"):
        await start
    assert engine.status.state == "absent"


async def test_only_the_logs_of_the_last_starts_are_kept(make, tmp_path):
    path = tmp_path / "poem.gguf"
    path.write_text("Roses are red")
    engine, _ = make(path, max_crashes=99, backoff_seconds=0)
    for _ in range(7):
        with pytest.raises(ModelError):
            await engine.start()
    logs = list((tmp_path / "logs").iterdir())
    assert len(logs) == 5
    assert engine.log in logs


async def test_an_engine_is_busy_while_replies_are_written(make, smollm2):
    engine, seen = make(smollm2)
    await engine.start()
    with engine.in_use(), engine.in_use():
        assert engine.status.state == "busy"
    assert engine.status.state == "ready"
    await asyncio.sleep(0)
    assert states(seen) == ["loading", "ready", "busy", "ready"]


THINKING_TEMPLATE = """\
{%- for message in messages -%}<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor -%}
{%- if add_generation_prompt -%}<|im_start|>assistant
{% if enable_thinking is defined and enable_thinking is false %}<think>

</think>

{% else %}<think>
{% endif %}{% endif -%}"""


async def test_a_model_that_thinks_does_so_unless_a_request_says_otherwise(make, smollm2, tmp_path):
    thinking = tmp_path / "thinking.gguf"
    script = [sys.executable, "-m", "gguf.scripts.gguf_new_metadata", "--chat-template", THINKING_TEMPLATE]
    await asyncio.to_thread(subprocess.run, [*script, smollm2, thinking], check=True, capture_output=True)
    engine, _ = make(thinking)
    assert engine.launch.info.thinks
    assert engine.launch.info.settings.reply_tokens is None
    address = await engine.start()

    def prompt(**fields):
        body = HELLO | fields
        _, _, text = ask(address, "/apply-template", key=address.api_key, body=body)
        return json.loads(text)["prompt"]

    assert prompt().endswith("assistant\n<think>\n")
    assert prompt(chat_template_kwargs={"enable_thinking": False}).endswith("<think>\n\n</think>\n\n")
