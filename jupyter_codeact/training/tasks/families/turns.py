"""Several requests, one after the other, each going on from what is there."""

from __future__ import annotations

from random import Random

from ..data import given, table, to_csv
from ..kinds import Draft, Plan, Say, kind


@kind(
    "turns",
    [
        "Make a DataFrame {out} from {where}: per {group}, the number of rows as n and the median of {measure} as median.",
        "{out}: {group}, n, median (of {measure}), from {where}, please.",
        "summary of {where} by {group}: n and median {measure} -> DataFrame {out}",
        "To begin with, I need a DataFrame {out} that says for every {group} in {where} how many rows it has (n) and the median "
        "{measure} (median).",
    ],
    [
        "Now add a column spread to {out}: the difference between the largest and the smallest {measure} of the {group}.",
        "Add spread (max - min of {measure}) to {out}.",
        "+ column spread in {out} = max({measure}) - min({measure})",
        "Good. Could you extend {out} by a column spread, the largest minus the smallest {measure} of each {group}?",
    ],
    [
        "Which {group} in {out} has the largest spread, and how large is it? Save {out} to {file} without an extra index column.",
        "Largest spread: which {group}, how much? And write {out} to {file} (columns {group}, n, median, spread only).",
        "max spread -> {group} + value; to_csv {file} with just {group}, n, median, spread",
        "Finally, tell me the {group} with the biggest spread and its value, and store the table as {file}, with the columns "
        "{group}, n, median and spread and nothing else.",
    ],
)
def summary_that_grows(rng: Random, say: Say) -> Draft:
    rows = table(rng, (30, 50))
    d, m = rows.domain, rows.measure
    at = given(rng, rows)
    n, out, file = (
        at.name,
        rng.choice(("summary", "overview", "per_group")),
        rng.choice(("summary.csv", "out.csv", "overview.csv")),
    )
    spread = f'{n}.groupby("{d.group}")["{m}"].agg(lambda values: values.max() - values.min())'
    known = f'{out} = {out}.reset_index() if "{d.group}" not in {out}.columns else {out}\n'
    first = Plan(
        say(where=at.where, group=d.group, measure=m, out=out),
        [
            f'{at.load}{out} = {n}.groupby("{d.group}")["{m}"].agg(n="size", median="median").reset_index()\n{out}',
            f'{at.load}grouped = {n}.groupby("{d.group}")["{m}"]\n{out} = pd.DataFrame({{"n": grouped.size(), "median": grouped.median()}})\n'
            f"{out} = {out}.reset_index()\nprint({out})",
        ],
        [
            (
                f'{at.load}{out} = {n}.groupby("{d.group}")["{m}"].agg(n="size", median="middle")\n{out}',
                "AttributeError",
            )
        ],
        f'same_table({out}, expected.{out}, ["{d.group}", "n", "median"])',
        f"{out} has n and the median of each {d.group}.",
    )
    second = Plan(
        say(group=d.group, measure=m, out=out),
        [
            f'spread = {spread}\n{out}["spread"] = {out}["{d.group}"].map(spread)\n{out}',
            f'extremes = {n}.groupby("{d.group}")["{m}"].agg(["min", "max"])\n'
            f'{out}["spread"] = (extremes["max"] - extremes["min"]).reindex({out}["{d.group}"]).to_numpy()\nprint({out})',
        ],
        [
            (f'{out}["spread"] = {out}["max"] - {out}["min"]\n{out}', "KeyError"),
            (f'{out}["spread"] = {spread}\n{out}', ""),
        ],
        f'same_table({out}, expected.{out}, ["{d.group}", "n", "median", "spread"], tolerance=1e-5)',
        f"{out} has a column spread now.",
    )
    third = Plan(
        say(group=d.group, out=out, file=file),
        [
            f'{known}top = {out}.loc[{out}["spread"].idxmax()]\n{out}.to_csv("{file}", index=False)\nprint(top)',
            f'{known}top = {out}.sort_values("spread").iloc[-1]\n'
            f'{out}[["{d.group}", "n", "median", "spread"]].to_csv("{file}", index=False)\ntop',
        ],
        [(f'top = {out}.loc[{out}["spread"].max()]\n{out}.to_csv("{file}", index=False)\ntop', "KeyError")],
        f"import pandas as _pd\n_t = _pd.read_csv('{file}')\n"
        f"assert set(_t.columns) == {{'{d.group}', 'n', 'median', 'spread'}}, f'{file} has the columns {{list(_t.columns)}}.'\n"
        f"same_table(_t, expected.{out}, tolerance=1e-5)\nstates(answer, expected.top['{d.group}'], float(expected.top['spread']))",
        f"{{top['{d.group}']}} has the largest spread: {{top['spread']:.2f}}. {out} is in {file}.",
    )
    return Draft([first, second, third], at.files, at.cells)


