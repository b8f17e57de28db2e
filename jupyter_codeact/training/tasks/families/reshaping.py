"""Other forms of the same table, and values that depend on a row's neighbours."""

from __future__ import annotations

from random import Random

from ..data import given, people, table, to_csv
from ..kinds import Draft, Plan, Say, kind


@kind(
    "reshaping",
    [
        "Make a table {out} from {where}: a row for each {group}, a column for each {second}, the sum of {measure} in the "
        "cells (0 where there is nothing), and totals in a last row and a last column, both called Total.",
        "Cross table of {measure} sums ({where}): {group} down, {second} across, empty cells 0, plus a row and a column "
        "'Total'. Name it {out}.",
        "{out} = pivot of {where}, index {group}, columns {second}, sum of {measure}, fill 0, margins named Total",
        "For the monthly report I need a matrix called {out} with the total {measure} of every {group} (rows) and {second} "
        "(columns), from {where}. Combinations that do not occur should show 0, and please add a row and a column called "
        "Total with the sums.",
    ],
)
def matrix_with_totals(rng: Random, say: Say) -> Draft:
    rows = table(rng, (20, 36))
    d, m = rows.domain, rows.measure
    gone = (rng.choice(rows.groups), rng.choice(rows.seconds))
    rows.rows = [row for row in rows.rows if (row[d.group], row[d.second]) != gone]
    at = given(rng, rows)
    out, n = rng.choice(("matrix", "cross", "overview")), at.name
    good = f"""
{at.load}{out} = {n}.pivot_table(
    index="{d.group}", columns="{d.second}", values="{m}", aggfunc="sum", fill_value=0, margins=True, margins_name="Total"
)
{out}
"""
    other = f"""
{at.load}{out} = {n}.groupby(["{d.group}", "{d.second}"])["{m}"].sum().unstack(fill_value=0)
{out}["Total"] = {out}.sum(axis=1)
{out}.loc["Total"] = {out}.sum()
print({out})
"""
    wrong = f"""
{at.load}{out} = {n}.pivot(index="{d.group}", columns="{d.second}", values="{m}").fillna(0)
{out}
"""
    mean = good.replace(' aggfunc="sum",', "")
    plan = Plan(
        say(where=at.where, group=d.group, second=d.second, measure=m, out=out),
        [good, other],
        [(wrong, "ValueError"), (mean, "")],
        f"same_table({out}.rename(columns=str), expected.{out}.rename(columns=str))\n"
        f"assert {out}.index[-1] == 'Total' or 'Total' in list({out}.iloc[-1]), 'The last row should be Total.'",
        f"The {m} of all is {{{out}.iloc[-1][{out}.columns[-1]]:.2f}}; {out} has the rest.",
    )
    return Draft([plan], at.files, at.cells)


@kind(
    "reshaping",
    [
        "{file} has columns like {a}_{y1} and {b}_{y1}: a quantity and a year in one name. Bring it into long form as a "
        "DataFrame {out} with the columns {who}, year (integer), {a} and {b}: one row per {who} and year.",
        "Tidy {file} into {out}: columns {who}, year, {a}, {b}. The years are the endings of the column names; make them "
        "integers.",
        "wide -> long: {file} ({a}_{y1}, {b}_{y1}, ... ) => {out}[{who}, year:int, {a}, {b}]",
        "The spreadsheet {file} was made by someone who adds two new columns every year ({a}_YYYY and {b}_YYYY). I need "
        "it as {out}, one line for each {who} and year, with {who}, year (as a whole number), {a} and {b} as columns.",
    ],
)
def two_in_a_name(rng: Random, say: Say) -> Draft:
    who, a, b, file = rng.choice(
        (
            ("school", "pupils", "teachers", "schools.csv"),
            ("hospital", "beds", "nurses", "hospitals.csv"),
            ("club", "members", "coaches", "clubs.csv"),
            ("farm", "cows", "milk", "farms.csv"),
        )
    )
    first = rng.randint(2012, 2019)
    years = range(first, first + rng.randint(3, 4))
    rows = [
        {who: f"{name} {who}"} | {f"{one}_{year}": rng.randint(5, 900) for year in years for one in (a, b)}
        for name in rng.sample(("North", "Lake", "Hill", "Saint Ann", "Grove", "Stone"), 4)
    ]
    out = rng.choice(("long", "tidy", "by_year"))
    good = f"""
import pandas as pd

wide = pd.read_csv("{file}")
{out} = pd.wide_to_long(wide, ["{a}", "{b}"], i="{who}", j="year", sep="_").reset_index()
{out}
"""
    other = f"""
import pandas as pd

wide = pd.read_csv("{file}")
melted = wide.melt(id_vars="{who}")
melted[["what", "year"]] = melted["variable"].str.rsplit("_", n=1, expand=True)
{out} = melted.pivot(index=["{who}", "year"], columns="what", values="value").reset_index()
{out}["year"] = {out}["year"].astype(int)
print({out})
"""
    wrong = good.replace('"], i="', '"], id_vars="')
    text = other.replace(f'{out}["year"] = {out}["year"].astype(int)\n', "").replace(
        f"print({out})", f"print({out}.dtypes)"
    )
    plan = Plan(
        say(file=file, who=who, a=a, b=b, y1=first, out=out),
        [good, other],
        [(wrong, "TypeError"), (text, "")],
        f'same_table({out}, expected.{out}, ["{who}", "year", "{a}", "{b}"])\n'
        f"assert all(isinstance(_y, int) for _y in {out}.reset_index()['year'].tolist()), 'year is not an integer.'",
        f"{out} has a row for each {who} and year.",
    )
    return Draft([plan], {file: to_csv(rows)})


