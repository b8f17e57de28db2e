"""Databases: questions, windows and changes in SQLite."""

from __future__ import annotations

from random import Random

from ..data import Row, people, table, to_csv
from ..kinds import Draft, Plan, Say, kind


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, (int, float)) else "'" + str(value).replace("'", "''") + "'"


def _script(name: str, rows: list[Row]) -> str:
    """Return the statements that create a table with these rows."""
    kinds = {str: "TEXT", int: "INTEGER", float: "REAL"}
    types = {
        column: next(
            (kinds.get(type(row[column]), "TEXT") for row in rows if row[column] is not None), "TEXT"
        )
        for column in rows[0]
    }
    columns = ", ".join(f"{column} {of_type}" for column, of_type in types.items())
    values = ",\n".join("(" + ", ".join(map(_literal, row.values())) + ")" for row in rows)
    return f"DROP TABLE IF EXISTS {name};\nCREATE TABLE {name} ({columns});\nINSERT INTO {name} VALUES\n{values};\n"


def _open(rng: Random, **tables: list[Row]) -> tuple[dict[str, str | bytes], str, str]:
    """Return the files, the cell that opens a database with these tables, and the connection's name."""
    name, stem = rng.choice(("db", "con", "connection")), rng.choice(("shop", "office", "archive", "lab"))
    script = "".join(_script(one, rows) for one, rows in tables.items())
    target = rng.choice((f"{stem}.db", ":memory:"))
    cell = (
        f'import sqlite3\n\n{name} = sqlite3.connect("{target}")\n'
        f'with open("{stem}.sql") as script:\n    {name}.executescript(script.read())'
    )
    return {f"{stem}.sql": script}, cell, name


@kind(
    "sql",
    [
        "In the table {table} of the database {db}: which {group}s have at least {least} rows and a mean {measure} above "
        "{limit}? Make a DataFrame {out} with the columns {group}, n and mean, the highest mean first, and name the {group}s.",
        "SQL on {db}: {group}, n (rows), mean ({measure}) from {table}, only groups with n >= {least} and mean > {limit}, "
        "ordered by mean descending -> DataFrame {out}. Name them.",
        "{db}.{table}: group by {group} having count >= {least} and avg({measure}) > {limit} -> {out}({group}, n, mean) desc",
        "Using the open connection {db}, find in its table {table} every {group} that has {least} rows or more and whose "
        "average {measure} is greater than {limit}. I would like them as a DataFrame {out} ({group}, n, mean), best average "
        "first, and listed in your answer.",
    ],
)
def groups_that_qualify(rng: Random, say: Say) -> Draft:
    rows = table(rng, (40, 70), groups=(4, 5))
    d, m = rows.domain, rows.measure
    files, cell, db = _open(rng, **{rows.name: rows.rows})
    sizes = sorted(sum(row[d.group] == group for row in rows.rows) for group in rows.groups)
    means = sorted(
        sum(values) / len(values)
        for group in rows.groups
        if (values := [row[m] for row in rows.rows if row[d.group] == group])
    )
    least, limit = sizes[1], round((means[0] + means[1]) / 2, 3)
    out = rng.choice(("qualified", "selected", "top_groups"))
    good = f"""
import pandas as pd

{out} = pd.read_sql(
    \"\"\"SELECT {d.group}, COUNT(*) AS n, AVG({m}) AS mean FROM {rows.name}
    GROUP BY {d.group} HAVING COUNT(*) >= {least} AND AVG({m}) > {limit} ORDER BY mean DESC\"\"\",
    {db},
)
{out}
"""
    other = f"""
import pandas as pd

every = pd.read_sql("SELECT * FROM {rows.name}", {db})
{out} = every.groupby("{d.group}")["{m}"].agg(n="size", mean="mean").reset_index()
{out} = {out}.query("n >= {least} and mean > {limit}").sort_values("mean", ascending=False)
print({out})
"""
    wrong = good.replace(f"GROUP BY {d.group} HAVING COUNT(*) >= {least} AND AVG({m}) > {limit}",
                         f"WHERE COUNT(*) >= {least} AND AVG({m}) > {limit} GROUP BY {d.group}")  # fmt: skip
    function = good.replace("AVG(", "MEAN(")
    plan = Plan(
        say(table=rows.name, db=db, group=d.group, least=least, measure=m, limit=limit, out=out),
        [good, other],
        [(wrong, "DatabaseError"), (function, "DatabaseError")],
        f'same_table({out}, expected.{out}, ["{d.group}", "n", "mean"], ordered=True)\nstates(answer, *expected.{out}["{d.group}"])',
        f"These qualify: {{', '.join({out}['{d.group}'])}}.",
    )
    return Draft([plan], files, (cell,))


