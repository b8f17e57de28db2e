"""What functions and methods make of texts and paths, without running them."""

from __future__ import annotations

import ast
import os.path
from collections.abc import Sequence
from contextlib import suppress
from pathlib import PurePosixPath

from .findings import Arguments
from .values import (
    DATA,
    EXISTING,
    FILE_NAME,
    MARKS,
    PARAMETER,
    SOMETHING,
    UNKNOWN,
    Value,
    concatenated,
    container,
    named,
    texts,
)

_HOMES = {"pathlib.Path.home", "Path.home"}
_PATHS = {
    *(
        "pathlib.Path",
        "Path",
        "pathlib.PurePath",
        "pathlib.PosixPath",
        "pathlib.PurePosixPath",
        "str",
        "os.fspath",
    ),
    *(
        "os.path.abspath",
        "os.path.expanduser",
        "pathlib.Path.expanduser",
        "os.path.normpath",
        "os.path.realpath",
    ),
    *(
        "posixpath.abspath",
        "bytes",
        "os.fsencode",
        "os.fsdecode",
        "anyio.Path",
        "upath.UPath",
        "UPath",
        "repr",
    ),
    *("os.path.expandvars", "os.path.normcase", "IPython.display.display", "pathlib.WindowsPath"),
}
_JOINS = {"os.path.join", "posixpath.join"}
_SAME = {
    *(
        "list",
        "tuple",
        "set",
        "frozenset",
        "sorted",
        "reversed",
        "iter",
        "itertools.chain",
        "itertools.cycle",
        "next",
    ),
    *(
        "tqdm.tqdm",
        "tqdm",
        "tqdm.auto.tqdm",
        "tqdm.notebook.tqdm",
        "rich.progress.track",
        "copy.copy",
        "copy.deepcopy",
    ),
    *(
        "random.choice",
        "random.sample",
        "numpy.array",
        "max",
        "min",
        "itertools.islice",
        "collections.deque",
        "filter",
    ),
}
_HERE = frozenset({"", ".", "./"})
_ELEMENTS = {"next", "random.choice", "max", "min"}
_SAME_TEXT = {
    *(
        "strip",
        "rstrip",
        "lstrip",
        "expanduser",
        "resolve",
        "absolute",
        "as_posix",
        "encode",
        "decode",
        "__str__",
        "casefold",
    ),
    *("__fspath__", "removesuffix", "removeprefix", "expandtabs", "relative_to", "readlink"),
}
_EVALUATED = {"lower", "upper", "title", "swapcase", "capitalize", "replace", "strip", "lstrip", "rstrip"}
_EVALUATED |= {"removeprefix", "removesuffix", "zfill", "ljust", "rjust", "center"}


def path_attribute(owner: Value, name: str) -> Value | None:
    """Return an attribute of a path; ``None`` for any other attribute."""
    if name == "parent":
        return texts(_parent(one) for one in owner.texts)
    if name in ("name", "stem", "suffix"):
        return texts(
            PARAMETER if one == PARAMETER else os.path.basename(one) if not _has_marks(one) else FILE_NAME
            for one in owner.texts
        )
    return container([(None, texts(f"{one}/.." for one in owner.texts))]) if name == "parents" else None


def _renamed(owner: Value, method: str, part: Value | None) -> Value:
    """Return the paths that a method of paths makes of others by changing their names."""
    if part is not None and part.text is not None and not any(map(_has_marks, (part.text, *owner.texts))):
        with suppress(ValueError):  # a path without a name
            return texts(str(getattr(PurePosixPath(one), method)(part.text)) for one in owner.texts)
    return joined_paths([texts(_parent(one) for one in owner.texts), texts([FILE_NAME])])


def joined_paths(parts: Sequence[Value]) -> Value:
    """Return the paths that parts make, one below the other."""
    whole = list(parts[0].parts()) if parts else []
    for part in parts[1:]:
        ends = list(part.parts())
        if len(whole) * len(ends) > 24:
            ends = [UNKNOWN]
        whole = [
            end
            if end.startswith(("/", "~"))
            else f"{start.rstrip('/') or start}/{end if _lists(start) else end.replace(EXISTING, FILE_NAME)}"
            for start in whole
            for end in ends
        ]
    return texts(whole)


def _lists(folder: str) -> bool:
    """Tell whether the names that were listed are those of files in this folder."""
    return folder in _HERE or folder.endswith(EXISTING)


