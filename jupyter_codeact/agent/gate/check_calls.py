"""Checks what a call writes, reads and connects to."""

from __future__ import annotations

import ast
import os.path
import re

from . import dangers as d
from . import writers as w
from .check_databases import DatabaseChecks
from .findings import Arguments, code_of
from .markdown import risks_of_markup
from .values import DATA, PARAMETER, UNKNOWN, Value, shown, texts

_MODE = re.compile(r"[rwaxbtU+]{1,4}(?::\w+|\|\w+)?")
_WRITING_FLAGS = ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND")
_MOVERS = {"os.rename", "os.renames", "os.replace", "shutil.move", "distutils.file_util.move_file"}
_LEAVE_FILES = {
    "os.mkdir",
    "os.makedirs",
    "tensorflow.io.gfile.makedirs",
    "distutils.dir_util.mkpath",
    "joblib.Memory",
}
_FOLDERS = {"mkdir", "touch"}
_HUB_LOCAL = {
    "csv",
    "json",
    "parquet",
    "text",
    "pandas",
    "arrow",
    "imagefolder",
    "audiofolder",
    "webdataset",
    "generator",
}
_WEIGHTS = re.compile(
    r"(?:torchvision\.models|timm\.create_model|timm|tensorflow\.keras\.applications|keras\.applications)\b"
)
_MODEL_LOADERS = {
    "from_pretrained",
    "from_hub",
    "from_hf_hub",
    "load_from_hub",
    "hf_hub_download",
    "from_tiktoken",
    "YOLO",
}