@kind(
    "sql",
    [
        "With a window function, number the rows of {table} in {db} within each {group} by {day} and {key} (column place, "
        "from 1) and add the running sum of {measure} in that order (column running). DataFrame {out} with {key}, {group}, "
        "place and running.",
        "{out} (DataFrame) from {db}: {key}, {group}, place = row number per {group} ordered by {day}, {key}; running = "
        "cumulative {measure} in the same order. Table {table}.",
        "{db}.{table}: ROW_NUMBER + running SUM({measure}) partition by {group} order by {day}, {key} -> {out}({key}, "
        "{group}, place, running)",
        "For each {group} in the table {table} (connection {db}) I want to follow how {measure} adds up over time. Please "
        "make a DataFrame {out} with {key}, {group}, the row's number within the {group} as place (1 for the first), and the "
        "sum so far as running; the order is by {day}, then {key}.",
    ],
)
def windows_in_sql(rng: Random, say: Say) -> Draft:
    rows = table(rng, (24, 40))
    d, m = rows.domain, rows.measure
    files, cell, db = _open(rng, **{rows.name: rows.rows})
    out = rng.choice(("windowed", "numbered", "progress"))
    window = f"OVER (PARTITION BY {d.group} ORDER BY {d.day}, {d.key})"
    good = f"""
import pandas as pd

{out} = pd.read_sql(
    \"\"\"SELECT {d.key}, {d.group}, ROW_NUMBER() {window} AS place,
    SUM({m}) {window} AS running FROM {rows.name}\"\"\",
    {db},
)
{out}
"""
    other = f"""
import pandas as pd

{out} = pd.read_sql("SELECT * FROM {rows.name} ORDER BY {d.group}, {d.day}, {d.key}", {db})
{out}["place"] = {out}.groupby("{d.group}").cumcount() + 1
{out}["running"] = {out}.groupby("{d.group}")["{m}"].cumsum()
{out} = {out}[["{d.key}", "{d.group}", "place", "running"]]
print({out}.head(12))
"""
    wrong = good.replace("PARTITION BY", "GROUP BY")
    brackets = good.replace("ROW_NUMBER()", "ROW_NUMBER")
    plan = Plan(
        say(table=rows.name, db=db, group=d.group, key=d.key, day=d.day, measure=m, out=out),
        [good, other],
        [(wrong, "DatabaseError"), (brackets, "DatabaseError")],
        f'same_table({out}, expected.{out}, ["{d.key}", "{d.group}", "place", "running"], tolerance=1e-5)',
        f"{out} has the numbers and the running sums.",
    )
    return Draft([plan], files, (cell,))


