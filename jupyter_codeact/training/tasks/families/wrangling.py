"""Getting tables into shape."""

from __future__ import annotations

from random import Random

from ..data import given, table, to_csv
from ..kinds import Draft, Plan, Say, kind


@kind(
    "wrangling",
    [
        "For each {group} in {where}: the number of {things}, and the mean and the maximum of {measure}. Make a DataFrame "
        "called {out} with the columns {group}, n, mean and max.",
        "I need a summary of {where}. One row per {group}; columns n (how many {things}), mean and max (both of "
        "{measure}). Call it {out}.",
        "summarise {measure} by {group} ({where}) -> DataFrame {out}, columns: {group}, n, mean, max. n counts rows",
        "Could you build a small overview called {out} from {where}? I would like to see, per {group}, the count of rows "
        "as n and the average and largest {measure} as mean and max. {group} should be a column or the index.",
    ],
)
def several_aggregates(rng: Random, say: Say) -> Draft:
    rows = table(rng)
    at, d, m = given(rng, rows), rows.domain, rows.measure
    out = rng.choice(("summary", "overview", "report", "by_group"))
    named = f'n=("{m}", "size"), mean=("{m}", "mean"), max=("{m}", "max")'
    good = f'{at.load}{out} = {at.name}.groupby("{d.group}", as_index=False).agg({named})\n{out}'
    other = (
        f'{at.load}{out} = {at.name}.groupby("{d.group}")["{m}"].agg(["size", "mean", "max"])\n'
        f'{out} = {out}.rename(columns={{"size": "n"}}).reset_index()\nprint({out})'
    )
    wrong = f'{at.load}{out} = {at.name}.groupby("{d.group}")["{m}"].agg(n="size", mean="average", max="max")\n{out}'
    typo = good.replace(f'"{d.group}"', f'"{d.group.title()}s"')
    plan = Plan(
        say(group=d.group, where=at.where, things=d.things, measure=m, out=out),
        [good, other],
        [(wrong, "AttributeError"), (typo, "KeyError")],
        f'same_table({out}, expected.{out}, ["{d.group}", "n", "mean", "max"])',
        f"{out} has a row for each {d.group}; the greatest {m} of all is {{{out}['max'].max():.2f}}.",
    )
    return Draft([plan], at.files, at.cells)


@kind(
    "wrangling",
    [
        "How much of the total {measure} in {where} does each {group} account for? Keep the percentages as a Series "
        "called {out}, the greatest first, and tell me the top {group} and its percentage.",
        "Percentage of all {measure} per {group} ({where}), sorted from high to low, as a Series named {out}. Which "
        "{group} is on top, and with what percentage?",
        "share of {measure} by {group} in percent please. data: {where}. result: Series {out} in descending order; then "
        "say who leads and with how many percent",
        "I am preparing a slide on {things}. Work out from {where} what percentage of the overall {measure} comes from "
        "each {group} (a Series {out}, largest first), and name the leading {group} with its share.",
    ],
)
def share_of_total(rng: Random, say: Say) -> Draft:
    rows = table(rng)
    at, d, m = given(rng, rows), rows.domain, rows.measure
    out = rng.choice(("share", "shares", "percentages"))
    good = (
        f'{at.load}totals = {at.name}.groupby("{d.group}")["{m}"].sum()\n'
        f"{out} = (100 * totals / totals.sum()).sort_values(ascending=False)\n{out}"
    )
    other = (
        f'{at.load}{out} = {at.name}.groupby("{d.group}")["{m}"].sum()\n{out} = {out} / {at.name}["{m}"].sum() * 100\n'
        f"{out} = {out}.nlargest(len({out}))\nprint({out}.round(2))"
    )
    nan = f'{at.load}{out} = 100 * {at.name}.groupby("{d.group}")["{m}"].sum() / {at.name}["{m}"]\n{out}'
    wrong = good.replace("sort_values(ascending=False)", "sort(descending=True)")
    plan = Plan(
        say(group=d.group, where=at.where, things=d.things, measure=m, out=out),
        [good, other],
        [(wrong, "AttributeError"), (nan, "")],
        f"same_mapping({out}, expected.{out})\nsame_values({out}, expected.{out})\n"
        f"states(answer, expected.{out}.index[0], expected.{out}.iloc[0])",
        f"{{{out}.index[0]}} leads with {{{out}.iloc[0]:.2f}} % of the {m}.",
    )
    return Draft([plan], at.files, at.cells)


