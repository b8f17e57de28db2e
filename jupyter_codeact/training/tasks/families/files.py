"""Files in odd formats, many files, and results written to disk."""

from __future__ import annotations

import io
import json
import zipfile
from random import Random
from typing import Any

from ..data import FIRST, day_in, people, table, to_csv
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
        entries = [{label: f"{label[0].upper()}{rng.randint(10, 40)}", number: rng.randint(1, 30)} for _ in range(rng.randint(1, 4))]
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
        "Read all {pattern} files in the folder {folder} into one DataFrame {out}, with a column {label} that holds the {label} "
        "from the file's name ({example}). Which {label} has the highest total {measure}, and how much is it?",
        "Combine {folder}/{pattern} into a DataFrame {out} plus a column {label} taken from the file names ({example}). Largest "
        "sum of {measure}: which {label} and what sum?",
        "concat {folder}/{pattern} -> {out}, + {label} from file name ({example}); {label} with max total {measure}?",
        "Every {label} there is a new file in {folder} ({pattern}; other files there are none of my business). Please stack "
        "them as a DataFrame {out} that also says in a column {label} where each row is from ({example}), and tell me the best "
        "{label} by total {measure}, with the total.",
    ],
)
def folder_of_files(rng: Random, say: Say) -> Draft:
    rows = table(rng, (36, 60))
    d, m = rows.domain, rows.measure
    label, names = rng.choice((("month", ["2024-01", "2024-02", "2024-03", "2024-04"]), ("region", ["alps", "coast", "plain", "delta"]),
                               ("week", ["w07", "w08", "w09", "w10"])))  # fmt: skip
    folder, out = rng.choice(("parts", "monthly", "incoming")), rng.choice(("everything", "combined", "stacked"))
    columns = [d.key, d.group, m]
    files = {f"{folder}/{rows.name}_{name}.csv": to_csv(rows.rows[place::4], columns) for place, name in enumerate(names)}
    files[f"{folder}/readme.txt"] = "Do not edit.\n"
    files[f"{folder}/old.csv.bak"] = to_csv(rows.rows[:3], columns)
    good = f"""
from pathlib import Path

import pandas as pd

parts = []
for path in sorted(Path("{folder}").glob("{rows.name}_*.csv")):
    parts.append(pd.read_csv(path).assign({label}=path.stem.split("_")[-1]))
{out} = pd.concat(parts, ignore_index=True)
totals = {out}.groupby("{label}")["{m}"].sum()
totals
"""
    other = f"""
import glob
import os

import pandas as pd

{out} = pd.concat({{os.path.basename(path)[{len(rows.name) + 1}:-4]: pd.read_csv(path) for path in glob.glob("{folder}/{rows.name}_*.csv")}})
{out} = {out}.rename_axis(["{label}", None]).reset_index(level="{label}")
totals = {out}.groupby("{label}")["{m}"].sum().sort_values(ascending=False)
print(totals)
"""
    wrong = good.replace(f'Path("{folder}").glob("{rows.name}_*.csv")', f'Path("{folder}").glob("*.CSVX")')
    here = f"""
import os

import pandas as pd

{out} = pd.concat([pd.read_csv(name) for name in os.listdir("{folder}") if name.endswith(".csv")])
"""
    plan = Plan(
        say(folder=folder, pattern=f"{rows.name}_*.csv", label=label, measure=m, out=out,
            example=f"{rows.name}_{names[0]}.csv is {names[0]}"),
        [good, other],
        [(wrong, "ValueError"), (here, "FileNotFoundError")],
        f'same_table({out}, expected.{out}, ["{d.key}", "{label}", "{m}"])\n'
        "states(answer, str(expected.totals.idxmax()), float(expected.totals.max()))",
        f"{{totals.idxmax()}} has the highest total {m}: {{totals.max():.2f}}.",
    )  # fmt: skip
    return Draft([plan], dict(files))


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
    measure, file, out = rng.choice((("höhe", "pegel.csv", "levels"), ("größe", "proben.csv", "samples"), ("prämie", "verträge.csv", "contracts")))
    none, encoding, skip = rng.choice(("k.A.", "---", "n.b.")), rng.choice(("latin-1", "cp1252")), rng.randint(2, 4)
    lines = [f"# {rng.choice(('Gerät', 'Prüfer', 'Straße'))} {number}" for number in range(skip)] + [f"nr;ort;{measure}"]
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
    file, out = rng.choice(("events.jsonl", "queue.jsonl", "telemetry.ndjson")), rng.choice(("events", "rescued", "valid"))
    lines = []
    count = rng.randint(18, 30)
    bad = sorted(rng.sample(range(2, count), rng.randint(2, 4)))
    for number in range(1, count + 1):
        day = day_in(rng, 2024).isoformat()
        line = json.dumps({"id": rng.randint(1000, 9999), "user": rng.choice(FIRST), "day": day, "size": rng.randint(1, 500)})
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