@kind(
    "turns",
    [
        "What is the total {measure} in {name}?",
        "Total {measure} of {name}, please.",
        "sum of {measure} in {name}?",
        "I would like to know what {measure} in the DataFrame {name} adds up to.",
    ],
    [
        "I forgot that negative values are corrections. Leave them out: what is the total now, and how many rows were left out?",
        "Without the rows with a negative {measure}: total, and number of rows dropped?",
        "ok now ignore negative {measure}. total + how many ignored?",
        "Sorry, rows where {measure} is below zero should not count, they are mistakes. What is the total of the others, and "
        "how many rows did not count?",
    ],
    [
        "And by {group}, still without the negative ones? Keep the totals as a Series {out}; which {group} is first?",
        "Same (no negatives) per {group} as a Series {out}; which is largest?",
        "by {group} too, negatives excluded -> Series {out}. top one?",
        "Please break that corrected total down by {group} into a Series {out} and tell me which {group} has the most.",
    ],
)
def second_thoughts(rng: Random, say: Say) -> Draft:
    rows = table(rng, (24, 40))
    d, m = rows.domain, rows.measure
    for row in rng.sample(rows.rows, rng.randint(3, 6)):
        row[m] = -abs(row[m]) - 1
    at = given(rng, rows, how="notebook")
    n, out = at.name, rng.choice(("by_group", "totals", "corrected"))
    first = Plan(
        say(measure=m, name=n),
        [f'total = {n}["{m}"].sum()\ntotal', f'print(sum({n}["{m}"]))'],
        [(f'{n}["{m.upper()}"].sum()', "KeyError")],
        "states(answer, float(expected.total), tolerance=0.0005)",
        f"The total is {{{n}['{m}'].sum():.2f}}.",
    )
    second = Plan(
        say(measure=m),
        [
            f'kept = {n}[{n}["{m}"] >= 0]\nprint(kept["{m}"].sum(), len({n}) - len(kept))',
            f'negative = {n}["{m}"] < 0\n{n}.loc[~negative, "{m}"].sum(), negative.sum()',
        ],
        [
            (f'{n}.query("{m} >= zero")["{m}"].sum()', "UndefinedVariableError"),
            (f'{n}["{m}"].abs().sum()', ""),
        ],
        f"states(answer, float(expected.kept['{m}'].sum()), len(expected.{n}) - len(expected.kept), tolerance=0.0005)",
        f"Without them the total is {{{n}.loc[{n}['{m}'] >= 0, '{m}'].sum():.2f}}; {{({n}['{m}'] < 0).sum()}} rows were left out.",
    )
    third = Plan(
        say(group=d.group, out=out),
        [
            f'{out} = {n}[{n}["{m}"] >= 0].groupby("{d.group}")["{m}"].sum().sort_values(ascending=False)\n{out}',
            f'{out} = {n}["{m}"].clip(lower=0).groupby({n}["{d.group}"]).sum()\nprint({out}.sort_values())',
        ],
        [(f'{out} = {n}[{n}["{m}"] >= 0].groupby("{d.group}").total()\n{out}', "AttributeError"),
         (f'{out} = {n}.groupby("{d.group}")["{m}"].sum()\n{out}', "")],
        f"same_mapping({out}, expected.{out}, 1e-5)\nstates(answer, expected.{out}.idxmax())",
        f"{{{out}.idxmax()}} has the most.",
    )  # fmt: skip
    return Draft([first, second, third], at.files, at.cells)


