"""JupyterLab as a process of its own, and the notebook page as a user sees it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import nbformat
from playwright.sync_api import Browser, Locator, Page, expect
from playwright.sync_api import TimeoutError as TookTooLong

from tests.ports import await_server, free_port
from tests.waiting import wait_until

TOKEN = "a-token-for-tests"
APPLICATIONS = {"jupyterlab": ("LabApp", "lab/tree"), "notebook": ("JupyterNotebookApp", "notebooks")}
"""What each is called in configuration, and where it shows a notebook."""

KNOWN_ERRORS = (
    "Canceled future for kernel_info_request",
    "Canceled future for create_subshell_request",
    "Canceled future for debug_request",
    "reading 'schema'",
    "reading 'observe'",
)
"""Script errors of Jupyter's own: of a kernel that dies or restarts early, in Notebook 7's shortcuts,
of a notebook that is gone before it was measured."""


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
        trait, self.place = APPLICATIONS[application]
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
            *(f"--{trait}.expose_app_in_browser=True", f"--{trait}.user_settings_dir={folder / 'settings'}"),
            f"--{trait}.workspaces_dir={folder / 'workspaces'}",
            *arguments,
        ]

    def __enter__(self) -> Self:
        self.start()
        return self

    def start(self) -> None:
        """Start the server, for the first time or again, and wait until it answers."""
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
        await_server(f"{self.origin}/api/status?token={TOKEN}", self.process, lambda: "".join(self.log))

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line)

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server as Ctrl-C does, and wait until it is gone."""
        self.process.terminate()
        self.process.wait(timeout=60)
        self._reader.join()
        assert self.process.stderr is not None
        self.process.stderr.close()

    def write(self, name: str, *cells: str, kernel: str = "python3") -> Path:
        """Write a notebook with code cells, under a name of its own, and return its path."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}},
        )
        path = self.root / name
        assert not path.exists(), f"another test has a {name}, and its conversation stays"
        nbformat.write(notebook, path)
        return path

    def install_kernel(self, name: str, language: str, program: Path) -> None:
        """Let the server offer the kernel that a Python program is."""
        folder = self.data / "kernels" / name
        folder.mkdir(parents=True)
        argv = [sys.executable, str(program), "-f", "{connection_file}"]
        spec = {"argv": argv, "display_name": name, "language": language}
        (folder / "kernel.json").write_text(json.dumps(spec))


class PanelPage:
    """JupyterLab in a browser tab, with the words a user would use for what is in the agent's panel."""

    def __init__(self, browser: Browser, lab: Lab, path: str = "lab?reset") -> None:
        self.page: Page = browser.new_context(viewport={"width": 1440, "height": 800}).new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(error.stack or str(error)))
        self.page.goto(f"{lab.origin}/{path}{'&' if '?' in path else '?'}token={TOKEN}")

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
    def notice(self) -> Locator:
        """The last sentence in the conversation that is nobody's: an error, or how a run ended."""
        return self.conversation.locator(".jp-CodeAct-notice").last

    @property
    def obstacle(self) -> Locator:
        """Why nothing can be sent now, below the composer."""
        return self.page.locator("#jp-CodeAct-blocked")

    @property
    def model(self) -> Locator:
        """How the model is, while it is not simply there."""
        return self.page.get_by_label("Model", exact=True)

    @property
    def model_button(self) -> Locator:
        """The button beside the task that names the model, and opens the list of all."""
        return self.page.get_by_role("button", name=re.compile("Choose a model:"))

    @property
    def send(self) -> Locator:
        """The button that sends a task."""
        return self.page.get_by_role("button", name="Send", exact=True)

    def command(self, name: str, **arguments: object) -> None:
        """Begin one of the application's commands, as from a menu."""
        self.page.evaluate(
            "([name, args]) => { void jupyterapp.commands.execute(name, args) }", [name, arguments]
        )

    def close(self, picture: Path) -> None:
        """Take a last picture and close the tab; a script error on the page fails the test."""
        self._take(picture)
        self.page.context.close()
        self._expect_no_errors()

    def _take(self, picture: Path) -> None:
        picture.parent.mkdir(exist_ok=True)
        self.page.screenshot(path=picture)

    def _expect_no_errors(self) -> None:
        ours = [error for error in self.errors if not any(known in error for known in KNOWN_ERRORS)]
        self.errors.clear()
        assert not ours, ours


