from __future__ import annotations

import json
import stat
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringError

from jupyter_codeact.agent.contracts import CodeActError
from jupyter_codeact.models.endpoints.registry import Endpoints
from jupyter_codeact.models.private import PrivateFile, SettingsError

URL = "https://models.example/v1"
KEY = "sk-very-secret"


class Ring(KeyringBackend):
    """A keyring in memory, which can be broken."""

    priority = 5

    def __init__(self) -> None:
        self.keys: dict[tuple[str, str], str] = {}
        self.broken = False

    def get_password(self, service: str, username: str) -> str | None:
        self._see()
        return self.keys.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._see()
        self.keys[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._see()
        del self.keys[service, username]

    def _see(self) -> None:
        if self.broken:
            raise KeyringError(f"locked, with {self.keys}")


@pytest.fixture
def ring():
    """Put a keyring in the system's place; without it, there is none."""
    before = keyring.get_keyring()
    ring = Ring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.fixture
def no_ring():
    from keyring.backends.fail import Keyring

    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    yield
    keyring.set_keyring(before)


def texts(folder: Path) -> str:
    return "".join(path.read_text() for path in folder.rglob("*") if path.is_file())


def test_an_endpoint_is_saved_and_found_by_the_next_server(tmp_path, ring):
    Endpoints(tmp_path).save("work", URL, model="big", api_key=KEY)
    [endpoint] = Endpoints(tmp_path).all()
    assert (endpoint.name, endpoint.url, endpoint.model) == ("work", URL, "big")
    assert endpoint.has_key
    assert not endpoint.configured
    assert Endpoints(tmp_path).key("work") == KEY


def test_a_key_is_in_the_keyring_and_nowhere_else(tmp_path, ring):
    endpoint = Endpoints(tmp_path).save("work", URL, api_key=KEY)
    assert ring.keys == {("jupyter-codeact", "work"): KEY}
    assert KEY not in texts(tmp_path)
    assert KEY not in repr(endpoint)


def test_without_a_keyring_a_key_is_in_a_file_for_its_owner_alone(tmp_path, no_ring):
    Endpoints(tmp_path / "codeact").save("work", URL, api_key=KEY)
    assert Endpoints(tmp_path / "codeact").key("work") == KEY
    assert stat.S_IMODE((tmp_path / "codeact").stat().st_mode) == 0o700
    for name in ("keys.json", "endpoints.json"):
        assert stat.S_IMODE((tmp_path / "codeact" / name).stat().st_mode) == 0o600
    assert KEY not in (tmp_path / "codeact" / "endpoints.json").read_text()


def test_a_keyring_that_fails_is_replaced_by_the_file_and_its_words_are_not_logged(tmp_path, ring, caplog):
    ring.keys["jupyter-codeact", "other"] = KEY
    ring.broken = True
    endpoints = Endpoints(tmp_path)
    endpoints.save("work", URL, api_key="another")
    assert endpoints.key("work") == "another"
    assert "KeyringError" in caplog.text
    assert KEY not in caplog.text
    ring.broken = False
    endpoints.save("work", URL, api_key="a third")
    assert "another" not in texts(tmp_path)
    assert endpoints.key("work") == "a third"


def test_a_key_stays_unless_another_is_given_and_goes_when_it_is_emptied(tmp_path, ring):
    endpoints = Endpoints(tmp_path)
    endpoints.save("work", URL, api_key=KEY)
    assert endpoints.save("work", URL, model="other").has_key
    assert endpoints.key("work") == KEY
    assert not endpoints.save("work", URL, api_key="").has_key
    assert endpoints.key("work") is None
    assert ring.keys == {}


def test_a_key_is_not_sent_to_another_server_than_it_was_given_for(tmp_path, ring):
    endpoints = Endpoints(tmp_path)
    endpoints.save("work", URL, api_key=KEY)
    with pytest.raises(SettingsError, match="give its key again"):
        endpoints.save("work", "https://evil.example/v1")
    with pytest.raises(SettingsError, match="give its key again"):
        endpoints.save("work", "http://models.example/v1")
    assert endpoints.find("work").url == URL
    assert endpoints.save("work", "https://models.example/v2").has_key


def test_removing_an_endpoint_removes_its_key(tmp_path, ring):
    endpoints = Endpoints(tmp_path)
    endpoints.save("work", URL, api_key=KEY)
    endpoints.remove("work")
    assert endpoints.all() == []
    assert ring.keys == {}
    with pytest.raises(SettingsError, match="no endpoint called work"):
        endpoints.remove("work")


def test_what_the_configuration_has_is_changed_there_alone(tmp_path, ring, monkeypatch):
    monkeypatch.setenv("LAB_KEY", KEY)
    configured = {"lab": {"url": URL, "model": "m", "api_key_env": "LAB_KEY"}, "open": {"url": URL}}
    endpoints = Endpoints(tmp_path, configured)
    assert [(one.name, one.configured, one.has_key) for one in endpoints.all()] == [
        ("lab", True, True),
        ("open", True, False),
    ]
    assert endpoints.key("lab") == KEY
    for change in (lambda: endpoints.save("lab", URL), lambda: endpoints.remove("lab")):
        with pytest.raises(SettingsError, match="lab is set in the server's configuration"):
            change()
    assert KEY not in texts(tmp_path)


def test_a_configured_endpoint_that_is_not_right_is_said_and_the_others_work(tmp_path, caplog):
    configured = {
        "bad": {"url": "nonsense"},
        "odd": {"url": URL, "key": KEY},
        "none": {},
        "good": {"url": URL},
    }
    assert [one.name for one in Endpoints(tmp_path, configured).all()] == ["good"]
    assert "http://localhost:8000/v1" in caplog.text
    assert "cannot have key" in caplog.text
    assert KEY not in caplog.text


def test_what_is_set_of_a_model_stays_until_it_is_set_otherwise(tmp_path, no_ring):
    endpoints = Endpoints(tmp_path)
    endpoints.save("work", URL, supports_images=True, guidance="small")
    endpoints.save("work", URL, model="other")
    [kept] = Endpoints(tmp_path).all()
    assert (kept.model, kept.supports_images, kept.guidance) == ("other", True, "small")
    endpoints.save("work", URL, supports_images="auto", guidance="auto")
    [unset] = Endpoints(tmp_path).all()
    assert (unset.supports_images, unset.guidance) == (None, None)
    # as the first release wrote it, which reads it still
    assert json.loads((tmp_path / "endpoints.json").read_text())["work"].keys() == {"url", "model", "has_key"}


def test_what_is_set_of_a_model_can_be_configured(tmp_path, caplog):
    named = {
        "eyes": {"url": URL, "supports_images": True},
        "helped": {"url": URL, "guidance": "small"},
        "wrong": {"url": URL, "guidance": "huge"},
    }
    eyes, helped = Endpoints(tmp_path, named).all()
    assert (eyes.supports_images, eyes.guidance) == (True, None)
    assert (helped.supports_images, helped.guidance) == (None, "small")
    assert "Its guidance is wrong" in caplog.text


@pytest.mark.parametrize(
    "fields", [7, {}, {"url": 7}, {"url": URL, "guidance": "huge"}, {"url": URL, "x": 1}]
)
def test_a_saved_endpoint_that_cannot_be_read_is_left_out(tmp_path, fields):
    stored = {"odd": fields, "fine": {"url": URL}}
    (tmp_path / "endpoints.json").write_text(json.dumps(stored))
    assert [one.name for one in Endpoints(tmp_path).all()] == ["fine"]


@pytest.mark.parametrize(
    ("name", "url", "sentence"),
    [
        ("", URL, "Give the endpoint a name"),
        ("x" * 61, URL, "Give the endpoint a name"),
        ("a\nb", URL, "Give the endpoint a name"),
        ("work", "models.example", "must be an address like"),
        ("work", "https://ada:pw@models.example/v1", "key in its own field"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_stored(tmp_path, name, url, sentence):
    endpoints = Endpoints(tmp_path)
    with pytest.raises(CodeActError, match=sentence):
        endpoints.save(name, url)
    assert endpoints.all() == []
    assert list(tmp_path.iterdir()) == []


def test_an_address_is_shown_without_its_secrets(tmp_path):
    [endpoint] = Endpoints(tmp_path, {"lab": {"url": "https://ada:pw@models.example/v1?token=t"}}).all()
    assert endpoint.shown == URL


def test_two_servers_that_save_at_once_lose_nothing(tmp_path, no_ring):
    first, second = Endpoints(tmp_path), Endpoints(tmp_path)
    first.save("one", URL, api_key="1")
    second.save("two", URL, api_key="2")
    assert [one.name for one in first.all()] == ["one", "two"]
    assert (second.key("one"), first.key("two")) == ("1", "2")


def test_a_damaged_file_is_put_aside(tmp_path, caplog):
    file = PrivateFile(tmp_path / "model.json")
    file.path.write_text('{"chosen": "aut')
    assert file.read() == {}
    assert (tmp_path / "model.json.damaged").read_text() == '{"chosen": "aut'
    with file.change() as value:
        value["chosen"] = "auto"
    assert json.loads(file.path.read_text()) == {"chosen": "auto"}


def test_a_file_that_cannot_be_written_keeps_what_it_had(tmp_path, monkeypatch):
    file = PrivateFile(tmp_path / "model.json")
    with file.change() as value:
        value["chosen"] = "auto"

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    told = pytest.raises(SettingsError, match=r"model\.json cannot be written: No space left on device")
    with told, file.change() as value:
        value["chosen"] = "catalog:x"
    assert file.read() == {"chosen": "auto"}
    assert sorted(path.name for path in tmp_path.iterdir() if "lock" not in path.name) == ["model.json"]
