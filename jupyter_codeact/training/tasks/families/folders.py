"""Archives and folders."""

from __future__ import annotations

import io
import zipfile
from random import Random

from ..data import FIRST, table, to_csv
from ..kinds import Draft, Plan, Say, kind


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
    folder, out = (
        rng.choice(("parts", "monthly", "incoming")),
        rng.choice(("everything", "combined", "stacked")),
    )
    columns = [d.key, d.group, m]
    files = {
        f"{folder}/{rows.name}_{name}.csv": to_csv(rows.rows[place::4], columns)
        for place, name in enumerate(names)
    }
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
    inner, archive, result = (
        f"export/{rows.name}.csv",
        rng.choice(("export.zip", "delivery.zip")),
        rng.choice(("summary.json", "result.json")),
    )
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
    folder, ending, out = (
        rng.choice(("texts", "corpus", "notes")),
        rng.choice((".txt", ".md", ".log")),
        rng.choice(("line_counts", "lengths")),
    )
    counts = rng.sample(range(2, 40), 6)
    places = rng.sample(("a", "b/one", "b/two", "c/deep/er", "intro", "c/x"), 6)
    files: dict[str, str | bytes] = {
        f"{folder}/{place}{ending}": "".join(
            f"{rng.choice(FIRST)} {rng.randint(1, 99)}\n" for _ in range(count)
        )
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