class CallChecks(DatabaseChecks):
    """Checks calls for what they write, read and connect to."""

    def check_call(
        self, node: ast.Call, names: list[str], method: str, owner: Value, arguments: Arguments
    ) -> None:
        """Check a call of a function with these names, or of a method of ``owner``."""
        name = next((one for one in names if one in w.OPENERS or one in w.TARGETS), names[0] if names else "")
        self._check_writing(node, name, method, owner, arguments)
        self._check_reading(name, method, owner, arguments)
        self._check_address(node, name, method, owner, arguments)
        self._check_download(node, name, method, arguments)
        self.check_database(node, name, method, owner, arguments)
        for key in w.ALWAYS_TARGETS:
            if (value := arguments.keywords.get(key)) is not None and value.texts and name not in w.TARGETS:
                self.check_target(value, node, replaces=False)

    def _check_writing(
        self, node: ast.Call, name: str, method: str, owner: Value, arguments: Arguments
    ) -> None:
        if name in w.OPENERS:
            position, mode_position = w.OPENERS[name]
            target = arguments.get(position, *w.ARGUMENTS)
            if self._writes(name, arguments.get(mode_position, "mode", "flags", "flag"), arguments):
                self.check_written(target, node, arguments)
            elif target is not None:
                self.found_file(target)
        elif name == "logging.basicConfig":
            if (target := arguments.keywords.get("filename")) is not None:
                self.check_target(target, node)
        elif name.startswith("tempfile."):
            if (target := arguments.get(2, "dir")) is not None:
                self.check_target(target, node, replaces=False)
        elif name == "logging.config.dictConfig":
            for one in _members(arguments.get(0) or Value(), "filename"):
                self.check_target(one, node, replaces=False)
        elif method in w.SPARK_TARGETS and any(
            re.search(r"\.write(?:Stream)?\b", one) for one in owner.names
        ):
            self.check_written(arguments.get(0, "path", "name"), node, arguments)
        elif name == "fileinput.input":
            if (inplace := arguments.keywords.get("inplace")) and inplace.constant is not False:
                self.report(d.OVERWRITES, code_of(node))
        elif name in w.TARGETS:
            if name in _MOVERS and (source := arguments.get(0, "src")) is not None:
                self.check_moved(source, node)
            onto = arguments.keywords.get("dirs_exist_ok") if name == "shutil.copytree" else None
            if onto and onto.constant is not False:
                self.report(d.OVERWRITES, code_of(node))
            target = arguments.get(w.TARGETS[name], *w.ARGUMENTS)
            self.check_written(target, node, arguments, replaces=name not in _LEAVE_FILES)
        elif method == "open" and not owner.names - {"()"}:
            mode = arguments.get(0, "mode")
            if mode is not None and any(
                _MODE.fullmatch(one) and set(one) & set("wax+") for one in mode.texts
            ):
                self.check_target(owner, node)
            elif owner.texts:
                self.found_file(owner)
        elif method == "open" and not owner.is_known:
            mode = arguments.get(0, "mode")
            if mode is not None and any(
                _MODE.fullmatch(one) and set(one) & set("wax+") for one in mode.texts
            ):
                self.check_target(owner, node)
        elif method in w.PATH_METHODS:
            self._check_path_method(node, method, owner, arguments)
        elif w.TARGET_METHODS.fullmatch(method) and not any(one.endswith(".str") for one in owner.names):
            self._check_method_target(node, method, owner, arguments)
        elif method == "write" and any(one.endswith(".py") for one in owner.paths):
            self.check_code(arguments.text(0))
        elif method in w.MAYBE_TARGETS and not self._is_open_file(owner):
            for position in (0, 1):
                target = texts(filter(w.FILE_NAME.fullmatch, (arguments.get(position) or Value()).texts))
                if target.texts:
                    self.check_target(target, node)

    def check_code(self, text: str | None) -> None:
        """Check code that a cell writes into a file, as far as it is known."""

    def _writes(self, name: str, mode: Value | None, arguments: Arguments) -> bool:
        if mode is None:
            return name in w.APPENDS_BY_DEFAULT or (arguments.has_more and name != "os.open")
        if name.endswith("os.open"):
            flags = {one.rpartition(".")[2] for one in mode.names}
            return not flags or not flags <= {"O_RDONLY", "()", "O_BINARY", "O_CLOEXEC", "O_NOFOLLOW"}
        if mode.texts:
            return any(
                PARAMETER not in one and bool(set(re.split(r"[:|]", one)[0]) & set("wax+" + UNKNOWN + DATA))
                for one in mode.texts
            )
        return mode.constant is None and mode != Value()

    def _check_path_method(self, node: ast.Call, method: str, owner: Value, arguments: Arguments) -> None:
        if method in ("rename", "replace"):
            target = arguments.get(0, "target")
            if target is None or len(arguments.positional) > 1:
                return
            if owner.texts and (target.texts or method == "rename"):
                self.check_moved(owner, node)
                self.check_target(target, node)
            elif (method == "rename" and any("/" in text for text in target.texts)) or (
                method == "replace" and not owner.names - {"()"} and any("/" in text for text in target.texts)
            ):
                self.check_target(target, node)
        elif owner.texts or not owner.names or not owner.is_known:
            self.check_target(owner, node, replaces=method not in _FOLDERS)
            if method == "write_text" and any(one.endswith(".py") for one in owner.texts):
                self.check_code(arguments.text(0))

    def _check_method_target(self, node: ast.Call, method: str, owner: Value, arguments: Arguments) -> None:
        if method == "extract":
            target = arguments.get(1, "path")
            if not any(one.startswith(("zipfile", "tarfile")) for one in owner.names):
                return
        else:
            target = arguments.get(0, *w.ARGUMENTS)
            second = arguments.get(1)
            if target is not None and not target.texts and second is not None and second.texts:
                target = second
            if method == "to_excel" and target is None:
                target = arguments.get(0, "writer")
        if target is None:
            if arguments.has_more:
                self.report(d.UNKNOWN_TARGET, code_of(node))
            elif method in w.IN_PLACE and not node.args and not node.keywords and not owner.instances:
                self.report(d.OVERWRITES, code_of(node))
            return
        if method in ("text", "render", "output") or w.OPTIONAL_TARGETS.fullmatch(method):
            target = texts(one for one in target.texts if "/" in one or "." in one or "~" in one)
            if not target.texts:
                return
        replaces = not (method == "extractall" or method.endswith(("sql", "gbq")))
        mode = arguments.keywords.get("mode")
        if mode is not None and mode.text == "append":
            replaces = False
        self.check_target(target, node, replaces=replaces)

    def _check_reading(self, name: str, method: str, owner: Value, arguments: Arguments) -> None:
        function = method or name.rpartition(".")[2]
        if owner.texts:
            if function in ("read_text", "read_bytes"):
                self.found_file(owner)
            return
        reads = w.FILE_READERS.fullmatch(function) or (function == "open" and name not in w.OPENERS)
        if reads and (source := arguments.get(0, *w.ARGUMENTS)) is not None:
            self.found_file(source)

    def _check_address(
        self, node: ast.Call, name: str, method: str, owner: Value, arguments: Arguments
    ) -> None:
        function = method or name.rpartition(".")[2]
        if w.SHOWS_IN_PAGE.fullmatch(name):
            for value in arguments.values:
                for text in sorted(value.texts):
                    if w.ADDRESS.match(text):
                        self.report(d.FETCHES, shown(text))
                    self.report_all(risks_of_markup(text))
            if name.endswith(("YouTubeVideo", "VimeoVideo")):
                self.report(d.FETCHES, name)
            return
        if not w.READERS.fullmatch(function):
            return
        for part in [*node.args, *(keyword.value for keyword in node.keywords)]:
            if isinstance(part, ast.Name) and w.ADDRESS_NAMES.fullmatch(part.id):
                value, is_free = self.lookup(part.id)
                if is_free and function not in ("get", "parse"):
                    self.report(d.NETWORK, part.id)
        for value in arguments.values:
            every = [value, *(item for _, item in value.items)]
            for text in sorted(text for one in every for text in one.texts):
                if w.ADDRESS.match(text) and not re.match(r"(?:sqlite|duckdb|file)\b", text):
                    self.report(d.NETWORK, shown(text))

    def _check_download(self, node: ast.Call, name: str, method: str, arguments: Arguments) -> None:
        function = name.rpartition(".")[2]
        first = arguments.get(0, "pretrained_model_name_or_path", "path", "model")
        if w.DOWNLOADERS.fullmatch(function) and "." in name:
            self.report(d.NETWORK, name)
        elif (method or function) in _MODEL_LOADERS:
            if not self._is_local(first, arguments):
                self.report(
                    d.NETWORK, f"{method or function}: {shown(first.text) if first and first.text else '…'}"
                )
        elif name == "datasets.load_dataset":
            if first is None or first.text not in _HUB_LOCAL:
                self.report(d.NETWORK, name)
        elif ("datasets." in name and function == "load_data") or (
            name.startswith("torchvision.datasets.")
            and not _is_false(arguments.keywords.get("download"), default=True)
        ):
            self.report(d.NETWORK, name)
        elif _WEIGHTS.match(name):
            weights = arguments.keywords.get("weights") or arguments.keywords.get("pretrained")
            if (weights is not None and not _is_false(weights)) or (
                weights is None and "applications" in name
            ):
                self.report(d.NETWORK, name)
        pretrained = arguments.keywords.get("pretrained")
        if pretrained is not None and (pretrained.texts or pretrained.constant is True):
            self.report(d.NETWORK, f"{function or method}: pretrained")
        for word in ("download", "download_if_missing"):
            value = arguments.keywords.get(word)
            if value is not None and value.constant is True:
                self.report(d.NETWORK, f"{function or method}({word}=True)")
        if "trust_remote_code" in arguments.keywords and not _is_false(
            arguments.keywords["trust_remote_code"]
        ):
            self.report(d.HIDDEN, "trust_remote_code")

    def _is_local(self, first: Value | None, arguments: Arguments) -> bool:
        only = arguments.keywords.get("local_files_only")
        if only is not None and only.constant is True:
            return True
        if first is None or not first.texts:
            return False
        return all(
            one.startswith(("/", "./", "../", "~", PARAMETER))
            or one in (".", "..")
            or any(one in files for files in (self.targets, self.state.files.made))
            or self.places.is_found(one, self.state.files)
            or any(
                os.path.isdir(path)
                for path in self.places.absolute(one, self.state.files)
                if os.path.isabs(path)
            )
            for one in first.texts
        )


def _members(value: Value, name: str) -> list[Value]:
    """Return the elements with a name, at any depth of a container."""
    found = [item for key, item in value.items if key == name]
    return found + [one for _, item in value.items for one in _members(item, name)]


def _is_false(value: Value | None, *, default: bool = False) -> bool:
    if value is None:
        return default
    return value.constant is False or value == Value()