@kind(
    "wrangling",
    [
        "Which {things} have the second-highest {measure} within their {group}? Use {where}; keep the rows in a DataFrame "
        "called {out}, one for each {group}. No value of {measure} occurs twice.",
        "I want the runner-up of each {group}, by {measure}: the row ranked second from the top. Source: {where}. "
        "Result: DataFrame {out}, all columns. There are no ties.",
        "{out} = for every {group} in {where} the row with the 2nd largest {measure} (no ties in the data), as DataFrame",
        "From {where}, please pick for each {group} not the best but the second best of the {things}, judged by "
        "{measure} (higher is better, values are unique), and put these rows into a DataFrame {out}.",
    ],
)
def runner_up(rng: Random, say: Say) -> Draft:
    rows = table(rng)
    m, d = rows.measure, rows.domain
    for number, row in enumerate(rows.rows):  # no ties
        row[m] = round(row[m] + 0.0001 * (number + 1), 4)
    at = given(rng, rows)
    out = rng.choice(("second", "runners_up", "second_best"))
    good = (
        f'{at.load}ordered = {at.name}.sort_values("{m}", ascending=False)\n'
        f'{out} = ordered.groupby("{d.group}").nth(1).reset_index(drop=True)\n{out}'
    )
    other = (
        f'{at.load}rank = {at.name}.groupby("{d.group}")["{m}"].rank(ascending=False)\n'
        f"{out} = {at.name}[rank == 2]\nprint({out})"
    )
    wrong = f'{at.load}{out} = {at.name}.groupby("{d.group}").nlargest(2, "{m}")\n{out}'
    first = f'{at.load}{out} = {at.name}.loc[{at.name}.groupby("{d.group}")["{m}"].idxmax()]\n{out}'
    plan = Plan(
        say(group=d.group, where=at.where, things=d.things, measure=m, out=out),
        [good, other],
        [(wrong, "AttributeError"), (first, "")],
        f'same_table({out}, expected.{out}, ["{d.key}", "{d.group}", "{m}"])',
        f"{out} has the second-highest of each {d.group}.",
    )
    return Draft([plan], at.files, at.cells)


@kind(
    "wrangling",
    [
        "Each row of {bands} gives a lower limit (from) and a {label} that holds from there up to the next limit. Give every "
        "row of {where} its {label} by {measure}, as a column {label} of a DataFrame {out}, and say how many get '{ask}'.",
        "Look up the {label} for each {measure} in {where}: the band in {bands} with the highest 'from' that is not above "
        "it. DataFrame {out} with a column {label}. How many are '{ask}'?",
        "{out} = {where} + column {label} from {bands} (from <= {measure} < next from); count of '{ask}'?",
        "There is a scale in {bands}: from which {measure} on which {label} applies. Please assign the {label} to all rows "
        "of {where} (new DataFrame {out}, column {label}) and count those that ended up as '{ask}'.",
    ],
)
def scale_of_bands(rng: Random, say: Say) -> Draft:
    rows = table(rng, (25, 40))
    d, m = rows.domain, rows.measure
    label, names = rng.choice((("grade", "ABCDE"), ("tier", "PQRST"), ("class", "VWXYZ")))
    values = sorted(row[m] for row in rows.rows)
    limits = [min(0, values[0]), *sorted(set(values[len(values) // 5 :: len(values) // 5]))[:4]]
    bands = [{"from": limit, label: name} for limit, name in zip(limits, names, strict=False)]
    ask = rng.choice([band[label] for band in bands[1:-1]])
    out, n = rng.choice(("labelled", "assigned", "rated")), rows.name
    file = f"{rows.folder}bands.csv"
    shuffled = rng.sample(bands, len(bands))
    load = f'import pandas as pd\n\n{n} = pd.read_csv("{rows.file}")\nbands = pd.read_csv("{file}")'
    good = f"""
{load}
bands = bands.sort_values("from")
edges = bands["from"].tolist() + [float("inf")]
{out} = {n}.copy()
{out}["{label}"] = pd.cut({out}["{m}"], edges, right=False, labels=bands["{label}"].tolist()).astype(str)
count = int(({out}["{label}"] == "{ask}").sum())
print({out}.head(), count)
"""
    other = f"""
{load}
bands["from"] = bands["from"].astype(float)
{n}["{m}"] = {n}["{m}"].astype(float)
{out} = pd.merge_asof({n}.sort_values("{m}"), bands.sort_values("from"), left_on="{m}", right_on="from")
count = {out}["{label}"].value_counts()["{ask}"]
count
"""
    wrong = f"""
{load}
{out} = {n}.merge(bands, on="{m}", how="left")
{out}
"""
    nan = f"""
{load}
{out} = {n}.merge(bands, left_on="{m}", right_on="from", how="left")
{out}["{label}"].value_counts(dropna=False)
"""
    plan = Plan(
        say(where=rows.file, bands=file, label=label, measure=m, ask=ask, out=out),
        [good, other],
        [(wrong, "KeyError"), (nan, "")],
        f'same_table({out}, expected.{out}, ["{d.key}", "{label}"])\nstates(answer, expected.count)',
        f"{{count}} rows get {ask}.",
    )
    return Draft([plan], {rows.file: rows.csv(), file: to_csv(shuffled)})