@kind(
    "files",
    [
        "From the CSV {inner} inside {archive}, write {result}: a JSON object with the keys rows (number of rows), total (sum of "
        "{measure}) and by_{group} (an object with the sum of {measure} for each {group}). Do not unpack the archive to disk.",
        "{archive} contains {inner}. Without extracting files, create {result} (JSON): rows, total ({measure} sum), "
        "by_{group} ({group} -> sum of {measure}).",
        "read {inner} in {archive} (no extracting) -> {result} = json with keys rows, total, by_{group} (sums of {measure})",
        "I was sent {archive}, and the table I need is {inner} in it. Please read it from there, leaving nothing unpacked "
        "behind, and save a small summary as {result}: a JSON object saying how many rows there are (rows), what {measure} adds "
        "up to (total), and the same for each {group} (by_{group}).",
    ],
)
def summary_of_an_archive(rng: Random, say: Say) -> Draft:
    rows = table(rng, (24, 40))
    d, m = rows.domain, rows.measure
    inner, archive, result = f"export/{rows.name}.csv", rng.choice(("export.zip", "delivery.zip")), rng.choice(("summary.json", "result.json"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as target:
        for name, content in (("export/about.txt", "Made by hand.\n"), (inner, rows.csv())):
            target.writestr(zipfile.ZipInfo(name), content)
    write = f"""summary = {{"rows": len(data), "total": float(data["{m}"].sum()), "by_{d.group}": sums}}
with open("{result}", "w") as target:
    json.dump(summary, target)
print(summary)"""
    good = f"""
import json
import zipfile

import pandas as pd

with zipfile.ZipFile("{archive}") as packed, packed.open("{inner}") as source:
    data = pd.read_csv(source)
sums = data.groupby("{d.group}")["{m}"].sum().to_dict()
{write}
"""
    other = f"""
import io
import json
import zipfile
from pathlib import Path

import pandas as pd

text = zipfile.ZipFile("{archive}").read("{inner}").decode()
data = pd.read_csv(io.StringIO(text))
sums = {{group: float(part["{m}"].sum()) for group, part in data.groupby("{d.group}")}}
summary = {{"rows": len(data), "total": float(data["{m}"].sum()), "by_{d.group}": sums}}
Path("{result}").write_text(json.dumps(summary, indent=2))
summary
"""
    wrong = good.replace('len(data), "total": float(data', 'data.index, "total": float(data')
    inside = good.replace(f'packed.open("{inner}")', f'packed.open("{rows.name}.csv")')
    plan = Plan(
        say(archive=archive, inner=inner, result=result, measure=m, group=d.group),
        [good, other],
        [(wrong, "TypeError"), (inside, "KeyError")],
        f"import json as _j, os as _os\n_s = _j.load(open({result!r}))\n"
        "assert set(_s) == set(expected.summary), f'The keys are {list(_s)}.'\n"
        "assert _s['rows'] == expected.summary['rows'] and approx(_s['total'], expected.summary['total']), 'rows or total is wrong.'\n"
        f"same_mapping(_s['by_{d.group}'], expected.summary['by_{d.group}'])\n"
        "assert not _os.path.exists('export'), 'The archive was unpacked to disk.'",
        f"{result} has the summary of {{summary['rows']}} rows; the total is {{summary['total']:.2f}}.",
    )
    return Draft([plan], {archive: packed.getvalue()})


@kind(
    "files",
    [
        "In the folder {folder} and its subfolders: how many lines do the {ending} files have in total, and which of them is "
        "the longest? Keep a dictionary {out} from the path relative to {folder} (with /) to the number of lines.",
        "Count lines of all *{ending} below {folder} (recursively): dict {out} {{relative/path: lines}}; total and longest file?",
        "{folder}/**/*{ending}: {out} = {{path relative to {folder}: line count}}. sum? longest?",
        "I want to know how big our text collection has become. Please go through {folder} with everything beneath it, count "
        "the lines of each file ending in {ending} (a dict {out}, keyed by the path below {folder}, with forward slashes), and "
        "tell me the total and the file with the most lines.",
    ],
)
def lines_in_a_tree(rng: Random, say: Say) -> Draft:
    folder, ending, out = rng.choice(("texts", "corpus", "notes")), rng.choice((".txt", ".md", ".log")), rng.choice(("line_counts", "lengths"))
    counts = rng.sample(range(2, 40), 6)
    places = rng.sample(("a", "b/one", "b/two", "c/deep/er", "intro", "c/x"), 6)
    files: dict[str, str | bytes] = {
        f"{folder}/{place}{ending}": "".join(f"{rng.choice(FIRST)} {rng.randint(1, 99)}\n" for _ in range(count))
        for place, count in zip(places, counts, strict=True)
    }
    files[f"{folder}/b/data.bin"] = "1\n" * 80
    good = f"""
from pathlib import Path

root = Path("{folder}")
{out} = {{path.relative_to(root).as_posix(): len(path.read_text().splitlines()) for path in root.rglob("*{ending}")}}
print({out}, sum({out}.values()), max({out}, key={out}.get))
"""
    other = f"""
import os

{out} = {{}}
for place, _, names in os.walk("{folder}"):
    for name in names:
        if name.endswith("{ending}"):
            path = os.path.join(place, name)
            with open(path) as lines:
                {out}[os.path.relpath(path, "{folder}").replace(os.sep, "/")] = sum(1 for _ in lines)
{out}, sum({out}.values())
"""
    wrong = good.replace(".rglob(", ".walk_files(")
    listed = f"""
import os

{out} = {{name: len(open(name).readlines()) for name in os.listdir("{folder}") if name.endswith("{ending}")}}
print({out}, sum({out}.values()), max({out}, key={out}.get))
"""
    at_top = any("/" not in place for place in places)
    plan = Plan(
        say(folder=folder, ending=ending, out=out),
        [good, other],
        [(wrong, "AttributeError"), (listed, "FileNotFoundError" if at_top else "ValueError")],
        f"same_mapping({out}, expected.{out})\n"
        f"states(answer, sum(expected.{out}.values()), max(expected.{out}, key=expected.{out}.get))",
        f"There are {{sum({out}.values())}} lines; {{max({out}, key={out}.get)}} is the longest.",
    )
    return Draft([plan], files)
