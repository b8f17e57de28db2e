"""`data collect` makes records of a journal with secrets in it, and of results of evaluations."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from jupyter_codeact.agent.events import Observation, Reply, RunEnded, RunKept, RunStarted
from jupyter_codeact.cli import main
from jupyter_codeact.evaluation.records import Case, Episode, Played, Setting
from jupyter_codeact.evaluation.records import append as append_episode
from jupyter_codeact.journal import SqliteJournal
from jupyter_codeact.training.masking import mask_private
from jupyter_codeact.training.records import Record, load, write
from tests.scripted import MODEL, ScriptedModel

SECRETS = {
    "environment": "a-word-for-nobody-7",
    "task": "tulip-99-garden",
    "code": "q7Xw-90-zzTop",
    "url": "hunter2-of-the-db",
    "key": "sk-proj-abcdefghijklmnop1234",
    "header": "abcdef0123456789abcdef",
    "address": "ann.lee@example.org",
}
SCRIPT = [
    f"```python\napi_key = '{SECRETS['code']}'\nprint('connecting with', api_key)\n1 / 0\n```",
    f"```python\nurl = 'postgresql://ann:{SECRETS['url']}@db.example.org/sales'\nprint(url)\n"
    f"print('Authorization: Bearer {SECRETS['header']}')\nprint('{SECRETS['key']}', '{SECRETS['address']}')\n"
    "import base64, os\nprint(base64.b64encode(os.environ['SECRET_WORD'].encode()).decode())\n"
    "print(os.path.expanduser('~/sales.csv'))\n```",
    f"It works; the key is {SECRETS['code']}.",
]


@dataclass
class Recorded:
    folder: Path

    @property
    def journal(self) -> Path:
        return self.folder / "data" / "codeact" / "journal.sqlite"

    def call(self, *arguments: str, answer: str | None = None) -> Result:
        environment = {
            "JUPYTER_DATA_DIR": str(self.folder / "data"),
            "HOME": str(self.folder / "ann"),
            "SECRET_WORD": SECRETS["environment"],
        }
        return CliRunner().invoke(main, arguments, input=answer, env=environment, catch_exceptions=False)

    def collect(self, output: Path, *arguments: str, answer: str | None = None) -> list[Record]:
        result = self.call("data", "collect", "-o", str(output), *arguments, answer=answer)
        assert result.exit_code == 0, result.output
        return list(load([output]))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Let `jupyter codeact run` record a conversation about secrets."""
    recorded = Recorded(tmp_path_factory.mktemp("secrets"))
    (recorded.folder / "work").mkdir()
    (recorded.folder / "ann").mkdir()
    with ScriptedModel(SCRIPT) as model, pytest.MonkeyPatch.context() as patch:
        patch.chdir(recorded.folder / "work")
        patch.setenv("JUPYTER_CODEACT_API_KEY", model.api_key)
        task = f"Connect to the database. The password is {SECRETS['task']}."
        result = recorded.call("run", task, "--output", "sales.ipynb", "--endpoint", model.url)
    assert result.exit_code == 0, result.output
    return recorded


def test_no_secret_of_a_journal_gets_into_the_records(recorded: Recorded, tmp_path: Path) -> None:
    assert sum(secret.encode() in recorded.journal.read_bytes() for secret in SECRETS.values()) >= 6
    records = recorded.collect(tmp_path / "mine.jsonl", "--conversation", "latest", "--yes")
    text = (tmp_path / "mine.jsonl").read_text()
    for name, secret in SECRETS.items():
        assert secret not in text, name
    assert "YS13b3JkLWZvci1ub2JvZHktN" not in text, "nor in another encoding"
    assert str(recorded.folder / "ann") not in text
    assert "/home/user/sales.csv" in text
    [record] = records
    assert record.source == "journal"
    assert record.licence == "private"
    assert [message.weight for message in record.messages if message.role == "assistant"] == [0, 1, 1]
    assert (record.turns, record.errors, record.recovered, record.solved) == (3, 1, True, None)
    assert record.provenance["consent"]
    assert record.model == MODEL, "and not the address of the endpoint"


