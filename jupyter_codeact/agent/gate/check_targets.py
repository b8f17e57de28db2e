"""Checks where a cell writes."""

from __future__ import annotations

import ast
import re

from . import dangers as d
from . import writers as w
from .evaluate import Evaluator
from .findings import Arguments, code_of
from .values import FILE_NAME, MARKS, PARAMETER, Value, shown


class TargetChecks(Evaluator):
    """Checks the files that a cell writes, moves and reads."""

    def check_target(self, value: Value, node: ast.AST, *, replaces: bool = True) -> None:
        """Check where a path leads that is written."""
        if not value.texts:
            if self._is_open_file(value) or value.constant is not None or value == Value():
                return
            if value.functions or value.instances or value.items:
                return
            self.report(d.UNKNOWN_TARGET, code_of(node))
            return
        for text in sorted(value.texts):
            risk = self.places.risk_of_writing(text, self.state.files, replaces=replaces)
            paths = self.places.absolute(text, self.state.files)
            if risk is not None and not any(path in self.targets for path in paths):
                self.report(risk[0], risk[1] or code_of(node))
            self.targets.update(paths)

    def _is_open_file(self, value: Value) -> bool:
        if not value.is_known and value.names:
            return value.names <= w.FILE_OBJECT_NAMES
        return any(w.FILE_OBJECTS.match(name) for name in value.names) or bool(value.paths)

    def check_written(
        self, target: Value | None, node: ast.AST, arguments: Arguments, *, replaces: bool = True
    ) -> None:
        if target is not None:
            self.check_target(target, node, replaces=replaces)
        elif arguments.has_more:
            self.report(d.UNKNOWN_TARGET, code_of(node))

    def check_moved(self, source: Value, node: ast.AST) -> None:
        if not source.texts:
            self.report(d.MOVES, code_of(node))
        for text in sorted(source.texts):
            if self.places.is_outside(text, self.state.files):
                self.report(d.OUTSIDE, shown(text))
            elif text != PARAMETER and not self._is_made(text):
                is_open = text[-1:] in MARKS or text[:1] in MARKS
                if is_open or self.places.is_found(text, self.state.files):
                    self.report(d.MOVES, shown(text))

    def _is_made(self, text: str) -> bool:
        """Tell whether a path is that of a file which the run has made."""
        paths = self.places.absolute(text, self.state.files)
        return any(path in self.targets or path in self.state.files.made for path in paths)

    def found_file(self, source: Value) -> None:
        files = self.state.files
        for text in source.whole_texts:
            if len(text) < 1000 and "\n" not in text and re.search(r"\.\w{1,8}$", text):
                files.found |= {
                    one
                    for one in self.places.absolute(text, files)
                    if one not in self.targets and one not in files.made
                }
        for text in source.texts:
            if text.endswith(FILE_NAME):  # a file of a listed folder
                files.found.update(self.places.absolute(text, files, is_pattern=True))
