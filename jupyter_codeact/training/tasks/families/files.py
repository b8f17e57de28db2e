"""Files in odd formats, many files, and results written to disk."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from ..data import FIRST, day_in, people
from ..kinds import Draft, Plan, Say, kind


@kind(
    "files",
    [
        "{file} is nested JSON: a list of {things}, each with a {who} (name, city) and a list of {items}. Make a flat "
        "DataFrame {out} with one row per item and the columns id, city, {label} and {number}. What is the sum of {number} for "
        "{city}?",
        "Flatten {file} into a DataFrame {out}[id, city, {label}, {number}], a row per element of {items} (city is that of "
        "the {who}); total {number} for {city}?",
        "{file} (json, nested) -> {out}: id, city (from {who}), {label}, {number} (from {items}), row per item. sum of "
        "{number} where city = {city}?",
        "The export {file} is deeply nested and I need a plain table {out} from it: for every entry of every {items} list a "
        "row with the id of the record, the city of its {who}, and the entry's {label} and {number}. How much {number} do we "
        "have in {city} altogether?",
    ],
)
def nested_records(rng: Random, say: Say) -> Draft:
    things, who, items, label, number, file = rng.choice(
        (
            ("orders", "customer", "lines", "article", "quantity", "orders.json"),
            ("visits", "patient", "treatments", "code", "minutes", "visits.json"),
            ("tours", "driver", "stops", "place", "parcels", "tours.json"),
        )
    )
    cities = rng.sample(("Graz", "Bergen", "Toledo", "Gent", "Aarhus", "Brno"), 4)
    records: list[dict[str, Any]] = []
    for one, name in enumerate(people(rng, rng.randint(8, 12)), rng.randint(10, 500)):
        entries = [
            {label: f"{label[0].upper()}{rng.randint(10, 40)}", number: rng.randint(1, 30)}
            for _ in range(rng.randint(1, 4))
        ]
        records.append({"id": one, who: {"name": name, "address": {"city": cities[one % 4]}}, items: entries})
    records[2][items] = []
    city, out = cities[records[0]["id"] % 4], rng.choice(("flat", "rows", "items_table"))
    good = f"""
import json

import pandas as pd

with open("{file}") as text:
    records = json.load(text)
{out} = pd.DataFrame([
    {{"id": record["id"], "city": record["{who}"]["address"]["city"], **item}} for record in records for item in record["{items}"]
])
total = {out}.loc[{out}["city"] == "{city}", "{number}"].sum()
print({out}, total)
"""
    other = f"""
import json
from pathlib import Path

import pandas as pd

records = json.loads(Path("{file}").read_text())
{out} = pd.json_normalize(records, "{items}", ["id", ["{who}", "address", "city"]])
{out} = {out}.rename(columns={{"{who}.address.city": "city"}})
total = {out}.groupby("city")["{number}"].sum()["{city}"]
total
"""
    wrong = good.replace('["address"]', "")
    reader = f"""
import pandas as pd

{out} = pd.read_json("{file}")
{out}["{number}"].sum()
"""
    plan = Plan(
        say(file=file, things=things, who=who, items=items, label=label, number=number, city=city, out=out),
        [good, other],
        [(wrong, "KeyError"), (reader, "KeyError")],
        f'same_table({out}, expected.{out}, ["id", "city", "{label}", "{number}"])\nstates(answer, int(expected.total))',
        f"The {number} for {city} add up to {{total}}.",
    )
    return Draft([plan], {file: json.dumps(records, indent=1)})


@kind(
    "files",
    [
        "Read {file} properly into a DataFrame {out}: it is separated by semicolons, has a decimal comma, is encoded in "
        "{encoding}, starts with {skip} lines of remarks, and writes '{none}' for missing values. What is the mean of "
        "{measure}?",
        "Load {file} as {out} (sep ';', decimal ',', encoding {encoding}, {skip} comment lines on top, '{none}' = missing; "
        "{measure} must be numeric). Mean {measure}?",
        "{file} -> {out}; semicolons, decimal comma, {encoding}, skip first {skip} lines, NA = '{none}'. mean({measure})?",
        "Our old software wrote {file}: text in {encoding}, {skip} lines of blah before the header, semicolons between the "
        "columns, commas in the numbers, '{none}' where nothing was measured. Please get it into a clean DataFrame {out} with "
        "numbers as numbers, and tell me the average {measure}.",
    ],
)
def odd_csv(rng: Random, say: Say) -> Draft:
    measure, file, out = rng.choice(
        (
            ("höhe", "pegel.csv", "levels"),
            ("größe", "proben.csv", "samples"),
            ("prämie", "verträge.csv", "contracts"),
        )
    )
    none, encoding, skip = (
        rng.choice(("k.A.", "---", "n.b.")),
        rng.choice(("latin-1", "cp1252")),
        rng.randint(2, 4),
    )
    lines = [f"# {rng.choice(('Gerät', 'Prüfer', 'Straße'))} {number}" for number in range(skip)] + [
        f"nr;ort;{measure}"
    ]
    for number in range(1, rng.randint(14, 24)):
        value = none if number % 6 == 5 else f"{rng.uniform(1, 90):.2f}".replace(".", ",")
        lines.append(f"{number};{rng.choice(('Köln', 'Zürich', 'Lübeck', 'Graz'))};{value}")
    good = f"""