class NotebookPage(PanelPage):
    """One notebook in a browser tab."""

    def __init__(self, browser: Browser, lab: Lab, name: str, *, workspace: str | None = None) -> None:
        place = f"lab/workspaces/{workspace}/tree" if workspace else lab.place
        super().__init__(browser, lab, f"{place}/{name}?reset")
        self._lab = lab
        self.wait_until_idle()

    def open(self, name: str) -> None:
        """Open a notebook in a page that shows none."""
        self.page.evaluate(
            """async path => {
                const { commands, shell } = jupyterapp;
                const opened = await commands.execute('docmanager:open', { path });
                [...shell.widgets('main')].filter(tab => tab !== opened).forEach(tab => tab.dispose());
            }""",
            name,
        )
        self.wait_until_idle()

    def clear(self, picture: Path) -> None:
        """Take a last picture, close all tabs, saving nothing, and end the kernels.

        A script error on the page fails the test, and so does what would be in the next test's way.
        """
        self._take(picture)
        self.page.evaluate(
            """async () => {
                const { serviceManager, shell } = jupyterapp;
                const tabs = [...shell.widgets('main')];
                // what is in front comes last: JupyterLab fails where a tab is shown and closed at once
                tabs.sort((one, other) => one.isVisible - other.isVisible).forEach(tab => tab.dispose());
                shell.collapseRight();
                await serviceManager.sessions.shutdownAll();
            }"""
        )
        expect(self.page.locator(".jp-NotebookPanel, .jp-Dialog, .lm-Menu")).to_have_count(0)
        expect(self.page.locator(".jp-FileBrowser")).to_be_visible()
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-name", "JupyterLab Light")
        expect(self.task).to_be_hidden()
        self._expect_no_errors()

    def wait_until_idle(self) -> None:
        """Wait until the notebook is there and its kernel is free; an early idle means nothing."""
        self._wait("ready && session?.isReady && session.session?.kernel && status === 'idle'")

    def wait_for_kernel(self) -> None:
        """Wait until the notebook is there and connected to its kernel, which may be busy."""
        self._wait("ready && session?.session?.kernel")

    def _wait(self, condition: str) -> None:
        """Wait for the notebook in front; if it takes too long, tell what it was and what the server said."""
        seen = """
            const panel = window.jupyterapp?.shell.currentWidget;
            const session = panel?.sessionContext;
            const ready = panel?.context?.isReady;
            const status = session?.kernelDisplayStatus;
        """
        try:
            self.page.wait_for_function(f"() => {{ {seen} return {condition}; }}", timeout=120_000)
            # the last that restoring does is to give the notebook the focus
            self.page.evaluate("() => window.jupyterapp.restored.then(() => null)")
        except TookTooLong as error:
            found = "[ready, session?.isReady, session?.session?.kernel?.connectionStatus, status]"
            was = self.page.evaluate(f"() => {{ {seen} return {found}; }}")
            error.add_note(f"The notebook, its session, the connection and the kernel were {was}.")
            error.add_note("".join(self._lab.log[-40:]))
            raise

    @property
    def notebook(self) -> Locator:
        """The notebook in front."""
        return self.page.locator(".jp-NotebookPanel:visible")

    def open_panel(self) -> None:
        """Open the agent's panel with the notebook's toolbar button, unless it is open."""
        if not self.task.is_visible():
            button = self.notebook.get_by_role("button", name="Ask CodeAct to work in this notebook")
            button.click(delay=50)  # as a person does: JupyterLab 4.5 gives a notebook the focus in between
            expect(self.task).to_be_focused()  # which comes last, and would take the keys that follow
        expect(self.task).to_be_visible()

    def wait_until_panel_is_remembered(self) -> None:
        """Wait until JupyterLab has saved that the panel is open, and opens it again with the page."""
        saved = """async () => {
            const config = JSON.parse(document.getElementById('jupyter-config-data').textContent);
            const workspace = await jupyterapp.serviceManager.workspaces.fetch(config.workspace);
            return workspace.data['layout-restorer:data']?.right?.current === 'jp-CodeAct-sidebar';
        }"""
        # not wait_for_function, which takes a promise for true
        wait_until(lambda: self.page.evaluate(saved))

    @property
    def cells(self) -> Locator:
        """The notebook's cells."""
        return self.notebook.locator(".jp-Cell")

    def ask(self, task: str) -> None:
        """Give a task."""
        self.open_panel()
        self.task.fill(task)
        self.task.press("Enter")

    @property
    def approval_setting(self) -> Locator:
        """The toolbar's button that says which cells wait for approval, and opens a menu."""
        return self.notebook.locator(".jp-CodeAct-approvalSetting button")

    def choose(self, item: str) -> None:
        """Choose from the menu of the toolbar's button."""
        self.approval_setting.click()
        self.page.get_by_role("menu").get_by_text(item, exact=True).click()

    @property
    def approval(self) -> Locator:
        """The bar at the cell that waits for the user."""
        return self.notebook.get_by_role("group", name=re.compile("CodeAct wants to"))

    def waiting(self, index: int) -> Locator:
        """That bar, if it is at this cell."""
        return self.cells.nth(index).get_by_role("group", name=re.compile("CodeAct wants to"))

    def answer(self, button: str) -> None:
        """Press a button of that bar."""
        self.approval.get_by_role("button", name=button, exact=True).click()

    def mark(self, index: int, kind: str) -> Locator:
        """One of the marks at a cell."""
        return self.cells.nth(index).locator(f"[data-mark={kind}]")

    def window_cells(self) -> None:
        """Let only the cells in view be on the page, as JupyterLab can be set to."""
        # JupyterLab applies its own settings once the page is restored, perhaps after this: set it until it
        # holds. Cells are taken off the page and put back meanwhile, and lose the focus.
        self.page.wait_for_function(
            """() => {
                const notebook = jupyterapp.shell.currentWidget.content;
                const windowingMode = 'full';
                if (notebook.notebookConfig.windowingMode !== windowingMode) {
                    notebook.notebookConfig = { ...notebook.notebookConfig, windowingMode };
                }
                // Some are hidden rather than taken off the page, and with them their outputs kept.
                const cells = [...notebook.node.querySelectorAll('.jp-Cell')];
                return cells.filter(cell => cell.offsetParent).length < notebook.widgets.length;
            }"""
        )

    def edit(self, index: int) -> None:
        """Put the cursor into a cell with the mouse."""
        editor = self.cells.nth(index).locator(".cm-content")
        editor.click()
        expect(editor).to_be_focused()

    def scroll_to(self, index: int) -> None:
        """Scroll to a cell, as with the mouse: who is typing goes on typing where they are."""
        self.page.evaluate("index => jupyterapp.shell.currentWidget.content.scrollToItem(index)", index)

    @property
    def above(self) -> Locator:
        """The bar above the cells, which says what came of an undo or a check."""
        return self.notebook.locator(".jp-CodeAct-noticeBar")

    def run_cell(self, index: int) -> None:
        """Run a cell as the user does, and wait until its number shows."""
        cell = self.cells.nth(index)
        self.edit(index)
        self.page.keyboard.press("Control+Enter")
        expect(cell.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"))

    @property
    def sources(self) -> list[str]:
        """The cells' sources, from the notebook's model: cells out of view are not on the page."""
        return list(
            self.page.evaluate(
                "() => jupyterapp.shell.currentWidget.content.model.sharedModel.cells.map(c => c.getSource())"
            )
        )