@kind(
    "sql",
    [
        "In the database {db}, raise the price of every product of the category {category} by {percent} %, rounded to two "
        "decimals, and delete the products whose stock is 0. Commit, and tell me how many were changed and how many deleted "
        "(first raise, then delete).",
        "{db}, table products: first price * {factor} (2 decimals) where category = '{category}', then delete rows with stock "
        "0, commit. How many rows updated, how many deleted?",
        "{db}.products: update price +{percent}% (round 2) for {category}; then delete stock = 0; commit. rows changed / "
        "deleted?",
        "Our supplier of {category} charges more: please add {percent} percent to the price of these products in the table "
        "products of {db} (round to cents), after that remove everything with no stock from the table, make it permanent, "
        "and report the number of raised prices and of removed products.",
    ],
)
def raise_and_delete(rng: Random, say: Say) -> Draft:
    categories = rng.sample(("tea", "coffee", "spice", "cocoa", "sugar"), 3)
    rows: list[Row] = []
    for number in range(1, rng.randint(18, 28)):
        rows.append(
            {"id": number, "name": f"product {number}", "category": rng.choice(categories),
             "price": rng.randint(2, 40) * 0.5, "stock": rng.choice((0, 3, 8, 20, 55))}
        )  # fmt: skip
    rows[0] |= {"category": categories[0], "stock": 0}
    rows[1] |= {"category": categories[0], "stock": 9}
    rows[2] |= {"category": categories[1], "stock": 0}
    files, cell, db = _open(rng, products=rows)
    percent = rng.choice((4, 6, 8, 12))
    factor = f"{1 + percent / 100:.2f}"
    good = f"""
raised = {db}.execute(
    "UPDATE products SET price = ROUND(price * {factor}, 2) WHERE category = ?", ("{categories[0]}",)
).rowcount
deleted = {db}.execute("DELETE FROM products WHERE stock = 0").rowcount
{db}.commit()
print(raised, deleted)
"""
    other = f"""
with {db}:
    raised = {db}.execute("SELECT COUNT(*) FROM products WHERE category = '{categories[0]}'").fetchone()[0]
    deleted = {db}.execute("SELECT COUNT(*) FROM products WHERE stock = 0").fetchone()[0]
    {db}.execute("UPDATE products SET price = ROUND(price * {factor}, 2) WHERE category = '{categories[0]}'")
    {db}.execute("DELETE FROM products WHERE stock = 0")
raised, deleted
"""
    wrong = good.replace(f'= ?", ("{categories[0]}",)', f'= {categories[0]}"')
    alter = good.replace("UPDATE products SET", "ALTER products SET")
    plan = Plan(
        say(db=db, category=categories[0], percent=percent, factor=factor),
        [good, other],
        [(wrong, "OperationalError"), (alter, "OperationalError")],
        f"_sql = 'SELECT id, price, stock FROM products ORDER BY id'\n"
        f"_got, _want = {db}.execute(_sql).fetchall(), expected.{db}.execute(_sql).fetchall()\n"
        "assert [r[0] for r in _got] == [r[0] for r in _want], 'The wrong products are left.'\n"
        "same_values([r[1] for r in _got], [r[1] for r in _want], tolerance=0.0051)\n"
        f"assert not {db}.in_transaction, 'The changes are not committed.'\nstates(answer, expected.raised, expected.deleted)",
        "{raised} prices were raised, and {deleted} products were deleted.",
    )
    return Draft([plan], files, (cell,))


@kind(
    "sql",
    [
        "I do not know the database {db}. Which tables does it have, and how many rows has each? Keep that as a dictionary "
        "{out}, from name to number, and tell me the largest table, its number of rows and its columns.",
        "Explore {db} (sqlite): {out} = dict table -> row count; name the biggest table, its rows and all its columns.",
        "what's in {db}? {out} = {{table: rows}}; biggest table + its row count and column names",
        "A colleague left me the open connection {db} without a word. Please find out which tables there are and count their "
        "rows (a dict {out}), and describe the one with the most rows: how many they are, and its columns.",
    ],
)
def unknown_database(rng: Random, say: Say) -> Draft:
    names = rng.sample(
        ("invoice", "customer", "visit", "device", "employee", "course", "booking", "delivery"),
        rng.randint(3, 5),
    )
    fields = ("label", "created", "amount", "owner", "state", "remark", "priority", "origin")
    tables: dict[str, list[Row]] = {}
    for name, count in zip(names, rng.sample(range(2, 30), len(names)), strict=True):
        columns = rng.sample(fields, rng.randint(2, 4))
        tables[name] = [
            {"id": number} | {one: f"{one} {number}" for one in columns} for number in range(1, count + 1)
        ]
    files, cell, db = _open(rng, **tables)
    out = rng.choice(("sizes", "row_counts", "tables"))
    good = f"""
names = [name for name, in {db}.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
{out} = {{name: {db}.execute(f"SELECT COUNT(*) FROM {{name}}").fetchone()[0] for name in names}}
largest = max({out}, key={out}.get)
columns = [row[1] for row in {db}.execute(f"PRAGMA table_info({{largest}})")]
print({out}, largest, columns)
"""
    other = f"""
import pandas as pd

{out} = {{}}
for name in pd.read_sql("SELECT name FROM sqlite_master WHERE type = 'table'", {db})["name"]:
    {out}[name] = len(pd.read_sql(f"SELECT * FROM {{name}}", {db}))
largest = max({out}, key={out}.get)
columns = list(pd.read_sql(f"SELECT * FROM {{largest}} LIMIT 1", {db}).columns)
{out}, largest, columns
"""
    wrong = f"""
{db}.execute("SHOW TABLES").fetchall()
"""
    schema = f"""
{db}.execute("SELECT table_name FROM information_schema.tables").fetchall()
"""
    plan = Plan(
        say(db=db, out=out),
        [good, other],
        [(wrong, "OperationalError"), (schema, "OperationalError")],
        f"same_mapping({out}, expected.{out})\nstates(answer, expected.largest, expected.{out}[expected.largest], *expected.columns)",
        f"{{largest}} is the largest table, with {{{out}[largest]}} rows and the columns {{', '.join(columns)}}.",
    )
    return Draft([plan], files, (cell,))


