"""Gaps, duplicates, outliers and implausible rows."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from ..data import Row, day_in, given, people, table, to_csv
from ..kinds import Draft, Plan, Say, kind


@kind(
    "cleaning",
    [
        "{where} has some {key} more than once, because records were corrected later. Keep only the row with the latest "
        "{day} for each {key}, in a DataFrame called {out}.",
        "Deduplicate {where}: one row per {key}, the most recent one by {day}. Store it as {out} (a DataFrame).",
        "{out} = {where} without outdated duplicates (same {key}); newest {day} wins",
        "Our export {where} lists a {key} again whenever something was changed. Could you make a DataFrame {out} that only "
        "holds the newest version (by {day}) of each {key}?",
    ],
)
def newest_version(rng: Random, say: Say) -> Draft:
    rows = table(rng, (20, 36))
    d, m = rows.domain, rows.measure
    for row in rng.sample(rows.rows, rng.randint(5, 9)):
        first = date.fromisoformat(row[d.day])
        for _ in range(rng.randint(1, 2)):
            first += timedelta(days=rng.randint(1, 40))
            rows.rows.append({**row, m: round(row[m] * rng.uniform(0.8, 1.2), 2), d.day: first.isoformat()})
    rng.shuffle(rows.rows)
    at = given(rng, rows)
    out = rng.choice(("latest", "newest", "current", "deduplicated"))
    n = at.name
    good = f"""
{at.load}{n}["{d.day}"] = pd.to_datetime({n}["{d.day}"])
{out} = {n}.sort_values("{d.day}").drop_duplicates("{d.key}", keep="last")
print(len({n}), len({out}))
"""
    other = f"""
{at.load}{out} = {n}.loc[pd.to_datetime({n}["{d.day}"]).groupby({n}["{d.key}"]).idxmax()].reset_index(drop=True)
{out}.shape[0], {n}.shape[0]
"""
    wrong = f"""
{at.load}{out} = {n}.sort_values("{d.day}").drop_duplicates(by="{d.key}", keep="last")
len({out})
"""
    any_row = f"""
{at.load}{out} = {n}.drop_duplicates("{d.key}")
print({out}[["{d.key}", "{d.day}"]])
"""
    plan = Plan(
        say(where=at.where, key=d.key, day=d.day, out=out),
        [good, other],
        [(wrong, "TypeError"), (any_row, "")],
        f'same_table({out}.astype(str), expected.{out}.astype(str), ["{d.key}", "{d.day}", "{m}"])',
        f"{out} has {{len({out})}} rows, one for each {d.key}; {n} has {{len({n})}}.",
    )
    return Draft([plan], at.files, at.cells)


@kind(
    "cleaning",
    [
        "In {where}, {value} is only written down when it changes. Fill each gap with the last known {value} of the same "
        "{who}, in the order of {when}, and leave what comes before the first known one missing. Keep the result as {out}.",
        "Carry the last {value} forward within each {who} ({where}, ordered by {when}); never from one {who} to another. "
        "Leading gaps stay missing. Put it in a DataFrame {out} with the same columns.",
        "forward fill {value} per {who}, sorted by {when}, data in {where}, into a new DataFrame {out}. no filling across "
        "{who}s, no backfill",
        "The column {value} of {where} has holes where nothing changed since the previous {when}. Please make {out}, a "
        "DataFrame where the holes hold that {who}'s previous {value}; holes with nothing before them stay empty.",
    ],
)
def carry_forward(rng: Random, say: Say) -> Draft:
    who, value, names = rng.choice(
        (
            ("machine", "status", ["idle", "running", "stopped", "service"]),
            ("patient", "dose_mg", [10, 20, 40, 80]),
            ("shelf", "price", [1.5, 1.75, 2.0, 2.25]),
            ("driver", "tyre", ["soft", "medium", "hard"]),
        )
    )
    when = rng.choice(("step", "hour", "lap", "visit"))
    groups = rng.sample(range(1, 60), rng.randint(3, 5))
    rows = []
    for group in groups:
        for number in range(1, rng.randint(6, 9)):
            known = (rng.random() < 0.45 and number > 1) or number == 3
            rows.append(
                {who: f"{who[0].upper()}{group}", when: number, value: rng.choice(names) if known else None}
            )
    rng.shuffle(rows)
    file, out = (
        rng.choice(("log.csv", "changes.csv", "states.csv")),
        rng.choice(("filled", "complete", "carried")),
    )
    name = file.removesuffix(".csv")
    load = f'import pandas as pd\n\n{name} = pd.read_csv("{file}")'
    in_notebook = rng.random() < 0.5
    start = "" if in_notebook else f"{load}\n"
    good = f"""
{start}{out} = {name}.sort_values(["{who}", "{when}"]).copy()
{out}["{value}"] = {out}.groupby("{who}")["{value}"].ffill()
{out}
"""
    other = f"""
{start}parts = []
for _, part in {name}.groupby("{who}"):
    part = part.sort_values("{when}")
    parts.append(part.assign({value}=part["{value}"].ffill()))
{out} = pd.concat(parts, ignore_index=True)
print({out}.to_string())
"""
    wrong = f"""
{start}{out} = {name}.sort_values(["{who}", "{when}"])
{out}["{value}"] = {out}.groupby("{who}")["{value}"].fillforward()
{out}
"""
    across = f"""
{start}{out} = {name}.sort_values(["{who}", "{when}"]).ffill()
{out}
"""
    plan = Plan(
        say(where=name if in_notebook else file, who=who, when=when, value=value, out=out),
        [good, other],
        [(wrong, "AttributeError"), (across, "")],
        f'same_table({out}, expected.{out}, ["{who}", "{when}", "{value}"])',
        f"{out} has every gap of {value} filled with the same {who}'s last known one.",
    )
    return Draft([plan], {file: to_csv(rows)}, (load,) if in_notebook else ())


@kind(
    "cleaning",
    [
        "Sort the {measure} of {where} into {labels} with the limits {first} and {second}: {low} is below {first}, {high} is "
        "{second} or more, {mid} what lies between ({first} included). Add it as a column {out} and tell me how many rows "
        "are in each.",
        "Add a column {out} to {name} ({where}): {low} if {measure} < {first}, {mid} if {first} <= {measure} < {second}, "
        "else {high}. How many rows of each are there?",
        "bin {measure} in {where} -> new column {out} of {name}: [..{first}) {low}, [{first}..{second}) {mid}, "
        "[{second}..) {high}; report the counts",
        "For a report the values of {measure} in {where} need classes. Please give the table {name} a column {out}: "
        "'{low}' for less than {first}, '{mid}' from {first} up to but not including {second}, '{high}' from {second} "
        "on. Then say how many of the {things} fall into each class.",
    ],
)
def classes_with_limits(rng: Random, say: Say) -> Draft:
    rows = table(rng, (30, 60))
    d, m = rows.domain, rows.measure
    values = sorted(row[m] for row in rows.rows)
    first, second = values[len(values) // 3], values[2 * len(values) // 3]  # values on the limits do occur
    if second <= first:
        second = first + 1
    low, mid, high = rng.choice((("low", "medium", "high"), ("small", "middle", "large"), ("C", "B", "A")))
    at = given(rng, rows)
    out = rng.choice(("level", "size_class", "band"))
    n = at.name
    count = f'{n}["{out}"].value_counts()'
    good = f"""
{at.load}limits = [float("-inf"), {first}, {second}, float("inf")]
{n}["{out}"] = pd.cut({n}["{m}"], limits, right=False, labels=["{low}", "{mid}", "{high}"])
{count}
"""
    other = f"""
{at.load}def label(value):
    if value < {first}:
        return "{low}"
    return "{mid}" if value < {second} else "{high}"