import pandas as pd

{out} = pd.read_csv(
    "{file}", sep=";", decimal=",", encoding="{encoding}", skiprows={skip}, na_values=["{none}"]
)
{out}["{measure}"].mean()
"""
    other = f"""
import pandas as pd

with open("{file}", encoding="{encoding}") as text:
    header, *rows = [line.rstrip("\\n").split(";") for line in text][{skip}:]
{out} = pd.DataFrame(rows, columns=header)
{out}["nr"] = {out}["nr"].astype(int)
{out}["{measure}"] = pd.to_numeric({out}["{measure}"].str.replace(",", "."), errors="coerce")
print({out}["{measure}"].mean())
"""
    wrong = good.replace(f'encoding="{encoding}", ', "")
    text = good.replace(f', na_values=["{none}"]', "")
    plan = Plan(
        say(file=file, out=out, encoding=encoding, skip=skip, none=none, measure=measure),
        [good, other],
        [(wrong, "UnicodeDecodeError"), (text, "TypeError")],
        f'same_table({out}, expected.{out}, ["nr", "ort", "{measure}"])\nstates(answer, float(expected.{out}["{measure}"].mean()))',
        f"The mean of {measure} is {{{out}['{measure}'].mean():.3f}}.",
    )
    return Draft([plan], {file: ("\n".join(lines) + "\n").encode("latin-1")})


@kind(
    "files",
    [
        "Each line of {file} should be a JSON object, but some are cut off. Load the good ones into a DataFrame {out}, and "
        "tell me how many lines are broken and which line numbers (from 1) those are.",
        "JSON lines in {file}, a few invalid: valid ones -> DataFrame {out}; number of invalid lines and their 1-based line "
        "numbers?",
        "{file}: jsonl with bad lines. {out} = DataFrame of the good ones. count + line numbers (1-based) of the bad ones?",
        "The disk was full while {file} was written, so several of its lines (one JSON object each) are incomplete. Please "
        "rescue what can be read into a DataFrame {out} and report how many lines are damaged, and where (line numbers, "
        "starting at 1).",
    ],
)
def broken_lines(rng: Random, say: Say) -> Draft:
    file, out = (
        rng.choice(("events.jsonl", "queue.jsonl", "telemetry.ndjson")),
        rng.choice(("events", "rescued", "valid")),
    )
    lines = []
    count = rng.randint(18, 30)
    bad = sorted(rng.sample(range(2, count), rng.randint(2, 4)))
    for number in range(1, count + 1):
        day = day_in(rng, 2024).isoformat()
        line = json.dumps(
            {
                "id": rng.randint(1000, 9999),
                "user": rng.choice(FIRST),
                "day": day,
                "size": rng.randint(1, 500),
            }
        )
        lines.append(line[: rng.randint(12, len(line) - 3)] if number in bad else line)
    good = f"""
import json

import pandas as pd

rows, broken = [], []
with open("{file}") as lines:
    for number, line in enumerate(lines, 1):
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            broken.append(number)
{out} = pd.DataFrame(rows)
print(len(broken), broken)
"""
    other = f"""
import json
from pathlib import Path

import pandas as pd


def parse(line):
    try:
        return json.loads(line)
    except ValueError:
        return None


parsed = [parse(line) for line in Path("{file}").read_text().splitlines()]
broken = [number for number, one in enumerate(parsed, 1) if one is None]
{out} = pd.DataFrame([one for one in parsed if one is not None])
len(broken), broken, {out}.shape
"""
    wrong = f"""
import pandas as pd

{out} = pd.read_json("{file}", lines=True)
len({out})
"""
    whole = f"""
import json

with open("{file}") as text:
    rows = json.load(text)
"""
    plan = Plan(
        say(file=file, out=out),
        [good, other],
        [(wrong, "ValueError"), (whole, "JSONDecodeError")],
        f'same_table({out}, expected.{out}, ["id", "user", "day", "size"])\nstates(answer, *expected.broken)',
        "{len(broken)} lines are broken: {', '.join(map(str, broken))}.",
    )
    return Draft([plan], {file: "\n".join(lines) + "\n"})