@kind(
    "sql",
    [
        "Some rows of {child} in {db} refer by {key} to a {parent} that does not exist. Delete these rows, commit, and keep "
        "their ids as a sorted list {out}. How many rows of {child} are left?",
        "{db}: remove rows from {child} whose {key} is not an id in {parent} (commit); their ids sorted in a list {out}; "
        "remaining number of rows in {child}?",
        "orphans in {db}.{child} ({key} -> {parent}.id): delete + commit, {out} = sorted ids deleted. rows left?",
        "Our foreign keys were never enforced. In {db}, the table {child} points to {parent} through {key}, but some of them "
        "point nowhere. Please note the ids of those rows in a sorted list {out}, delete them for good, and tell me how many "
        "rows {child} still has.",
    ],
)
def orphaned_rows(rng: Random, say: Say) -> Draft:
    parent, child, key = rng.choice(
        (("author", "book", "author_id"), ("ward", "bed", "ward_id"), ("route", "stop", "route_id"))
    )
    ids = rng.sample(range(1, 40), 6)
    parents: list[Row] = [{"id": one, "name": name} for one, name in zip(ids, people(rng, 6), strict=True)]
    gone = rng.sample([one for one in range(1, 60) if one not in ids], 3)
    children: list[Row] = [
        {
            "id": number,
            key: rng.choice(gone) if number % 5 == 0 else rng.choice(ids),
            "value": rng.randint(1, 99),
        }
        for number in rng.sample(range(1, 90), 24)
    ]
    children[0] |= {"id": 95, key: gone[0]}
    files, cell, db = _open(rng, **{parent: parents, child: children})
    out = rng.choice(("orphans", "deleted_ids", "removed"))
    good = f"""
lost = {db}.execute("SELECT id FROM {child} WHERE {key} NOT IN (SELECT id FROM {parent}) ORDER BY id").fetchall()
{out} = [row[0] for row in lost]
{db}.execute("DELETE FROM {child} WHERE {key} NOT IN (SELECT id FROM {parent})")
{db}.commit()
left = {db}.execute("SELECT COUNT(*) FROM {child}").fetchone()[0]
print({out}, left)
"""
    other = f"""
rows = {db}.execute(
    "SELECT c.id FROM {child} AS c LEFT JOIN {parent} AS p ON c.{key} = p.id WHERE p.id IS NULL"
).fetchall()
{out} = sorted(one for one, in rows)
with {db}:
    {db}.executemany("DELETE FROM {child} WHERE id = ?", rows)
left = {db}.execute("SELECT COUNT(id) FROM {child}").fetchone()[0]
{out}, left
"""
    wrong = f"""
{db}.execute("DELETE {child} FROM {child} LEFT JOIN {parent} ON {child}.{key} = {parent}.id WHERE {parent}.id IS NULL")
"""
    bare = other.replace(f'{db}.executemany("DELETE', f'{db}.execute("DELETE')
    plan = Plan(
        say(db=db, parent=parent, child=child, key=key, out=out),
        [good, other],
        [(wrong, "OperationalError"), (bare, "ProgrammingError")],
        f"_sql = 'SELECT id FROM {child} ORDER BY id'\n"
        f"same_values([r[0] for r in {db}.execute(_sql)], [r[0] for r in expected.{db}.execute(_sql)])\n"
        f"same_values({out}, expected.{out})\nassert not {db}.in_transaction, 'The deletion is not committed.'\n"
        "states(answer, expected.left)",
        f"{{left}} rows are left in {child}.",
    )
    return Draft([plan], files, (cell,))