{n}["{out}"] = {n}["{m}"].map(label)
print({count})
"""
    wrong = f"""
{at.load}{n}["{out}"] = pd.cut({n}["{m}"], [{first}, {second}], labels=["{low}", "{mid}", "{high}"])
{count}
"""
    closed = good.replace(", right=False", "")
    plan = Plan(
        say(where=at.where, name=n, measure=m, first=first, second=second, low=low, mid=mid, high=high, out=out,
            labels=f"{low}, {mid} and {high}", things=d.things),
        [good, other],
        [(wrong, "ValueError"), (closed, "")],
        f'same_table({n}.astype(str), expected.{n}.astype(str), ["{d.key}", "{out}"])\n'
        f'for _v in expected.{count}: states(answer, int(_v))',
        f"{{(_c := {count})['{low}']}} are {low}, {{_c['{mid}']}} are {mid} and {{_c['{high}']}} are {high}.",
    )  # fmt: skip
    return Draft([plan], at.files, at.cells)


@kind(
    "cleaning",
    [
        "Which column of {where} has the greatest share of missing values, and how many percent are missing? Then make a "
        "DataFrame {out} without the columns of which more than {limit} % is missing.",
        "Check {where} for gaps: name the column with the most missing values and its percentage, and drop every column "
        "with more than {limit} percent missing into {out}.",
        "missing values in {where}: worst column + percentage? and {out} = only the columns with at most {limit} % missing",
        "Before I use {where} I would like to know how complete it is. Tell me the emptiest column with its percentage of "
        "missing entries, and keep, as {out}, the table without columns that are missing more than {limit} % of the time.",
    ],
)
def emptiest_column(rng: Random, say: Say) -> Draft:
    rows = table(rng, (40, 60))
    d = rows.domain
    columns = [d.second, rows.measure, d.count, d.day]
    shares = rng.sample((0.08, 0.22, 0.48, 0.71), 4)
    for column, share in zip(columns, shares, strict=True):
        for row in rng.sample(rows.rows, round(share * len(rows.rows))):
            row[column] = None
    limit = rng.choice((15, 30, 60))
    at = given(rng, rows)
    out, n = rng.choice(("kept", "usable", "trimmed")), at.name
    good = f"""
{at.load}missing = 100 * {n}.isna().mean()
{out} = {n}.loc[:, missing <= {limit}]
missing.sort_values(ascending=False)
"""
    other = f"""
{at.load}missing = ({n}.isnull().sum() / len({n}) * 100).sort_values(ascending=False)
{out} = {n}.drop(columns=missing[missing > {limit}].index)
print(missing)
print(list({out}.columns))
"""
    wrong = f"""
{at.load}missing = 100 * {n}.isna().mean()
{out} = {n}.drop(missing[missing > {limit}].index)
missing
"""
    blind = f"""
{at.load}missing = 100 * {n}.dropna().isna().mean()
{out} = {n}.loc[:, missing <= {limit}]
missing
"""
    plan = Plan(
        say(where=at.where, limit=limit, out=out),
        [good, other],
        [(wrong, "KeyError"), (blind, "")],
        f"assert set({out}.columns) == set(expected.{out}.columns), f'{out} has the columns {{list({out}.columns)}}.'\n"
        f"assert len({out}) == len(expected.{out}), '{out} should have all rows.'\n"
        "_m = expected.missing.sort_values()\nstates(answer, _m.index[-1], float(_m.iloc[-1]))",
        "{missing.idxmax()} has the most gaps: {missing.max():.1f} % are missing.",
    )
    return Draft([plan], at.files, at.cells)


@kind(
    "cleaning",
    [
        "Find outliers of {measure} in {where} by the 1.5 IQR rule (below Q1 - 1.5 IQR or above Q3 + 1.5 IQR, pandas' "
        "quantiles, over all rows). How many are there? Keep the other rows as {out}.",
        "Remove the rows of {where} whose {measure} is more than 1.5 times the interquartile range below the first or above "
        "the third quartile (default quantile method). Call the rest {out} and tell me how many rows went.",
        "box-plot rule on {measure} of {where}: drop outliers (1.5*IQR beyond the quartiles) -> {out}; how many dropped?",
        "Some values of {measure} in {where} look wrong. Using Tukey's fences (quartiles plus or minus 1.5 interquartile "
        "ranges, as pandas computes quantiles), make a DataFrame {out} without them, and say how many you left out.",
    ],
)
def outside_the_fences(rng: Random, say: Say) -> Draft:
    rows = table(rng, (30, 60))
    d, m = rows.domain, rows.measure
    for row in rng.sample(rows.rows, rng.randint(2, 5)):
        row[m] = round(d.high * rng.uniform(4, 9) * rng.choice((1, 1, -1)), 1)
    at = given(rng, rows)
    out, n = rng.choice(("clean", "inside", "plausible")), at.name
    good = f"""
{at.load}q1, q3 = {n}["{m}"].quantile([0.25, 0.75])
reach = 1.5 * (q3 - q1)
{out} = {n}[{n}["{m}"].between(q1 - reach, q3 + reach)]
print(len({n}) - len({out}), "rows left out")
"""
    other = f"""
{at.load}import numpy as np

