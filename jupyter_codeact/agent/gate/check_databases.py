"""Checks what a cell does to databases."""

from __future__ import annotations

import ast
import os.path
import re

from . import dangers as d
from . import sql
from . import writers as w
from .check_targets import TargetChecks
from .findings import Arguments, code_of
from .values import MARKS, PARAMETER, UNKNOWN, Value, shown, texts


class DatabaseChecks(TargetChecks):
    """Checks connections to databases, and the statements that are sent to them."""

    def check_database(
        self, node: ast.Call, name: str, method: str, owner: Value, arguments: Arguments
    ) -> None:
        function = method or name.rpartition(".")[2]
        if name in (
            "sqlite3.connect",
            "duckdb.connect",
            "sqlalchemy.create_engine",
            "aiosqlite.connect",
            "apsw.Connection",
        ):
            self._check_connection(node, arguments)
        if function == "to_sql":
            exists = arguments.keywords.get("if_exists")
            if exists is not None and exists.text != "append" and exists.text != "fail":
                connection = arguments.get(1, "con")
                if connection is None or not _in_memory(connection):
                    self.report(d.DATABASE, f"if_exists={exists.text!r}" if exists.text else code_of(node))
            return
        is_database = any(w.DATABASES.match(one) for one in owner.names) or bool(owner.paths)
        is_database |= not owner.is_known and any(w.DATABASE_NAMES.fullmatch(one) for one in owner.names)
        if function not in w.SQL_METHODS and not (is_database and function == "query"):
            if is_database and function in ("delete", "drop", "remove", "truncate"):
                self.report(d.DATABASE, code_of(node.func))
            return
        connections = [owner, *arguments.values[1:]]
        if any(map(_in_memory, connections)):
            return
        statement = arguments.get(0, "sql", "query", "statement")
        if statement is None:
            return
        if (
            not statement.texts
            and not any(one.startswith("sqlalchemy.") for one in statement.names)
            and is_database
            and function.startswith(("execute", "raw", "exec_"))
        ):
            self.report(d.DATABASE, f"{code_of(node.args[0]) if node.args else ''} cannot be read")
        for connection in connections:
            for path in connection.paths:
                if w.ADDRESS.match(path):
                    self.report(d.NETWORK, shown(path))
        for text in sorted(statement.texts):
            if not is_database and not sql.looks_like_sql(text):
                continue
            risks, targets, changes = sql.read(text)
            self.report_all(risks)
            if targets:
                self.check_target(texts(targets), node)
            for connection in () if changes else connections:
                self.connected |= {path: True for path in connection.paths if path in self.connected}
            if text.startswith(UNKNOWN) and is_database:
                self.report(d.DATABASE, "a statement that cannot be read")
            for connection in connections:
                for path in connection.paths if changes else ():
                    if self.places.is_outside(path, self.state.files):
                        self.report(d.OUTSIDE, shown(path))

    def _check_connection(self, node: ast.Call, arguments: Arguments) -> None:
        """Check a connection to a database in a file: it is made if it is not there."""
        for text in sorted(opened_database(arguments).texts):
            if (
                text.startswith(PARAMETER)
                or text in ("", ":memory:")
                or "mode=ro" in text
                or "mode=memory" in text
            ):
                continue
            read_only = arguments.keywords.get("read_only")
            if read_only is not None and read_only.constant is True:
                continue
            if self.places.is_outside(text, self.state.files) and not os.path.isfile(
                os.path.expanduser(text)
            ):
                self.connected.setdefault(text, False)
            elif not text.strip(MARKS):
                self.report(d.UNKNOWN_TARGET, code_of(node))


def opened_database(arguments: Arguments) -> Value:
    """Return the path of the database that a call connects to."""
    first = arguments.get(0, "database", "url") or texts([":memory:"])
    paths = []
    for text in first.texts:
        plain = re.sub(r"^(?:sqlite|duckdb)(?:\+\w+)?://(?:/(?=[^/]|/|$))?|^file:(?://)?", "", text)
        plain = plain if "mode=" in plain else plain.partition("?")[0]
        paths.append(plain or ":memory:")
    return texts(paths)


def _in_memory(value: Value) -> bool:
    return bool(value.paths) and all(
        path in (":memory:", "") or "mode=memory" in path for path in value.paths
    )