@kind(
    "reshaping",
    [
        "The column {many} of {file} has several {many} in one cell, separated by semicolons. How often does each occur? "
        "Make a Series {out} with the counts, the most frequent first, and tell me the top one with its count.",
        "Count the single {many} in {file} (cells such as 'a; b; c' hold several) as a Series {out} in falling order. "
        "Which is first, and how many times is it there?",
        "{file}: split {many} at ';', strip blanks, count each -> Series {out} (descending). what's the most common?",
        "Each line of {file} lists its {many} in a single field with ';' between them and some stray blanks. I would like "
        "a Series {out} saying how many lines name each of them, sorted from most to least, and to hear the winner and "
        "its number.",
    ],
)
def several_in_a_cell(rng: Random, say: Say) -> Draft:
    many, who, words, file = rng.choice(
        (
            ("skills", "person", "SQL,R,Excel,Spark,Git,Bash,SAS", "applicants.csv"),
            ("genres", "film", "drama,comedy,crime,war,music,western", "films.csv"),
            ("allergens", "dish", "milk,egg,nuts,soy,fish,gluten,celery", "menu.csv"),
            ("symptoms", "patient", "fever,cough,rash,nausea,fatigue", "intake.csv"),
        )
    )
    top, *rest = rng.sample(words.split(","), 5)
    rows = []
    for number in range(1, rng.randint(18, 30)):
        chosen = rng.sample(rest, rng.randint(0, 3)) + ([top] if number % 4 else [])
        rng.shuffle(chosen)
        rows.append({who: f"{who}-{number}", many: rng.choice((";", "; ", " ; ")).join(chosen) or top})
    out = rng.choice(("counts", "frequency", "occurrences"))
    load = f'import pandas as pd\n\ndata = pd.read_csv("{file}")'
    good = f"""
{load}
{out} = data["{many}"].str.split(";").explode().str.strip().value_counts()
{out}
"""
    other = f"""
{load}
from collections import Counter

counter = Counter(part.strip() for cell in data["{many}"] for part in cell.split(";"))
{out} = pd.Series(dict(counter.most_common()))
print({out})
"""
    wrong = good.replace(".explode().str.strip()", ".str.strip().explode()").replace(
        ".value_counts", ".value_count"
    )
    blanks = good.replace(".str.strip()", "")
    plan = Plan(
        say(file=file, many=many, out=out),
        [good, other],
        [(wrong, "AttributeError"), (blanks, "")],
        f"same_mapping({out}, expected.{out})\nsame_values({out}, expected.{out})\n"
        f"states(answer, expected.{out}.index[0], int(expected.{out}.iloc[0]))",
        f"{{{out}.index[0]}} is the most frequent: {{{out}.iloc[0]}} times.",
    )
    return Draft([plan], {file: to_csv(rows)})


@kind(
    "reshaping",
    [
        "Add two columns to {name} ({where}): running, the sum of {measure} of the same {group} up to and including the row "
        "in the order of {key}, and position, the row's number within its {group} in that order (from 1).",
        "In {where}, ordered by {key}, give each row the cumulative {measure} of its {group} (column running) and its "
        "1-based number within the {group} (column position). Change {name} itself.",
        "{name} ({where}): += running (cumsum of {measure} per {group}, by {key}) and position (1, 2, 3.. per {group})",
        "Please extend the table {name} from {where}. Going through it by {key}, a column running should add up {measure} "
        "separately for every {group}, and a column position should count that {group}'s rows starting at 1.",
    ],
)
def running_totals(rng: Random, say: Say) -> Draft:
    rows = table(rng, (24, 40))
    d, m = rows.domain, rows.measure
    for number, row in zip(rng.sample(range(100, 999), len(rows.rows)), rows.rows, strict=True):
        row[d.key] = f"{d.prefix}{number}"
    at = given(rng, rows)
    n = at.name
    good = f"""
{at.load}{n} = {n}.sort_values("{d.key}")
grouped = {n}.groupby("{d.group}")
{n}["running"] = grouped["{m}"].cumsum()
{n}["position"] = grouped.cumcount() + 1
{n}
"""
    other = f"""
{at.load}sums, seen = {{}}, {{}}
for index, row in {n}.sort_values("{d.key}").iterrows():
    group = row["{d.group}"]
    sums[group] = sums.get(group, 0) + row["{m}"]
    seen[group] = seen.get(group, 0) + 1
    {n}.loc[index, ["running", "position"]] = [sums[group], seen[group]]
print({n}.sort_values(["{d.group}", "position"]).head(12))
"""
    wrong = good.replace(".cumsum()", ".cumulative_sum()")
    unordered = good.replace(f'{n} = {n}.sort_values("{d.key}")\n', "").replace(
        f"\n{n}\n", f"\n{n}.sort_values('{d.key}')\n"
    )
    plan = Plan(
        say(where=at.where, name=n, measure=m, group=d.group, key=d.key),
        [good, other],
        [(wrong, "AttributeError"), (unordered, "")],
        f'same_table({n}, expected.{n}, ["{d.key}", "running", "position"], tolerance=1e-5)',
        f"{n} has the columns running and position.",
    )
    return Draft([plan], at.files, at.cells)