def sliced(owner: Value, part: ast.Slice) -> Value:
    """Return a slice of a text."""
    bounds = [_number(bound) for bound in (part.lower, part.upper, part.step)]
    if owner.text is None or any(isinstance(bound, str) for bound in bounds):
        return texts([PARAMETER if PARAMETER in owner.texts else DATA])
    start, stop, step = (bound if isinstance(bound, int) else None for bound in bounds)
    return texts([owner.text[slice(start, stop, step or None)]])


def returned_by_function(name: str, arguments: Arguments) -> Value | None:
    """Return the text, path or container that a function returns; ``None`` if it is another."""
    first = arguments.get(0)
    if name in _HOMES:
        return texts(["~"])
    if name in ("os.getcwd", "os.getcwdb", "pathlib.Path.cwd", "Path.cwd", "os.path.curdir"):
        return texts(["."])
    if name in _JOINS or (name in _PATHS and len(arguments.positional) > 1):
        return joined_paths(arguments.positional) if arguments.positional else None
    if name in ("pathlib.Path", "Path") and first is None:
        return texts(["."])
    if name in _PATHS and first is not None:
        return texts(first.parts())
    if (
        name in ("os.path.basename", "posixpath.basename", "werkzeug.utils.secure_filename")
        and first is not None
    ):
        return path_attribute(first, "name") if first.texts else texts([FILE_NAME])
    if name in ("os.path.dirname", "posixpath.dirname") and first is not None and first.texts:
        return path_attribute(first, "parent")
    if name in ("glob.glob", "glob.iglob", "glob.glob1") and first is not None:
        return container([(None, _found_in(first, arguments.get(9, "root_dir")))])
    if name in ("os.listdir", "os.scandir"):
        is_here = first is None or first.texts <= _HERE
        return container([(None, texts([EXISTING if is_here else FILE_NAME]))])
    if name == "os.walk" and first is not None:
        folder = texts(f"{one}/{EXISTING}" for one in first.parts())
        names = container([(None, texts([EXISTING]))])
        return container([(None, container([(0, folder), (1, names), (2, names)]))])
    if name in ("tempfile.mkdtemp", "tempfile.gettempdir", "tempfile.TemporaryDirectory", "tempfile.mktemp"):
        return texts([f"/tmp/{FILE_NAME}"])  # noqa: S108
    if name == "tempfile.NamedTemporaryFile":
        return Value(names=frozenset(["tempfile.NamedTemporaryFile()"]))
    if name in (
        "chr",
        "range",
        "len",
        "int",
        "float",
        "hex",
        "ord",
        "round",
        "sum",
        "id",
        "hash",
        "uuid.uuid4",
    ):
        return _computed(name, first)
    return _container_returned(name, arguments, first)


def _container_returned(name: str, arguments: Arguments, first: Value | None) -> Value | None:
    if name in _SAME and first is not None:
        every = first
        if name in ("itertools.chain", "max", "min"):
            for other in arguments.positional[1:]:
                every = every | other
        if name in _ELEMENTS and every.items:
            return every.element()
        if name == "filter":
            every = arguments.get(1) or SOMETHING
        return every if every.items or every.texts else None
    if name == "enumerate" and first is not None:
        return container([(None, container([(0, texts([DATA])), (1, _element(first))]))])
    if name in ("zip", "itertools.zip_longest", "itertools.product"):
        pairs = [(at, _element(one)) for at, one in enumerate(arguments.positional)]
        return container([(None, container(pairs))])
    if name in (
        "dict",
        "types.SimpleNamespace",
        "SimpleNamespace",
        "collections.OrderedDict",
        "argparse.Namespace",
    ):
        items = list(first.items) if first else []
        return container([*items, *arguments.keywords.items()])
    if name in ("itertools.chain.from_iterable",) and first is not None:
        return container([(None, _element(_element(first)))])
    return None


