"""Values taken out of text: codes, parts, pairs and sequences."""

from __future__ import annotations

from random import Random

from ..data import FIRST, LAST, to_csv
from ..kinds import Draft, Plan, Say, kind


@kind(
    "text",
    [
        "The notes in {file} (column note) mention {what} codes such as {example}: {rule}. Make a DataFrame {out} with the "
        "columns id and code, one row for each code found, and tell me how many different codes there are.",
        "Extract every {what} code ({rule}; e.g. {example}) from the column note of {file} into a DataFrame {out}[id, code]. "
        "One row per mention. How many distinct ones?",
        "{file}, column note: pull out all codes like {example} ({rule}) -> {out} with id + code. number of unique codes?",
        "Colleagues type {what} codes into the free text of {file}. A code looks like {example}, that is {rule}. I need a "
        "table {out} (columns id, code) with all mentions, several for one note if need be, and the number of distinct "
        "codes.",
    ],
)
def codes_in_notes(rng: Random, say: Say) -> Draft:
    what, letters, digits = rng.choice((("order", 2, 4), ("part", 3, 3), ("case", 1, 5)))

    def code() -> str:
        head = "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(letters))
        return f"{head}-{rng.randrange(10 ** (digits - 1), 10**digits)}"

    codes = [code() for _ in range(9)]
    texts = ("see {}", "{} arrived broken", "call back about {} and {}", "customer asks for {}, {}", "nothing new",
             "paid 120-30 in cash", "refund for {}; again {}", "ok", "{}")  # fmt: skip
    rows = []
    for number in range(1, 19):
        text = texts[number % len(texts)]
        rows.append({"id": number, "note": text.format(*rng.sample(codes, 2))})
    rng.shuffle(rows)
    file, out = (
        rng.choice(("notes.csv", "calls.csv", "comments.csv")),
        rng.choice(("codes", "mentions", "found")),
    )
    pattern = f"[A-Z]{{{letters}}}-[0-9]{{{digits}}}"
    load = f'import pandas as pd\n\nnotes = pd.read_csv("{file}")'
    good = f"""
{load}
codes_of = notes.set_index("id")["note"].str.findall(r"{pattern}")
{out} = codes_of.explode().dropna().rename("code").reset_index()
print({out}, {out}["code"].nunique())
"""
    other = f"""
{load}
import re

pairs = [(row.id, code) for row in notes.itertuples() for code in re.findall(r"{pattern}", row.note)]
{out} = pd.DataFrame(pairs, columns=["id", "code"])
print({out})
len(set({out}["code"]))
"""
    wrong = f"""
{load}
{out} = notes.assign(code=notes["note"].str.extract(r"{pattern}"))
{out}
"""
    only_first = f"""
{load}
{out} = notes.assign(code=notes["note"].str.extract(r"({pattern})"))[["id", "code"]]
{out}
"""
    rule = f"{letters} capital letter{'s' * (letters > 1)}, a hyphen, {digits} digits"
    plan = Plan(
        say(file=file, what=what, example=code(), rule=rule, out=out),
        [good, other],
        [(wrong, "ValueError"), (only_first, "")],
        f'same_table({out}, expected.{out}, ["id", "code"])\nstates(answer, int(expected.{out}["code"].nunique()))',
        f"There are {{{out}['code'].nunique()}} different codes.",
    )
    return Draft([plan], {file: to_csv(rows)})