@kind(
    "turns",
    [
        "Write a function {function} that takes {a} and {b} and returns {formula}; a missing or zero {b} gives None. Try it "
        "with {x} and {y}: what is the result?",
        "I need a function {function}({a}, {b}) = {formula}, None if {b} is 0 or None. Result for ({x}, {y})?",
        "def {function}({a}, {b}): {formula}; return None when {b} is zero/None. what's {function}({x}, {y})?",
        "Please define {function}, with the arguments {a} and {b}, for {formula}. It should return None where {b} is 0 or None "
        "instead of failing. Tell me what it gives for {x} and {y}.",
    ],
    [
        "Apply it to every row of {file} as a DataFrame {out} with a new column {function}. How many rows have no value?",
        "Use the function on {file}: DataFrame {out}, new column {function}; number of rows without a value?",
        "now on {file} -> {out} + column {function} (use the function). how many empty?",
        "Now read {file} into a DataFrame {out}, give it a column {function} computed by that function, and tell me for how many "
        "rows there is no result.",
    ],
)
def function_then_table(rng: Random, say: Say) -> Draft:
    function, a, b, formula, code, file = rng.choice(
        (
            ("density", "people", "area", "people per area", "people / area", "towns.csv"),
            (
                "bmi",
                "weight",
                "height",
                "weight divided by the square of height",
                "weight / height**2",
                "persons.csv",
            ),
            ("pace", "minutes", "distance", "minutes per distance", "minutes / distance", "runs.csv"),
        )
    )
    rows = []
    for number in range(1, rng.randint(14, 22)):
        rows.append(
            {
                "id": number,
                a: rng.randint(20, 90),
                b: rng.choice((0, None)) if number % 7 == 0 else round(rng.uniform(1, 9), 2),
            }
        )
    x, y, out = rng.randint(30, 80), round(rng.uniform(2, 8), 1), rng.choice(("data", "applied", "rows"))
    define = f"def {function}({a}, {b}):\n    if {b} is None or {b} != {b} or {b} == 0:\n        return None\n    return {code}"
    first = Plan(
        say(function=function, a=a, b=b, formula=formula, x=x, y=y),
        [f"{define}\n\n\n{function}({x}, {y})",
         f"import math\n\n\ndef {function}({a}, {b}):\n    known = {b} is not None and {b} and not math.isnan({b})\n"
         f"    return {code} if known else None\n\n\nprint({function}({x}, {y}), {function}({x}, 0))"],
        [(f"def {function}({a}, {b}):\n    return {code}\n\n\nprint({function}({x}, {y}), {function}({x}, 0))", "ZeroDivisionError"),
         (f"def {function}({a}, {b}):\n    return {code} if {b} > 0 else None\n\n\nprint({function}({x}, {y}), {function}({x}, None))",
          "TypeError")],
        f"assert approx({function}({x}, {y}), expected.{function}({x}, {y})), 'The result is wrong.'\n"
        f"assert {function}(5, 0) is None and {function}(5, None) is None, 'It should return None for 0 and for None.'\n"
        f"states(answer, float(expected.{function}({x}, {y})), tolerance=0.01)",
        f"{function} gives {{{function}({x}, {y}):.4f}}.",
    )  # fmt: skip
    load = f'import pandas as pd\n\n{out} = pd.read_csv("{file}")'
    second = Plan(
        say(file=file, function=function, out=out),
        [
            f'{load}\n{out}["{function}"] = [{function}(one, two) for one, two in zip({out}["{a}"], {out}["{b}"])]\n{out}["{function}"].isna().sum()',
            f'{load}\n{out}["{function}"] = {out}.apply(lambda row: {function}(row["{a}"], row["{b}"]), axis=1)\n'
            f'print({out}, {out}["{function}"].isna().sum())',
        ],
        [(f'{load}\n{out}["{function}"] = {function}({out}["{a}"], {out}["{b}"])\n{out}', "ValueError"),
         (f'{load}\n{out}["{function}"] = {out}.apply({function}, axis=1)\n{out}', "TypeError")],
        f'same_table({out}.astype({{"{function}": float}}), expected.{out}.astype({{"{function}": float}}), ["id", "{function}"])\n'
        f'states(answer, int(expected.{out}["{function}"].isna().sum()))',
        f"{{{out}['{function}'].isna().sum()}} rows have no value.",
    )  # fmt: skip
    return Draft([first, second], {file: to_csv(rows)})