def returned_by_method(owner: Value, name: str, arguments: Arguments) -> Value | None:
    """Return what a method of a text, a path or a container returns; ``None`` if it is another."""
    first = arguments.get(0)
    if owner.items:
        return _of_container(owner, name, arguments, first)
    if not owner.texts:
        return None
    if name in ("glob", "rglob", "iterdir", "walk"):
        return container([(None, _found_in(first or texts(["*"]), owner))])
    if name in ("joinpath", "__truediv__"):
        return joined_paths([owner, *arguments.positional])
    if name in ("with_name", "with_suffix", "with_stem"):
        return _renamed(owner, name, first)
    if name == "join" and first is not None:
        return _joined(owner, first)
    if name in _EVALUATED and owner.text is not None:
        known = [one.text if one.text is not None else one.constant for one in arguments.positional]
        if all(isinstance(one, str | int) for one in known):
            try:
                return texts([str(getattr(owner.text, name)(*known))[:4000]])
            except (TypeError, ValueError, OverflowError, MemoryError):
                return None
    if name in ("format", "format_map"):
        return _filled_in(owner, arguments)
    if name in _SAME_TEXT:
        return Value(texts=owner.texts)
    if name in ("split", "rsplit", "splitlines", "partition") and owner.text is not None:
        separator = first.text if first else None
        parts = owner.text.split(separator or None) if name != "splitlines" else owner.text.splitlines()
        return container(list(enumerate(texts([one]) for one in parts[:64])))
    if name in (
        "lower",
        "upper",
        "replace",
        "title",
        "split",
        "rsplit",
        "partition",
        "capitalize",
        "translate",
    ):
        return texts(
            PARAMETER
            if PARAMETER in one
            else FILE_NAME
            if one in (FILE_NAME, EXISTING)
            else DATA
            if _has_marks(one)
            else f"{DATA}{one[-1:]}"
            for one in owner.texts
        )
    return None


def _of_container(owner: Value, name: str, arguments: Arguments, first: Value | None) -> Value | None:
    keys = texts(str(key) if key is not None else DATA for key, _ in owner.items)
    if name == "items":
        return container([(None, container([(0, keys), (1, _element(owner))]))])
    if name == "keys":
        return container([(None, keys)])
    if name in ("values", "copy", "__iter__"):
        return owner
    if name in ("get", "pop", "setdefault", "__getitem__", "popleft"):
        key = first.text if first and first.text is not None else first.constant if first else None
        found = owner.element(key) if isinstance(key, str | int) else owner.element()
        default = arguments.get(1)
        return (found or _element(owner)) if default is None else (found | default if found else default)
    return None


def _joined(owner: Value, items: Value) -> Value:
    if not items.items or owner.text is None or any(key is None for key, _ in items.items):
        return texts([DATA])
    parts: list[Value] = []
    for _, item in items.items:
        parts += [owner, item] if parts else [item]
    return concatenated(parts)


def _filled_in(owner: Value, arguments: Arguments) -> Value:
    text = owner.text
    if text is None:
        return texts([PARAMETER if any(one.startswith(PARAMETER) for one in owner.texts) else DATA])
    pieces: list[Value] = []
    count = 0
    while "{" in text:
        before, _, rest = text.partition("{")
        field, _, text = rest.partition("}")
        name = field.partition(":")[0].partition("!")[0].partition(".")[0].partition("[")[0]
        value = arguments.keywords.get(name)
        if value is None and (not name or name.isdecimal()):
            value = arguments.get(int(name) if name else count)
            count += 1
        pieces += [texts([before]), value or texts([UNKNOWN])]
    return concatenated([*pieces, texts([text])])


def _found_in(pattern: Value, folder: Value | None) -> Value:
    whole = joined_paths([folder, pattern]) if folder else pattern
    found = []
    for one in whole.parts():
        beginning = one.partition("*")[0].partition("?")[0].partition("[")[0]
        if beginning.startswith((PARAMETER, UNKNOWN)) and "/" not in beginning:
            found.append(PARAMETER if beginning.startswith(PARAMETER) else UNKNOWN)
        else:
            found.append(beginning.rpartition("/")[0] + ("/" if "/" in beginning else "") + EXISTING)
    return texts(found)


def _parent(path: str) -> str:
    path = path.rstrip("/")
    if path == PARAMETER:
        return PARAMETER
    head, slash, tail = path.rpartition("/")
    if tail in ("..", ".") or (_has_marks(tail) and tail[0] in UNKNOWN + DATA):
        return f"{path}/.."
    return head if head else "/" if slash else "."


def _computed(name: str, first: Value | None) -> Value:
    if (
        name == "chr"
        and first is not None
        and isinstance(first.constant, int)
        and 0 <= first.constant < 0x110000
    ):
        return texts([chr(first.constant)])
    return container([(None, texts([DATA]))]) if name == "range" else texts([DATA])


def _element(value: Value) -> Value:
    if value.items:
        return value.element() or SOMETHING
    if PARAMETER in value.texts:
        return texts([PARAMETER])
    return (
        named(*(name if name.endswith(")") else f"{name}()" for name in value.names))
        if value.names
        else SOMETHING
    )


def _has_marks(text: str) -> bool:
    return any(mark in text for mark in MARKS)


def _number(node: ast.expr | None) -> int | str | None:
    if node is None:
        return None
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return "unknown"
    return value if isinstance(value, int) else "unknown"
