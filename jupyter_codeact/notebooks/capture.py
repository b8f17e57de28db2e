"""What code shows in an IPython shell, captured as a kernel would send it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ipykernel.jsonutil import encode_images, json_clean

from .outputs import NO_EXIT

OnMessage = Callable[[str, dict[str, Any]], None]
"""Called with the type and the content of a message of Jupyter's protocol."""


class _Stream:
    """Stands in for ``sys.stdout`` or ``sys.stderr``; whatever is not writing goes to the original."""

    def __init__(self, name: str, original: Any, collect: OnMessage, show: bool) -> None:
        self._name, self._original, self._collect, self._show = name, original, collect, show

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._collect("stream", {"name": self._name, "text": text})
        if self._show:
            self._original.write(text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


class _Publisher:
    """Stands in for the shell's display publisher."""

    def __init__(self, original: Any, collect: OnMessage, show: Callable[..., None]) -> None:
        self._original, self._collect, self._show = original, collect, show

    def publish(
        self,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        source: Any = None,
        *,
        transient: dict[str, Any] | None = None,
        update: bool = False,
        **more: Any,
    ) -> None:
        kind = "update_display_data" if update else "display_data"
        content = {"data": data, "metadata": metadata or {}, "transient": transient or {}}
        self._collect(kind, _clean(content))
        self._show(data, metadata or {}, transient=transient, update=update, **more)

    def clear_output(self, wait: bool = False) -> None:
        self._collect("clear_output", {"wait": wait})
        if getattr(self._original, "clear_output", None):
            self._original.clear_output(wait)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


@contextmanager
def captured(shell: Any, source: str, count: int, collect: OnMessage, *, show: bool) -> Iterator[None]:
    """Pass everything that is shown inside to ``collect``, in order; with ``show`` the user sees it too.

    The user sees a traceback as text on standard error: an ``error`` message would say that their own cell,
    the one with the agent's task, had failed, and the agent corrects its errors.
    """
    before = (sys.stdout, sys.stderr, sys.displayhook, shell.display_pub)
    out, err, _, publisher = before

    def shown(*arguments: Any, **named: Any) -> None:
        if show:  # what the terminal's publisher prints is shown, and not what the code printed
            with _streams(out, err):
                publisher.publish(*arguments, **named)

    def result(value: Any) -> None:
        hook = shell.displayhook
        if value is None or hook.semicolon_at_end_of_expression(source):
            return
        data, metadata = shell.display_formatter.format(value)
        hook.update_user_ns(value)
        if data:
            content = {"data": data, "metadata": metadata, "execution_count": count}
            collect("execute_result", _clean(content))
            shown(data, metadata)

    def traceback(kind: type[BaseException], value: BaseException, lines: list[str]) -> None:
        collect("error", {"ename": kind.__name__, "evalue": str(value), "traceback": list(lines)})
        if show:
            print(shell.InteractiveTB.stb2text(lines), file=err)

    def stay(*_arguments: Any) -> None:
        print(NO_EXIT, file=sys.stderr)

    def page(data: Any, start: int = 0, screen_lines: int = 0) -> None:
        """Show help (``len?``) as an output, as JupyterLab does, not in a pager."""
        data = data if isinstance(data, dict) else {"text/plain": str(data)}
        collect("display_data", _clean({"data": data, "metadata": {}, "transient": {}}))
        shown(data, {})

    own = {"_showtraceback": traceback, "ask_exit": stay, "system": shell.system_piped}
    shadowed = {name: vars(shell)[name] for name in own if name in vars(shell)}
    sys.stdout, sys.stderr = (
        _Stream(name, stream, collect, show) for name, stream in (("stdout", out), ("stderr", err))
    )
    sys.displayhook = result
    pager, shell.hooks.show_in_pager = shell.hooks.show_in_pager, page
    shell.display_pub = _Publisher(publisher, collect, shown)
    for name, function in own.items():
        setattr(shell, name, function)
    try:
        yield
    finally:
        sys.stdout, sys.stderr, sys.displayhook, shell.display_pub = before
        shell.hooks.show_in_pager = pager
        for name in own:
            if name in shadowed:
                setattr(shell, name, shadowed[name])
            else:
                delattr(shell, name)


@contextmanager
def _streams(out: Any, err: Any) -> Iterator[None]:
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, err
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def _clean(content: dict[str, Any]) -> dict[str, Any]:
    """Return content as a kernel would send it: images in base64, and nothing that is no JSON."""
    content["data"] = encode_images(dict(content["data"]))
    cleaned: dict[str, Any] = json_clean(content)
    return cleaned
