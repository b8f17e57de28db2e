"""What a page sends is read, or refused and taken for a failed answer: nobody waits for ever."""

from __future__ import annotations

import json
import os
import random
import socket
from pathlib import Path
from typing import Any

import pytest

from benchmarks.fuzz_borders import damaged_message, page_messages
from jupyter_codeact.protocol import FROM_SERVER, Done, EventMessage
from jupyter_codeact.server.messages import UNREADABLE, UnreadableError, read_message
from tests.scripted import ScriptedModel
from tests.server.page import ScriptedPage


def nested(depth: int) -> Any:
    value: Any = "deep"
    for _ in range(depth):
        value = [value]
    return value


def done(number: int, display: Any) -> dict[str, Any]:
    data = {"application/json": display}
    output = {"output_type": "display_data", "data": data, "metadata": {}}
    return {"type": "done", "id": number, "execution": {"status": "ok", "outputs": [output]}}


@pytest.mark.parametrize("depth", [150, 190, 250, 800])
def test_an_answer_with_deeply_nested_data_is_read_and_can_be_written(depth: int) -> None:
    read = read_message(json.dumps(done(5, nested(depth))))
    assert isinstance(read, Done)
    assert read.execution is not None
    from jupyter_codeact.agent.events import Executed

    event = Executed(conversation="c", run="r", turn=1, cell_id="a", **read.execution.model_dump())
    assert Executed.model_validate_json(event.model_dump_json()) == event
    FROM_SERVER.dump_json(EventMessage(notebook="a.ipynb", event=event))


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ({"type": "done", "id": 5, "execution": {"status": "fine"}}, 5),
        ({"type": "done", "id": 5, "cell_id": 7}, 5),
        ({"type": "began", "id": 5}, 5),
        ({"type": "began", "id": "5"}, None),
        ({"type": "done", "id": True, "more": 1}, None),
        ('{"type":"done","id":5,"cell":' + "[" * 200_000, 5),
        (b'{"type":"done","id":5,"cell_id":"\xff', 5),
        ("[" * 200_000, None),
    ],
)
def test_an_answer_that_cannot_be_read_fails_the_command_it_belongs_to(message: Any, answer: Any) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_message(json.dumps(message) if isinstance(message, dict) else message)
    failed = caught.value.answer
    assert (failed and failed.id) == answer
    assert failed is None or failed.message == UNREADABLE


async def test_a_run_whose_page_answers_nonsense_ends_with_a_sentence(
    page: ScriptedPage, model: ScriptedModel
) -> None:
    page.mute.add("write_cell")
    model.script(["```python\n1 + 1\n```"])
    await page.ask()
    command = await page.hears("write_cell")
    await page.say({"type": "done", "id": command["id"], "cell_id": {"half": "\ud83d"}})
    assert (await page.end())["message"] == UNREADABLE
    assert (await page.hears("refused"))["id"] is None


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("pipe", "is no regular file"), ("itself", "cannot be read"), ("n" * 5000, "cannot be read")],
)
async def test_what_is_no_file_is_refused_as_an_attachment(
    page: ScriptedPage, jp_root_dir: Path, name: str, sentence: str
) -> None:
    os.mkfifo(jp_root_dir / "pipe")
    (jp_root_dir / "itself").symlink_to("itself")
    refused = await page.refused(
        "ask", task="Look.", attachments=[{"kind": "file", "name": "it", "path": name}]
    )
    assert sentence in refused or "is not in the folder" in refused
    with socket.socket():  # the server still answers
        assert (await page.open("a.ipynb"))["running"] is False


def test_no_message_of_a_page_whatever_it_is_raises_anything_else() -> None:
    chance = random.Random(18)
    messages = page_messages()
    for _ in range(1500):
        message = damaged_message(chance, messages)
        try:
            read_message(message)
        except UnreadableError as error:
            str(error)