@kind(
    "reshaping",
    [
        "For each {group} in {where}, what percentage of its rows falls on each {second}? Make a table {out}: a row per "
        "{group}, a column per {second}, percentages that add up to 100 in each row.",
        "Row percentages of {group} by {second} (number of rows in {where}) as a DataFrame {out}, 0-100, rows sum to 100.",
        "{out} = crosstab({group}, {second}) of {where} in percent of each row",
        "How are the {things} of every {group} distributed over {second}? From {where}, produce a DataFrame {out} with "
        "{group} as rows, {second} as columns and the share of the {group}'s rows in percent in the cells.",
    ],
)
def row_percentages(rng: Random, say: Say) -> Draft:
    rows = table(rng, (40, 60))
    d = rows.domain
    at = given(rng, rows)
    out, n = rng.choice(("percent", "mix", "distribution")), at.name
    good = f"""
{at.load}{out} = pd.crosstab({n}["{d.group}"], {n}["{d.second}"], normalize="index") * 100
{out}.round(1)
"""
    other = f"""
{at.load}counts = {n}.groupby(["{d.group}", "{d.second}"]).size().unstack(fill_value=0)
{out} = counts.div(counts.sum(axis=1), axis=0) * 100
print({out})
"""
    wrong = good.replace('"index"', '"rows"')
    nan = other.replace("counts.div(counts.sum(axis=1), axis=0)", "counts / counts.sum(axis=1)")
    plan = Plan(
        say(where=at.where, group=d.group, second=d.second, things=d.things, out=out),
        [good, other],
        [(wrong, "ValueError"), (nan, "")],
        f"same_table({out}, expected.{out}, tolerance=1e-4)",
        f"{out} has the percentages of each {d.group}.",
    )
    return Draft([plan], at.files, at.cells)


@kind(
    "reshaping",
    [
        "{file} has each {who}'s score in every round. Which {who} improved the most from one round to the very next, by "
        "how many points, and into which round?",
        "Look at {file}: find the largest gain between two consecutive rounds of the same {who}. Name the {who}, the gain "
        "and the round in which the higher score was made.",
        "biggest round-to-round increase of a single {who} in {file}: who, how much, in which round?",
        "I wonder whose score jumped the most between neighbouring rounds in {file} (rows are in no order). Tell me the "
        "{who}, the size of the jump, and the later one of the two rounds.",
    ],
)
def greatest_jump(rng: Random, say: Say) -> Draft:
    who, file = rng.choice((("player", "tournament.csv"), ("pupil", "spelling.csv"), ("team", "league.csv")))
    names = people(rng, 4)
    scores = {name: [rng.randint(20, 60) for _ in range(rng.randint(5, 7))] for name in names}
    star = rng.choice(names)
    at_round = rng.randint(2, len(scores[star]) - 1)
    scores[star][at_round] = scores[star][at_round - 1] + rng.randint(42, 50)
    rows = [
        {who: name, "round": number, "score": score}
        for name, all_scores in scores.items()
        for number, score in enumerate(all_scores, 1)
    ]
    rng.shuffle(rows)
    load = f'import pandas as pd\n\nscores = pd.read_csv("{file}")'
    good = f"""
{load}
scores = scores.sort_values(["{who}", "round"])
scores["gain"] = scores.groupby("{who}")["score"].diff()
best = scores.loc[scores["gain"].idxmax()]
best
"""
    other = f"""
{load}
wide = scores.pivot(index="round", columns="{who}", values="score")
gains = wide.diff().stack()
number, name = gains.idxmax()
best = {{"{who}": name, "round": number, "gain": gains.max()}}
print(best)
"""
    wrong = good.replace(".diff()", ".difference()")
    across = good.replace(f'.groupby("{who}")["score"]', '["score"]').replace(
        f'scores = scores.sort_values(["{who}", "round"])', 'scores = scores.sort_values("score")'
    )
    plan = Plan(
        say(file=file, who=who),
        [good, other],
        [(wrong, "AttributeError"), (across, "")],
        f"states(answer, expected.best['{who}'], int(expected.best['gain']), int(expected.best['round']))",
        f"{{best['{who}']}} improved the most: by {{best['gain']:.0f}} points, into round {{best['round']}}.",
    )
    return Draft([plan], {file: to_csv(rows)})