@kind(
    "text",
    [
        "Split the column {column} of {file}, which has texts like '{example}', into the columns last, first and {unit} of a "
        "DataFrame {out}. The part in brackets may be lacking: then {unit} is missing.",
        "{out}: DataFrame with last, first, {unit} taken from {column} ({file}); pattern '{example}', bracket part optional "
        "(missing if absent). No blanks around the parts.",
        "{file}.{column} ('{example}') -> {out} with columns last, first, {unit}; no brackets => NaN/None",
        "In {file} each {column} is written like '{example}', though some have no bracket at the end. I would like a "
        "DataFrame {out} with three clean columns last, first and {unit} (empty where there is none), in the same order.",
    ],
)
def parts_of_names(rng: Random, say: Say) -> Draft:
    column, unit, units, file = rng.choice(
        (
            ("contact", "department", ("Sales", "Legal", "IT", "Support"), "contacts.csv"),
            ("author", "institute", ("MPI", "ETH", "CNRS", "INFN"), "papers.csv"),
            ("player", "club", ("Otters", "Wolves", "Comets"), "squad.csv"),
        )
    )

    def one() -> str:
        return f"{rng.choice(LAST)}{rng.choice((', ', ',', ' , '))}{rng.choice(FIRST)}"

    texts = [
        one() + (f" ({rng.choice(units)})" if rng.random() < 0.7 else "") for _ in range(rng.randint(12, 18))
    ]
    texts[0], texts[1] = f"{one()} ({units[0]})", one()
    out = rng.choice(("split", "parts", "names"))
    load = f'import pandas as pd\n\ndata = pd.read_csv("{file}")'
    pattern = rf"^(?P<last>[^,]+?)\s*,\s*(?P<first>[^(]+?)\s*(?:\((?P<{unit}>[^)]+)\))?$"
    good = f"""
{load}
{out} = data["{column}"].str.extract(r"{pattern}")
{out}
"""
    other = f"""
{load}
name = data["{column}"].str.split("(").str[0].str.split(",")
{out} = pd.DataFrame({{
    "last": name.str[0].str.strip(),
    "first": name.str[1].str.strip(),
    "{unit}": data["{column}"].str.extract(r"\\((.+)\\)")[0],
}})
print({out})
"""
    wrong = f"""
{load}
{out} = pd.DataFrame()
{out}[["last", "first", "{unit}"]] = data["{column}"].str.split(",", expand=True)
{out}
"""
    all_nan = good.replace(rf"\s*(?:\((?P<{unit}>[^)]+)\))?$", rf"\s*\((?P<{unit}>[^)]+)\)$")
    rows = [{"id": number, column: text} for number, text in enumerate(texts, 1)]
    plan = Plan(
        say(file=file, column=column, unit=unit, out=out, example=f"{LAST[5]}, {FIRST[3]} ({units[1]})"),
        [good, other],
        [(wrong, "ValueError"), (all_nan, "")],
        f'same_table({out}, expected.{out}, ["last", "first", "{unit}"], ordered=True)',
        f"{out} has the columns last, first and {unit}.",
    )
    return Draft([plan], {file: to_csv(rows)})


@kind(
    "text",
    [
        "Each line of {file} is a list of key=value pairs in any order. Turn it into a DataFrame {out}, one row a line, one "
        "column a key; {number} should be numeric. Which {group} has the highest mean {number}, and what is it?",
        "Parse the logfmt lines of {file} (key=value, values may be in double quotes) into a DataFrame {out}; make {number} a "
        "number. Highest average {number}: which {group}, and how much?",
        "{file}: key=value lines, quoted values possible -> DataFrame {out} ({number} numeric). {group} with the largest mean "
        "{number}? give both",
        "The service logs to {file} as key=value pairs, and messages with blanks are quoted. I need this as a table {out} "
        "with a column for each key (missing where a line lacks it) and {number} as a number, and I want to know for which "
        "{group} the mean {number} is highest and how high.",
    ],
)
def pairs_in_log_lines(rng: Random, say: Say) -> Draft:
    group, groups, number, file = rng.choice(
        (
            ("route", ("/buy", "/find", "/pay", "/view"), "ms", "service.log"),
            ("job", ("backup", "index", "mail", "sync"), "seconds", "jobs.log"),
            ("host", ("alpha", "beta", "gamma"), "retries", "cluster.log"),
        )
    )
    centre = {one: 40 + 60 * place for place, one in enumerate(rng.sample(groups, len(groups)))}
    lines = []
    for index in range(rng.randint(18, 28)):
        one = groups[index % len(groups)]
        pairs = [
            f"{group}={one}",
            f"{number}={max(1, centre[one] + rng.randint(-20, 20))}",
            f"level={rng.choice(('info', 'warn'))}",
        ]
        if index == 1:
            pairs.append('msg="some more"')
        elif rng.random() < 0.5:
            pairs.append(rng.choice(('msg="took too long"', 'msg="all good"', "msg=done")))
        rng.shuffle(pairs)
        lines.append(" ".join(pairs))
    out = rng.choice(("events", "entries", "parsed"))
    means = f'{out}.groupby("{group}")["{number}"].mean()'
    good = f"""
import re

import pandas as pd

with open("{file}") as lines:
    found = [dict(re.findall(r'(\\w+)=("[^"]*"|\\S+)', line)) for line in lines]
{out} = pd.DataFrame(found)
{out}["{number}"] = pd.to_numeric({out}["{number}"])
{means}
"""
    other = f"""
import shlex
from pathlib import Path

import pandas as pd

rows = []
for line in Path("{file}").read_text().splitlines():
    rows.append(dict(pair.split("=", 1) for pair in shlex.split(line)))
{out} = pd.DataFrame(rows).astype({{"{number}": int}})
print({out}.head(), {means}, sep="\\n")
"""
    wrong = f"""
import pandas as pd

with open("{file}") as lines:
    {out} = pd.DataFrame([dict(pair.split("=") for pair in line.split()) for line in lines])
{out}["{number}"] = {out}["{number}"].astype(int)
{means}
"""
    text = good.replace(f'{out}["{number}"] = pd.to_numeric({out}["{number}"])\n', "").replace(
        means, f"{out}.dtypes"
    )
    plan = Plan(
        say(file=file, number=number, group=group, out=out),
        [good, other],
        [(wrong, "ValueError"), (text, "")],
        f'same_table({out}, expected.{out}, ["{group}", "{number}", "level"])\n'
        f"assert all(isinstance(_v, (int, float)) for _v in {out}['{number}'].tolist()), '{number} is not numeric.'\n"
        f"states(answer, expected.{means}.idxmax(), float(expected.{means}.max()))",
        f"{{(_m := {means}).idxmax()}} has the highest mean {number}: {{_m.max():.2f}}.",
    )
    return Draft([plan], {file: "\n".join(lines) + "\n"})


