"""Secrets are recognized by the words of their names, except ordinary values, and are masked."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from jupyter_codeact.agent.gate.risks import RiskReader
from jupyter_codeact.agent.secrets import all_secrets, environment_secrets, hide, is_secret_name, secrets_in
from jupyter_codeact.notebooks.variables import read
from tests.notebooks.cells import bare_kernel, execute

VALUE = "s3cr3tvalue9"
SECRET_WORDS = """
    GITHUB_PAT DB_PWD MYSQL_PASS OPENAI_API_KEY apiKey dbPassword AWS_SECRET_ACCESS_KEY HF_TOKEN
    PGPASSWORD password api_key secret token HFToken GITHUBTOKEN STRIPE_KEY key BASIC_AUTH pwd DB_PASSWORD_2
    OPENAI_API_KEY_PROD client_secret secretKey credentials GOOGLE_APPLICATION_CREDENTIALS jwt MYSQL_PASSWD
    AWS_ACCESS_KEY_ID BACKEND_TOKEN SSH_PRIVATE_KEY deepl_key CARD_PIN
"""
OTHER_WORDS = """
    AUTHOR authors TOKENIZERS_PARALLELISM MONKEY monkey KEYBOARD_LAYOUT PUBLIC_KEY SSH_PUBLIC_KEY MAX_TOKENS
    token_count tokenizer tokens keys primary_key sort_key PATH PWD OLDPWD SSH_AUTH_SOCK eos_token secretary
    PASSAGE compass passed pattern pat spinach bypass AUTH_URL HOME x _ n2 keyword
