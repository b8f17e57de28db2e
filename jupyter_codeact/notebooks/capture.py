"""What code shows in an IPython shell, taken down as messages of a kernel while it is shown."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ipykernel.jsonutil import encode_images, json_clean

Take = Callable[[str, dict[str, Any]], None]
"""Takes the type and the content of a message."""

NO_EXIT = "This would end the session that CodeAct works in, so it did nothing."


class _Stream:
    """Stands for ``sys.stdout`` or ``sys.stderr``; what it is asked beyond writing, the original answers."""

    def __init__(self, name: str, original: Any, take: Take, show: bool) -> None:
        self._name, self._original, self._take, self._show = name, original, take, show

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._take("stream", {"name": self._name, "text": text})
        if self._show:
            self._original.write(text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


class _Publisher:
    """Stands for the shell's display publisher."""

    def __init__(self, original: Any, take: Take, show: Callable[..., None]) -> None:
        self._original, self._take, self._show = original, take, show

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
        self._take(kind, _clean(content))
        self._show(data, metadata or {}, transient=transient, update=update, **more)

    def clear_output(self, wait: bool = False) -> None:
        self._take("clear_output", {"wait": wait})
        if getattr(self._original, "clear_output", None):
            self._original.clear_output(wait)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


@contextmanager
def captured(shell: Any, source: str, count: int, take: Take, *, show: bool) -> Iterator[None]:
    """Let ``take`` know of everything that is shown inside, in order; ``show`` shows it too.

    A traceback is shown as text on standard error: an ``error`` message would make whoever runs the
    notebook think that the cell with the agent's task failed, though the agent corrects its own errors.
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
            take("execute_result", _clean(content))
            shown(data, metadata)

    def traceback(kind: type[BaseException], value: BaseException, lines: list[str]) -> None:
        take("error", {"ename": kind.__name__, "evalue": str(value), "traceback": list(lines)})
        if show:
            print(shell.InteractiveTB.stb2text(lines), file=err)

    def stay(*_arguments: Any) -> None:
        print(NO_EXIT, file=sys.stderr)

    own = {"_showtraceback": traceback, "ask_exit": stay, "system": shell.system_piped}
    shadowed = {name: vars(shell)[name] for name in own if name in vars(shell)}
    sys.stdout, sys.stderr = (
        _Stream(name, stream, take, show) for name, stream in (("stdout", out), ("stderr", err))
    )
    sys.displayhook = result
    shell.display_pub = _Publisher(publisher, take, shown)
    for name, function in own.items():
        setattr(shell, name, function)
    try:
        yield
    finally:
        sys.stdout, sys.stderr, sys.displayhook, shell.display_pub = before
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
    """Return content as a kernel would send it: pictures as text, and nothing that JSON does not know."""
    content["data"] = encode_images(dict(content["data"]))
    cleaned: dict[str, Any] = json_clean(content)
    return cleaned