def test_a_conversation_is_used_only_if_its_user_agrees(recorded: Recorded, tmp_path: Path) -> None:
    output = tmp_path / "mine.jsonl"
    refused = recorded.call("data", "collect", "-o", str(output), "--conversation", "latest", answer="n\n")
    assert refused.exit_code == 1
    assert not output.exists()
    unnamed = recorded.call("data", "collect", "-o", str(output))
    assert unnamed.exit_code == 2
    assert len(recorded.collect(output, "--conversation", "latest", answer="y\n")) == 1


def test_a_conversation_is_there_once_however_often_it_is_collected(
    recorded: Recorded, tmp_path: Path
) -> None:
    for _ in range(2):
        records = recorded.collect(tmp_path / "mine.jsonl", "--conversation", "latest", "--yes")
    assert len(records) == 1


def test_a_conversation_that_went_on_is_written_anew_in_its_place(recorded: Recorded, tmp_path: Path) -> None:
    copy, output = tmp_path / "journal.sqlite", tmp_path / "mine.jsonl"
    copy.write_bytes(recorded.journal.read_bytes())
    arguments = ("--journal", str(copy), "--conversation", "latest", "--yes")
    [before] = recorded.collect(output, *arguments)
    other = before.model_copy(update={"id": "other", "provenance": {}})
    gone = before.model_copy(update={"id": "gone"})
    write(output, [before, gone, other])
    journal = SqliteJournal(copy)
    [info] = journal.conversations()
    [run] = [event.run for event in journal.events(info.id) if isinstance(event, RunStarted)]
    journal.append(RunKept(conversation=info.id, run=run))
    more = RunStarted(conversation=info.id, run="more", task="And now?", notebook="sales.ipynb", model="m")
    for event in (
        more,
        Observation(conversation=info.id, run="more", text="Task: And now?"),
        Reply(conversation=info.id, run="more", turn=1, text="Now it is done."),
        RunEnded(conversation=info.id, run="more", turn=1, ending="answered", answer="Now it is done."),
    ):
        journal.append(event)
    journal.close()
    told = recorded.call("data", "collect", "-o", str(output), *arguments)
    assert "0 new records; 0 were there already." in told.output
    assert "1 had changed since, and are written anew." in told.output
    assert "1 removed" in told.output
    after, kept = load([output])
    assert (after.id, after.turns, after.messages[-1].content) == (before.id, 4, "Now it is done.")
    assert kept == other
    unchanged = output.read_bytes()
    assert (
        "0 new records; 1 were there already."
        in recorded.call("data", "collect", "-o", str(output), *arguments).output
    )
    assert output.read_bytes() == unchanged


def test_a_secret_of_a_task_that_was_asked_anew_is_masked(recorded: Recorded, tmp_path: Path) -> None:
    copy, secret = tmp_path / "journal.sqlite", "tulip-of-the-first-try-1"
    copy.write_bytes(recorded.journal.read_bytes())
    journal = SqliteJournal(copy)
    [info] = journal.conversations()
    run = {"conversation": info.id, "notebook": "sales.ipynb", "model": "m"}
    journal.append(RunStarted(run="first", task=f"The password is {secret}.", **run))
    journal.append(RunStarted(run="again", task="Which one was it?", replaces="first", **run))
    journal.append(Observation(conversation=info.id, run="again", text="Task: Which one was it?"))
    journal.append(Reply(conversation=info.id, run="again", turn=1, text=f"It was {secret}."))
    journal.append(RunEnded(conversation=info.id, run="again", turn=1, ending="answered", answer="…"))
    journal.close()
    arguments = ("--journal", str(copy), "--conversation", "latest", "--yes")
    [record] = recorded.collect(tmp_path / "mine.jsonl", *arguments)
    assert "Which one was it?" in record.text
    assert secret not in record.text


