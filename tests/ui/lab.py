"""JupyterLab as a process of its own, and the notebook page as a user sees it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import nbformat
from playwright.sync_api import Browser, Locator, Page, expect

from tests.ports import free_port

TOKEN = "a-token-for-tests"


class Lab:
    """A JupyterLab server in ``folder``, with nothing of the user's own configuration.

    Parameters
    ----------
    folder
        Holds the notebooks in ``work/`` and everything else the server writes.
    arguments
        More command-line arguments.
    environment
        More environment variables.
    application
        ``"jupyterlab"`` or ``"notebook"``.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        application: str = "jupyterlab",
    ) -> None:
        self.root = folder / "work"
        self.root.mkdir()
        settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
        settings.mkdir(parents=True)
        (settings / "notification.jupyterlab-settings").write_text(json.dumps({"fetchNews": "false"}))
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.log: list[str] = []
        self.data = folder / "data"
        own = {"CONFIG": "config", "DATA": "data", "RUNTIME": "runtime"}
        self._environment = {
            **os.environ,
            **{f"JUPYTER_{name}_DIR": str(folder / place) for name, place in own.items()},
            **(environment or {}),
        }
        self._command = [
            *(sys.executable, "-m", application, "--no-browser", "--allow-root", f"--port={self.port}"),
            *("--ServerApp.port_retries=0", f"--ServerApp.root_dir={self.root}"),
            f"--IdentityProvider.token={TOKEN}",
            *("--LabApp.expose_app_in_browser=True", f"--LabApp.user_settings_dir={folder / 'settings'}"),
            f"--LabApp.workspaces_dir={folder / 'workspaces'}",
            *arguments,
        ]

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"{self.origin}/api/status?token={TOKEN}", timeout=30):
                    return self
            except urllib.error.URLError:
                alive = self.process.poll() is None and time.monotonic() < deadline
                assert alive, "JupyterLab did not start:\n" + "".join(self.log)
                time.sleep(0.1)

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line)

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)
        self._reader.join()
        assert self.process.stderr is not None
        self.process.stderr.close()

    def write(self, name: str, *cells: str, kernel: str = "python3") -> Path:
        """Write a notebook with code cells and return its path."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}},
        )
        path = self.root / name
        nbformat.write(notebook, path)
        return path


class NotebookPage:
    """One notebook in one browser tab, with the words a user would use for what is on it."""

    def __init__(self, browser: Browser, lab: Lab, name: str, *, reset: bool = True) -> None:
        self.page: Page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        query = f"token={TOKEN}" + ("&reset" if reset else "")
        self.page.goto(f"{lab.origin}/lab/tree/{name}?{query}")
        self.notebook: Locator = self.page.locator(".jp-NotebookPanel:visible")
        expect(self.notebook.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute(
            "data-status", "idle", timeout=60_000
        )

    def open_panel(self) -> None:
        """Open the agent's panel with the notebook's toolbar button, unless it is open."""
        if not self.task.is_visible():
            self.notebook.get_by_role("button", name="CodeAct").click()
        expect(self.task).to_be_visible()

    @property
    def task(self) -> Locator:
        """Where the user writes what is to be done."""
        return self.page.get_by_role("textbox", name="Ask CodeAct")

    @property
    def conversation(self) -> Locator:
        """What was said."""
        return self.page.get_by_role("log", name="Conversation")

    @property
    def stop(self) -> Locator:
        """The button that ends a run."""
        return self.page.get_by_role("button", name="Stop", exact=True)

    @property
    def cards(self) -> Locator:
        """The actions in the conversation."""
        return self.conversation.locator("[data-state]")

    @property
    def cells(self) -> Locator:
        """The notebook's cells."""
        return self.notebook.locator(".jp-Cell")

    def ask(self, task: str) -> None:
        """Give a task."""
        self.open_panel()
        self.task.fill(task)
        self.task.press("Enter")

    def run_cell(self, index: int) -> None:
        """Run a cell as the user does, and wait until its number shows."""
        cell = self.cells.nth(index)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        expect(cell.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"))

    def source(self, index: int) -> str:
        """Return a cell's source, from the notebook's model."""
        sources = self.page.evaluate(
            "() => jupyterapp.shell.currentWidget.content.model.sharedModel.cells.map(c => c.getSource())"
        )
        return str(sources[index])

    def close(self, picture: Path) -> None:
        """Take a last picture and close the tab; a script error on the page fails the test."""
        picture.parent.mkdir(exist_ok=True)
        self.page.screenshot(path=picture)
        self.page.context.close()
        assert not self.errors, self.errors