"""
SECRETS, NO_SECRETS = SECRET_WORDS.split(), OTHER_WORDS.split()


def hidden_by_observations(name: str, monkeypatch: pytest.MonkeyPatch) -> bool:
    with monkeypatch.context() as patch:
        patch.setenv(name, VALUE)
        return VALUE not in hide(f"It is {VALUE}.", environment_secrets())


def hidden_by_the_gate(name: str) -> bool:
    return bool(RiskReader().read(f"import os\nos.environ[{name!r}]"))


async def hidden_by_the_kernel(names: list[str]) -> set[str]:
    async with bare_kernel() as client:
        found = []
        for name in names:  # one by one, because only the last ones are described
            await execute(client, f"{name} = {VALUE!r}")
            found += [variable for variable in await read(client, timeout=60.0) if variable.name == name]
    assert [variable.name for variable in found] == names
    return {variable.name for variable in found if VALUE not in variable.summary}


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_recognized_by_the_words_of_its_name(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", NO_SECRETS)
def test_a_similar_name_is_not_a_secret(name: str) -> None:
    assert not is_secret_name(name)


async def test_observations_the_gate_and_the_kernel_agree_on_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [name for name in [*SECRETS, *NO_SECRETS] if not name.startswith("_")]
    assert {name for name in names if hidden_by_observations(name, monkeypatch)} == set(SECRETS)
    assert {name for name in names if hidden_by_the_gate(name)} == set(SECRETS)
    assert await hidden_by_the_kernel(names) == set(SECRETS)


async def test_a_secret_inside_a_value_is_not_shown() -> None:
    async with bare_kernel() as client:
        await execute(
            client,
            f"options = {{'depth': 3, 'apiKey': {VALUE!r}}}\nlists = [{{'db_pwd': {VALUE!r}}}] * 20\n"
            f"nested = [1, {{'token': {VALUE!r}}}]\ncolors = {{'sort_key': 'hue'}}",
        )
        described = {variable.name: variable.summary for variable in await read(client, timeout=60.0)}
    assert described == {
        "options": "2 keys: 'depth', 'apiKey'",
        "lists": "length 20",
        "nested": "length 2, begins with 1",
        "colors": "= {'sort_key': 'hue'}",
    }


def test_a_tokenizers_flag_masks_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")
    monkeypatch.setenv("USE_AUTH", "false")
    text = json.dumps({"shipped": False})
    assert hide(text, environment_secrets()) == text


@pytest.mark.parametrize(
    "value",
    [
        "", "1", "abc", "true", "False", "none", "12345", "3.14", "-7", "production", "Bearer",
        "/home/me/.config/key.json", "~/keys/id_rsa", "./token.txt", "C:\\Users\\me\\key.pem",
        "/usr/bin:/bin", "conf/credentials.yaml", "https://login.example.org/token", "postgres://db.example.org:5432/shop",
        "https://example.org/?page=2",
    ],
)  # fmt: skip
def test_an_ordinary_value_is_never_masked(value: str) -> None:
    text = f"before {value} after"
    assert hide(text, {"API_KEY": value}) == text


def test_the_path_of_a_file_is_never_masked(tmp_path: Path) -> None:
    place = tmp_path / "k3y"
    place.touch()
    assert hide(f"in {place}", {"API_KEY": str(place)}) == f"in {place}"


@pytest.mark.parametrize(
    "value",
    [
        VALUE, "hunter2", "swordfish", "sk-proj-0a1b2c", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "/9j4AAQSkZJRg+ABAQAAAQABAAD==", "12e45f7a", "correct horse battery staple", "a-word-for-nobody",
        "https://me:hunter2@example.org/", "https://example.org/?access_token=0a1b2c3d",
        "1234567890123456789012",
    ],
)  # fmt: skip
def test_any_other_value_is_masked(value: str) -> None:
    assert hide(f"before {value} after", {"API_KEY": value}) == "before [API_KEY hidden] after"


def test_a_url_with_a_password_is_a_secret_whatever_it_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://shop:hunter2@db.example.org/shop")
    monkeypatch.setenv("HOMEPAGE", "https://example.org")
    shown = hide("postgres://shop:hunter2@db.example.org/shop https://example.org", environment_secrets())
    assert shown == "[DATABASE_URL hidden] https://example.org"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://shop:hunter2@db/x?a=1", "postgresql://shop:[password hidden]@db/x?a=1"),
        ("'mysql+pymysql://u:p%40ss%21word@[::1]:3306'", "'mysql+pymysql://u:[password hidden]@[::1]:3306'"),
        ("redis://:hunter2@cache:6379/0 and more", "redis://:[password hidden]@cache:6379/0 and more"),
        ("https://user:password@host", "https://user:password@host"),
        ("postgres://postgres:postgres@localhost/db", "postgres://postgres:postgres@localhost/db"),
        ("http://localhost:8888/lab?a=b@c", "http://localhost:8888/lab?a=b@c"),
        ("see https://example.org/a:b@c", "see https://example.org/a:b@c"),
    ],
)
def test_a_password_in_a_url_is_masked_wherever_it_comes_from(text: str, shown: str) -> None:
    assert hide(text, {}) == shown


@pytest.mark.parametrize(
    ("name", "value", "password"),
    [
        ("DATABASE_URL", "postgres://shop:p%40ssw0rd%21@db/shop", "p@ssw0rd!"),
        ("PG_DSN", "host=db dbname=shop user=me password=hunter2-x", "hunter2-x"),
        ("ODBC", "Driver={SQL};Server=db;Uid=me;Pwd='hunter2 and more';", "hunter2 and more"),
        ("STORAGE", "DefaultEndpointsProtocol=https;AccountKey=abc123def456==;", "abc123def456=="),
    ],
)
def test_the_password_in_a_connection_string_is_masked_alone_too(
    name: str, value: str, password: str
) -> None:
    secrets = secrets_in({name: value, "LANG": "C"})
    shown = hide(f"{value} / {password} / {password.encode().hex()}", secrets)
    assert shown == f"[{name} hidden] / [{name} hidden] / [{name} hidden]"


def test_a_connection_string_without_a_password_is_no_secret() -> None:
    assert not secrets_in({"LS_COLORS": "rs=0:di=01;34", "PG": "host=db password=", "OPTS": "--pwd=/home/me"})


def test_a_secret_is_masked_in_the_usual_encodings() -> None:
    for written in ("czNjcjN0dmFsdWU5", "733363723374", VALUE, f"{VALUE!r}"):
        shown = hide(f"x {base64.b64encode(VALUE.encode()).decode()} {VALUE.encode().hex()}", {"KEY": VALUE})
        assert written not in shown
    assert shown == "x [KEY hidden] [KEY hidden]"


def test_a_secret_that_is_not_valid_text_harms_nothing() -> None:
    assert hide("a \udce9 b", {"KEY": "pass\udce9word"}) == "a \udce9 b"


def test_where_a_kernels_secret_differs_both_are_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "one-token")
    shown = hide("one-token two-token", all_secrets({"HF_TOKEN": "two-token"}))
    assert shown == "[HF_TOKEN hidden] [HF_TOKEN of the kernel hidden]"


def test_of_overlapping_secrets_the_longest_is_masked() -> None:
    assert hide("my-token-2 my-token", {"A": "my-token", "B": "my-token-2"}) == "[B hidden] [A hidden]"


def test_every_line_of_a_long_secret_is_masked() -> None:
    key = "-----BEGIN-----\nabcdefghijklmnopqrstuvwxyz\n-----END-----\n"
    assert hide("  abcdefghijklmnopqrstuvwxyz", {"KEY": key}) == "  [KEY hidden]"