def test_what_the_user_kept_counts_as_solved(recorded: Recorded, tmp_path: Path) -> None:
    copy = tmp_path / "journal.sqlite"
    copy.write_bytes(recorded.journal.read_bytes())
    journal = SqliteJournal(copy)
    [info] = journal.conversations()
    [run] = [event.run for event in journal.events(info.id) if isinstance(event, RunStarted)]
    journal.append(RunKept(conversation=info.id, run=run))
    journal.close()
    arguments = ("--journal", str(copy), "--conversation", info.id, "--yes")
    [record] = recorded.collect(tmp_path / "mine.jsonl", *arguments)
    assert record.solved is True


@pytest.mark.parametrize(
    "text",
    [
        'df[["password", "email_2"]].sort_values(key=operator.itemgetter(1))',
        'pd.merge(left, right, on="key", suffixes=("_left_1", "_right_2"))',
        '{"token": "NOUN", "next_token_1": "VERB_2"}',
        "the token is invalid; the primary key was order_id_2",
        "sorted(names, key=lambda name: name.lower())",
        "/home/user/sales.csv and src/app.py",
        pytest.param(
            "password = os.environ.get('DB'); connect(password=config.password, pwd=db_password)", id="code"
        ),
        "The password column was dropped from df_users1, and is checked in users_2.csv.",
        "class Login:\n    password: str\n    token: SecretStr",
    ],
)
def test_ordinary_code_and_words_stay_as_they_are(text: str) -> None:
    assert mask_private([text])(text) == text


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("export GITHUB_TOKEN=zzz111yyy222", "zzz111yyy222"),
        ("os.environ['DB_PASSWORD'] = 'letmein-now'", "letmein-now"),
        ("os.environ.setdefault('API_TOKEN', 'abc123def')", "abc123def"),
        ('{"client_secret": "Zm9vYmFy99"}', "Zm9vYmFy99"),
        ("client = Client(token='abcd1234efgh5678')", "abcd1234efgh5678"),
        ("smtp.login('ann', password='rosebud-1941')", "rosebud-1941"),
        ("{'AWS_SECRET_ACCESS_KEY': 'wJalrXUtnFEMI/K7MDENG/bPxRfiCY'}", "wJalrXUtnFEMI"),
        ("!mysql --password hunter-22 sales", "hunter-22"),
        ("!curl -u ann:hunter-22 https://example.org", "hunter-22"),
        ("The password of the database is tulip-99-garden.", "tulip-99-garden"),
        ("My password for the wifi: hunter22", "hunter22"),
        ("Log in as ann with the password hunter22.", "hunter22"),
        ("I changed the password from old-11-one to new-22-one.", "new-22-one"),
        ("The password is:\n\ntulip-99-garden", "tulip-99-garden"),
        ("The passphrase is 'correct horse battery staple'.", "correct horse battery staple"),
        ("Das Passwort ist tulpe-99-garten.", "tulpe-99-garten"),
        ("The access token you need is “Zx91kk-22ab”.", "Zx91kk-22ab"),
        ("The API key for the weather is 9f8e7d6c5b4a3928.", "9f8e7d6c5b4a3928"),
        ("credentials: ann / hunter22x", "hunter22x"),
        ("{'user': 'ann', 'password': 'swordfish'}", "swordfish"),
        ("requests.get(url, auth=('ann', 'swordfish'))", "swordfish"),
        ("smtp.login('ann', 'swordfish')", "swordfish"),
        ("https://api.example.org/v1?api_key=abcdef123456&x=1", "abcdef123456"),
        ("https://example.org/blob?sv=2&sig=aB3%2Fxyz98", "aB3%2Fxyz98"),
        ("%env API_TOKEN=onlyletters", "onlyletters"),
        ("export OPENAI_API_KEY='onlyletters'", "onlyletters"),
        ("user: ann\npassword: swordfish", "swordfish"),
        ("pypi-AgEIcHlwaS5vcmcCJDk4abcdefg", "AgEIcHlwaS5vcmcCJDk4abcdefg"),
        ("https://hooks.slack.com/services/T012/B345/abcDEF", "abcDEF"),
        ("aws AKIAIOSFODNN7EXAMPLE ok", "AKIAIOSFODNN7EXAMPLE"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----", "MIIEvQ"),
        ("C:\\Users\\annlee\\data.csv", "annlee"),
        ("/Users/annlee/data.csv", "annlee"),
    ],
)
def test_what_has_the_form_of_a_secret_is_masked_wherever_it_is(text: str, secret: str) -> None:
    mask = mask_private([text])
    assert secret not in mask(f"{text}\nonce more: {text}")