low, high = np.percentile({n}["{m}"], [25, 75])
iqr = high - low
outlier = ({n}["{m}"] < low - 1.5 * iqr) | ({n}["{m}"] > high + 1.5 * iqr)
{out} = {n}.loc[~outlier].copy()
outlier.sum()
"""
    wrong = f"""
{at.load}q1, q3 = {n}["{m}"].quantile([25, 75])
{out} = {n}[{n}["{m}"].between(q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1))]
len({n}) - len({out})
"""
    unbracketed = f"""
{at.load}q1, q3 = {n}["{m}"].quantile([0.25, 0.75])
{out} = {n}[{n}["{m}"] > q1 - 1.5 * (q3 - q1) & {n}["{m}"] < q3 + 1.5 * (q3 - q1)]
len({n}) - len({out})
"""
    plan = Plan(
        say(where=at.where, measure=m, out=out),
        [good, other],
        [(wrong, "ValueError"), (unbracketed, "TypeError")],
        f'same_table({out}, expected.{out}, ["{d.key}", "{m}"])\n'
        f"states(answer, len(expected.{n}) - len(expected.{out}))",
        f"{{len({n}) - len({out})}} rows are outside the fences; {out} has the others.",
    )
    return Draft([plan], at.files, at.cells)


@kind(
    "cleaning",
    [
        "Check {file} against three rules: {a} is between 0 and 120, {b} is not missing, and {end} is not before {start}. "
        "How many rows break each rule? Keep the ids (column id) of all rows that break at least one, sorted, as a list {out}.",
        "Validate {file}. Rule 1: 0 <= {a} <= 120. Rule 2: {b} given. Rule 3: {start} <= {end}. Give me the number of "
        "violations per rule, and a sorted list {out} of the ids with any violation.",
        "plausibility check for {file}: {a} within 0..120, {b} present, {end} on or after {start}. count violations of each "
        "rule; {out} = sorted list of offending ids",
        "I do not trust {file}. Someone may have an {a} under 0 or over 120, an empty {b}, or an {end} earlier than the "
        "{start}. Tell me how often each of these happens and put the ids concerned into a sorted Python list called {out}.",
    ],
)
def rules_broken(rng: Random, say: Say) -> Draft:
    a, b, start, end, file = rng.choice(
        (
            ("age", "ward", "admitted", "discharged", "patients.csv"),
            ("age", "team", "joined", "left", "members.csv"),
            ("age", "school", "enrolled", "finished", "pupils.csv"),
        )
    )
    rows: list[Row] = []
    for number, who in enumerate(people(rng, rng.randint(25, 40)), rng.randint(100, 900)):
        day = day_in(rng, 2023)
        rows.append(
            {"id": number, "name": who, a: rng.randint(5, 90), b: rng.choice("ABC"), start: day,
             end: day + timedelta(days=rng.randint(0, 90))}
        )  # fmt: skip
    for row in rng.sample(rows, rng.randint(2, 3)):
        row[a] = rng.choice((-1, 130, 999, -7))
    for row in rng.sample(rows, rng.randint(4, 5)):
        row[b] = None
    for row in rng.sample(rows, rng.randint(6, 8)):
        row[end] = row[start] - timedelta(days=rng.randint(1, 30))
    rng.shuffle(rows)
    out = rng.choice(("bad_ids", "offending", "suspects"))
    good = f"""