@kind(
    "text",
    [
        "{file} has DNA sequences in FASTA format. Compute the GC content in percent (G and C among all letters, line breaks "
        "aside) of each as a dictionary or Series {out}, by the name after '>' up to the first blank. Which is highest?",
        "Read the FASTA file {file}; {out} = GC percentage per record (key: first word of the header). Highest one, with its "
        "value?",
        "GC% for every sequence in {file} (multi-line fasta, id = header up to first space) -> {out} (dict/Series). max?",
        "I have several sequences in {file}, wrapped over lines, some in lower case. What percentage of each is G or C? "
        "Please collect the values in {out} (a dictionary or Series keyed by the id, the first word behind '>') and report "
        "the record with the highest one.",
    ],
)
def gc_content(rng: Random, say: Say) -> Draft:
    file, out = (
        rng.choice(("reads.fasta", "genes.fa", "contigs.fasta")),
        rng.choice(("gc", "gc_percent", "gc_content")),
    )
    text, weights = "", [2, 3, 3, 2]
    for number in rng.sample(range(10, 99), rng.randint(4, 6)):
        weights = [rng.randint(1, 9) for _ in range(4)]
        sequence = "".join(rng.choices("ACGT", weights, k=rng.randint(70, 190)))
        sequence = sequence.lower() if rng.random() < 0.4 else sequence
        text += f">seq{number} {rng.choice(('len', 'sample', 'strain'))} {rng.randint(1, 9)}\n"
        text += "\n".join(sequence[start : start + 60] for start in range(0, len(sequence), 60)) + "\n"
    good = f"""
{out}, name, sequences = {{}}, None, {{}}
with open("{file}") as lines:
    for line in lines:
        line = line.strip()
        if line.startswith(">"):
            name = line[1:].split()[0]
            sequences[name] = ""
        else:
            sequences[name] += line.upper()
for name, sequence in sequences.items():
    {out}[name] = 100 * (sequence.count("G") + sequence.count("C")) / len(sequence)
print({out})
"""
    other = f"""
import re
from pathlib import Path

import pandas as pd

{out} = pd.Series(dtype=float)
for record in Path("{file}").read_text().split(">")[1:]:
    head, *body = record.splitlines()
    sequence = "".join(body)
    {out}[head.split()[0]] = 100 * len(re.findall("[gc]", sequence, re.IGNORECASE)) / len(sequence)
{out}.sort_values()
"""
    wrong = f"""
from Bio import SeqIO

{out} = {{}}
for record in SeqIO.parse("{file}", "fasta"):
    {out}[record.id] = 100 * (record.seq.count("G") + record.seq.count("C")) / len(record.seq)
print({out})
"""
    unset = f"""
{out} = {{}}
with open("{file}") as lines:
    for line in lines:
        if line.startswith(">"):
            name = line[1:].split()[0]
        {out}[name] += line.upper().count("G") + line.upper().count("C")
print({out})
"""
    plan = Plan(
        say(file=file, out=out),
        [good, other],
        [(wrong, "ModuleNotFoundError"), (unset, "KeyError")],
        f"same_mapping({out}, expected.{out}, 1e-4)\n_top = max(expected.{out}, key=expected.{out}.get)\n"
        "states(answer, _top)",
        f"{{max(dict({out}), key=dict({out}).get)}} has the highest GC content, {{max(dict({out}).values()):.2f}} %.",
    )
    return Draft([plan], {file: text})