@pytest.mark.parametrize("line", ["api_key = {!r}", 'password = "{}"', "Client(token={!r})"])
def test_a_secret_in_a_call_of_a_tool_is_masked(line: str) -> None:
    value = "Zq81-abcdef-0077"
    code = f"import shop\n{line.format(value)}\nshop.open()"
    for text in (code, json.dumps({"name": "python", "arguments": {"code": code}})):
        assert value not in mask_private([text])(text)


def episode(case: str, messages: list[dict[str, object]], **played: object) -> Episode:
    fields = {"strict": True, "success": True, "ending": "answered", "turns": 2} | played
    return Episode(
        suite="notebook",
        case=Case(name=case, family="tables"),
        sample=0,
        model="some-model",
        setting=Setting(),
        played=Played.model_validate({**fields, "messages": messages}),
        seconds=1.0,
    )


def test_results_become_records_that_a_selection_leaves_out(recorded: Recorded, tmp_path: Path) -> None:
    chat = [
        {"role": "system", "content": "You work in a notebook."},
        {"role": "user", "content": "Task: count them."},
        {"role": "assistant", "content": "```python\nlen(them)\n```"},
        {"role": "user", "content": "The cell failed (status: error). Its output (data):\n<output 1>\n…"},
        {"role": "assistant", "content": "```python\nlen(they)\n```"},
        {
            "role": "user",
            "content": "You wrote the cell that failed once more. This ran instead:\n"
            "```python\nlen(items)\n```\nThe cell ran (status: ok). Its output (data):\n<output 1>\n3\n",
        },
        {"role": "assistant", "content": "There are 3."},
    ]
    results = tmp_path / "results.jsonl"
    append_episode(results, episode("counted", chat))
    append_episode(results, episode("empty", []))
    append_episode(
        results, episode("wrong", [*chat[:-1], {"role": "assistant", "content": "4"}], success=False)
    )
    right, wrong = recorded.collect(tmp_path / "eval.jsonl", "--results", str(results))
    assert [one.weight for one in right.messages if one.role == "assistant"] == [0, 1, 1]
    assert [one.weight for one in wrong.messages if one.role == "assistant"] == [0, 1, 0]
    assert right.messages[4].content == "```python\nlen(items)\n```"
    assert right.messages[5].content.startswith("The cell ran")
    assert (right.solved, wrong.solved) == (True, False)

    chosen = tmp_path / "chosen.jsonl"
    told = recorded.call("data", "select", str(tmp_path / "eval.jsonl"), "-o", str(chosen))
    assert "task of an evaluation suite (notebook)" in told.output
    assert list(load([chosen])) == []
    recorded.call("data", "select", str(tmp_path / "eval.jsonl"), "-o", str(chosen), "--suite", "notebook")
    assert [one.id for one in load([chosen])] == [right.id]
    assert "cannot be measured" in (tmp_path / "chosen.jsonl.card.md").read_text()


def test_a_record_is_a_line_in_the_documented_schema(recorded: Recorded, tmp_path: Path) -> None:
    recorded.collect(tmp_path / "mine.jsonl", "--conversation", "latest", "--yes")
    [line] = (tmp_path / "mine.jsonl").read_text().splitlines()
    fields = json.loads(line)
    assert fields["schema"] == 1
    assert {"id", "messages", "format", "task", "source", "model", "solved", "turns"} <= set(fields)
    assert {"errors", "recovered", "licence", "created", "provenance"} <= set(fields)
    assert all(("weight" in one) == (one["role"] == "assistant") for one in fields["messages"])