import pandas as pd

data = pd.read_csv("{file}", parse_dates=["{start}", "{end}"])
rules = pd.DataFrame({{
    "{a}": ~data["{a}"].between(0, 120),
    "{b}": data["{b}"].isna(),
    "{end}": data["{end}"] < data["{start}"],
}})
{out} = sorted(data.loc[rules.any(axis=1), "id"].tolist())
broken = rules.sum()
print(broken)
"""
    other = f"""
import csv

broken, {out} = {{"{a}": 0, "{b}": 0, "{end}": 0}}, set()
with open("{file}") as lines:
    for row in csv.DictReader(lines):
        wrong = {{
            "{a}": not 0 <= int(row["{a}"]) <= 120,
            "{b}": row["{b}"] == "",
            "{end}": row["{end}"] < row["{start}"],
        }}
        for rule, is_wrong in wrong.items():
            broken[rule] += is_wrong
            if is_wrong:
                {out}.add(int(row["id"]))
{out} = sorted({out})
print(broken, {out})
"""
    wrong = good.replace(".any(axis=1)", ".any(axis=2)")
    never = good.replace(".isna()", ' == float("nan")').replace("print(broken)", "print(broken, rules)")
    plan = Plan(
        say(file=file, a=a, b=b, start=start, end=end, out=out),
        [good, other],
        [(wrong, "ValueError"), (never, "")],
        f"same_values({out}, expected.{out})\nstates(answer, *(int(_v) for _v in expected.broken))",
        f"{{broken['{a}']}} rows have an impossible {a}, {{broken['{b}']}} lack the {b}, and in {{broken['{end}']}} the "
        f"{end} is before the {start}.",
    )
    return Draft([plan], {file: to_csv(rows)})