@kind(
    "turns",
    [
        "Clean {file}: read it as {name}, drop rows that are completely the same, and make {measure} a number (what is no "
        "number becomes missing). How many rows are left?",
        "{name} = {file} without exact duplicate rows, {measure} numeric (errors to NaN). Rows left?",
        "load {file} as {name}; drop full duplicates; {measure} -> numeric, bad ones NaN; row count?",
        "Please read {file} into a DataFrame {name}, throw out repeated identical rows, and see to it that {measure} is "
        "numeric, with missing values for whatever is not a number. How many rows remain?",
    ],
    [
        "Plot the mean {measure} of each {group} as vertical bars, with {group} as the label of the horizontal axis.",
        "Bar chart (vertical) of mean {measure} by {group}; x label: {group}.",
        "bars: mean {measure} per {group}, xlabel {group}",
        "Now draw upright bars that show the mean {measure} for every {group}, and write {group} below the axis.",
    ],
)
def clean_then_plot(rng: Random, say: Say) -> Draft:
    rows = table(rng, (24, 36))
    d, m, n = rows.domain, rows.measure, rows.name
    for row, junk in zip(rng.sample(rows.rows, 4), ("?", "n/k", "see note", "-"), strict=True):
        row[m] = junk
    rows.rows += rng.sample(rows.rows, rng.randint(3, 6))
    rng.shuffle(rows.rows)
    load = f'import pandas as pd\n\n{n} = pd.read_csv("{rows.file}")'
    numeric = f'pd.to_numeric({n}["{m}"], errors="coerce")'
    first = Plan(
        say(file=rows.file, name=n, measure=m),
        [
            f'{load}.drop_duplicates()\n{n}["{m}"] = {numeric}\nlen({n})',
            f'{load}\n{n} = {n}[~{n}.duplicated()].copy()\n{n}["{m}"] = {numeric}\nprint({n}.dtypes, {n}.shape)',
        ],
        [(f'{load}.drop_duplicates()\n{n}["{m}"] = {n}["{m}"].astype(float)\nlen({n})', "ValueError"),
         (f"{load}.unique()\nlen({n})", "AttributeError")],
        f'same_table({n}, expected.{n}, ["{d.key}", "{m}"])\nstates(answer, len(expected.{n}))',
        f"{{len({n})}} rows are left.",
    )  # fmt: skip
    means = f'means = {n}.groupby("{d.group}")["{m}"].mean()'
    second = Plan(
        say(measure=m, group=d.group),
        [
            f'import matplotlib.pyplot as plt\n\n{means}\nplt.bar(means.index, means)\nplt.xlabel("{d.group}")\nplt.show()',
            f'axes = {n}.groupby("{d.group}")["{m}"].mean().plot.bar()\naxes.set_xlabel("{d.group}");',
        ],
        [(f'import matplotlib.pyplot as plt\n\nplt.bar({n}["{d.group}"].mean(), {n}["{m}"].mean())', "TypeError"),
         (f'{means}\nplt.bars(means.index, means)', "NameError")],
        "_a = one_axes('a bar for each mean', lambda a: len(a.patches) == len(expected.means))\n"
        "same_values(sorted(bars(_a)), sorted(expected.means))\n"
        "assert len({round(p.get_x(), 6) for p in _a.patches}) == len(_a.patches), 'The bars should be upright.'\n"
        f"assert _a.get_xlabel().strip() == {d.group!r}, f'The horizontal axis is labelled {{_a.get_xlabel()!r}}.'",
        f"The chart shows the mean {m} of each {d.group}.",
        means,
    )  # fmt: skip
    return Draft([first, second], {rows.file: rows.csv()})