@kind(
    "sql",
    [
        "Import {file} into the database {db} as a table {table} in which {key} is the PRIMARY KEY; of rows with the same "
        "{key} keep the first in the file. Commit. How many rows were skipped?",
        "Create table {table} in {db} with {key} as primary key and load {file} into it (all columns, first occurrence of a "
        "{key} wins), commit; number of skipped duplicates?",
        "{file} -> {db}.{table}, PRIMARY KEY {key}, duplicates ignored (first wins), commit. how many ignored?",
        "Please put the contents of {file} into {db}: a new table {table} with the same columns where {key} is declared as "
        "the primary key. Should a {key} occur again further down, skip that line. Commit it and tell me how many lines you "
        "had to skip.",
    ],
)
def import_with_a_key(rng: Random, say: Say) -> Draft:
    rows = table(rng, (18, 30))
    d, m = rows.domain, rows.measure
    files, cell, db = _open(rng, meta=[{"key": "version", "value": "3"}])
    again = [{**row, m: round(row[m] + 1, 2), d.count: 0} for row in rng.sample(rows.rows, rng.randint(3, 6))]
    columns = [d.key, d.group, m, d.count]
    content = to_csv(rows.rows + again, columns)
    new = rng.choice(("imported", "records", "entries"))
    good = f"""
import csv

{db}.execute("CREATE TABLE {new} ({d.key} TEXT PRIMARY KEY, {d.group} TEXT, {m} REAL, {d.count} INTEGER)")
skipped = 0
with open("{rows.file}", newline="") as lines:
    for row in csv.DictReader(lines):
        added = {db}.execute("INSERT OR IGNORE INTO {new} VALUES (?, ?, ?, ?)", list(row.values())).rowcount
        skipped += 1 - added
{db}.commit()
print(skipped, "skipped")
"""
    other = f"""
import pandas as pd

data = pd.read_csv("{rows.file}")
unique = data.drop_duplicates("{d.key}")
{db}.execute("CREATE TABLE {new} ({d.key} TEXT PRIMARY KEY, {d.group} TEXT, {m} REAL, {d.count} INTEGER)")
unique.to_sql("{new}", {db}, index=False, if_exists="append")
{db}.commit()
skipped = len(data) - len(unique)
skipped
"""
    start = f'{db}.execute("DROP TABLE IF EXISTS {new}")\n'
    good = good.replace(f'{db}.execute("CREATE', f'{start}{db}.execute("CREATE')
    other = other.replace(f'{db}.execute("CREATE', f'{start}{db}.execute("CREATE')
    wrong = good.replace("INSERT OR IGNORE INTO", "INSERT INTO")
    tuple_ = good.replace("(?, ?, ?, ?)", "(?, ?, ?)")
    plan = Plan(
        say(file=rows.file, db=db, table=new, key=d.key),
        [good, other],
        [(wrong, "IntegrityError"), (tuple_, "OperationalError")],
        f"_sql = 'SELECT {d.key}, {m} FROM {new} ORDER BY 1'\n_got = {db}.execute(_sql).fetchall()\n"
        f"_want = expected.{db}.execute(_sql).fetchall()\nassert [r[0] for r in _got] == [r[0] for r in _want], 'The keys differ.'\n"
        "same_values([r[1] for r in _got], [r[1] for r in _want])\n"
        f"_key = [r[1] for r in {db}.execute('PRAGMA table_info({new})') if r[5]]\n"
        f"assert _key == ['{d.key}'], f'The primary key is {{_key}}.'\n"
        f"assert not {db}.in_transaction, 'The rows are not committed.'\nstates(answer, expected.skipped)",
        "{skipped} rows were skipped.",
    )
    return Draft([plan], {**files, rows.file: content}, (cell,))
