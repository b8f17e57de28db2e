"""Messy text: codes, amounts, names, units, logs and sequences."""

from __future__ import annotations

from random import Random

from ..data import FIRST, LAST, people, table, to_csv
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
    file, out = rng.choice(("notes.csv", "calls.csv", "comments.csv")), rng.choice(("codes", "mentions", "found"))
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
        "The column {column} of {file} has amounts in German notation, such as {example}, and some entries that are no "
        "amounts. Add a numeric column {number} (missing for those) to a DataFrame {out} and tell me the sum.",
        "Parse {column} in {file} ('.' for thousands, decimal comma, euro sign; junk -> NaN) into a float column {number} of "
        "a DataFrame {out}. Sum?",
        "{file}: {column} like '{example}' -> float column {number} in {out}, not parseable = NaN. total?",
        "We got {file} from our office in Munich, where people write {example} for what is a number. Please make a DataFrame "
        "{out} from it with an additional float column {number}; where {column} holds something else, leave it empty. What "
        "is the total?",
    ],
)
def german_amounts(rng: Random, say: Say) -> Draft:
    column, file = rng.choice((("betrag", "rechnungen.csv"), ("preis", "angebote.csv"), ("umsatz", "filialen.csv")))

    def german(value: float) -> str:
        text = f"{value:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")
        return rng.choice((f"€ {text}", f"{text} €", text, f" {text} EUR"))

    rows = [{"nr": number, column: german(rng.uniform(3, 9000))} for number in range(1, rng.randint(16, 24))]
    rows[2][column] = german(1234.5)
    for row, junk in zip(rng.sample(rows[3:], 3), ("k. A.", "-", "auf Anfrage"), strict=True):
        row[column] = junk
    number, out = rng.choice(("amount", "value", "eur")), rng.choice(("parsed", "invoices", "cleaned"))
    load = f'import pandas as pd\n\n{out} = pd.read_csv("{file}")'
    good = f"""
{load}
digits = {out}["{column}"].str.replace(r"[^0-9,]", "", regex=True).str.replace(",", ".")
{out}["{number}"] = pd.to_numeric(digits, errors="coerce")
print({out}, {out}["{number}"].sum())
"""
    other = f"""
{load}


def parse(text):
    for mark in ("€", "EUR", " ", "."):
        text = text.replace(mark, "")
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return float("nan")


{out}["{number}"] = {out}["{column}"].map(parse)
{out}["{number}"].sum()
"""
    wrong = f"""
{load}
{out}["{number}"] = {out}["{column}"].astype(float)
{out}["{number}"].sum()
"""
    nan = f"""
{load}
{out}["{number}"] = pd.to_numeric({out}["{column}"], errors="coerce")
{out}
"""
    plan = Plan(
        say(file=file, column=column, number=number, example="1.234,50 €", out=out),
        [good, other],
        [(wrong, "ValueError"), (nan, "")],
        f'same_table({out}, expected.{out}, ["nr", "{number}"])\nstates(answer, float(expected.{out}["{number}"].sum()))',
        f"The amounts add up to {{{out}['{number}'].sum():.2f}}.",
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

    texts = [one() + (f" ({rng.choice(units)})" if rng.random() < 0.7 else "") for _ in range(rng.randint(12, 18))]
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
        "The weights in {file} (column {column}) come with different units: {units}. Add a column kg with the weight in "
        "kilograms to a DataFrame {out}. Which {who} is the heaviest, and what does it weigh in kg?",
        "Normalise {column} of {file} to kilograms (units there: {units}; 1 lb = 0.4536 kg) as a column kg of {out}. Heaviest "
        "{who} and its kg?",
        "{file}: {column} has mixed units ({units}) -> float column kg in DataFrame {out} (lb = 0.4536 kg). heaviest {who}?",
        "Someone filled in {file} without caring for units: {column} can be in {units}, with or without a blank before the "
        "unit. Please build {out} with the weight in kilograms in a column kg (take 0.4536 kg for a pound, lb) and name "
        "the heaviest {who} with its kilograms.",
    ],
)
def weights_with_units(rng: Random, say: Say) -> Draft:
    who, column, file = rng.choice((("parcel", "weight", "parcels.csv"), ("fish", "mass", "catch.csv"), ("bag", "load", "bags.csv")))
    ids = [f"{who}-{number}" for number in rng.sample(range(10, 99), 14)]
    kilograms = rng.sample(range(20, 300), 14)
    rows = []
    for one, tenth in zip(ids, kilograms, strict=True):
        kg, unit = tenth / 10, rng.choice(("kg", "g", "lb"))
        value = {"kg": f"{kg}", "g": f"{tenth * 100}", "lb": f"{kg / 0.4536:.1f}"}[unit]
        rows.append({who: one, column: value + rng.choice(("", " ")) + rng.choice((unit, unit.upper()))})
    rows[0][column], rows[1][column], rows[2][column] = "31.5kg", "950 g", "12.5 lb"
    rng.shuffle(rows)
    out = rng.choice(("weighed", "weights", "normalised"))
    load = f'import pandas as pd\n\n{out} = pd.read_csv("{file}")'
    report = f'{out}.sort_values("kg").tail(3)'
    good = f"""
{load}
parts = {out}["{column}"].str.lower().str.extract(r"([0-9.]+)\\s*(kg|g|lb)")
{out}["kg"] = parts[0].astype(float) * parts[1].map({{"kg": 1, "g": 0.001, "lb": 0.4536}})
{report}
"""
    other = f"""
{load}


def to_kg(text):
    text = text.lower().replace(" ", "")
    for unit, factor in (("kg", 1), ("lb", 0.4536), ("g", 0.001)):
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * factor
    return None


{out}["kg"] = {out}["{column}"].apply(to_kg)
print({report})
"""
    wrong = f"""
{load}
{out}["kg"] = {out}["{column}"].str.replace("kg", "").astype(float)
{report}
"""
    upper = good.replace(".str.lower()", "").replace(report, f'{out}[["{column}", "kg"]]')
    upper = upper if any(row[column].endswith(("KG", "G", "LB")) for row in rows) else wrong
    plan = Plan(
        say(file=file, column=column, who=who, units="kg, g and lb, upper or lower case", out=out),
        [good, other],
        [(wrong, "ValueError"), (upper, "ValueError" if upper == wrong else "")],
        f'same_table({out}, expected.{out}, ["{who}", "kg"], tolerance=1e-4)\n_h = expected.{out}.sort_values("kg").iloc[-1]\n'
        f'states(answer, _h["{who}"], float(_h["kg"]))',
        f"{{(_h := {out}.sort_values('kg').iloc[-1])['{who}']}} is the heaviest: {{_h['kg']:.2f}} kg.",
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
        pairs = [f"{group}={one}", f"{number}={max(1, centre[one] + rng.randint(-20, 20))}", f"level={rng.choice(('info', 'warn'))}"]
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
    text = good.replace(f'{out}["{number}"] = pd.to_numeric({out}["{number}"])\n', "").replace(means, f"{out}.dtypes")
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
    file, out = rng.choice(("reads.fasta", "genes.fa", "contigs.fasta")), rng.choice(("gc", "gc_percent", "gc_content"))
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


@kind(
    "text",
    [
        "The column {group} of {where} was typed by hand. Replace each entry by the closest of these names: {names}. Write "
        "the result to a column {out} of {name} and count the rows of each name.",
        "Map the misspelt {group} values in {where} onto the correct list ({names}) by similarity; new column {out} in "
        "{name}. Row counts per name?",
        "fuzzy-fix {group} in {where} against [{names}] -> column {out} of the table {name}; counts please",
        "Typists made a mess of the {group} column in {where}: wrong letters, swapped letters, capitals. The correct "
        "names are {names}. Could you load it as {name}, give it a column {out} with the nearest correct name, and tell me "
        "how many rows each one has?",
    ],
)
def nearest_spelling(rng: Random, say: Say) -> Draft:
    rows = table(rng, (24, 40))
    d = rows.domain
    names = rng.choice((("Rotterdam", "Hamburg", "Valencia", "Piraeus"), ("Paracetamol", "Ibuprofen", "Codeine", "Aspirin"),
                        ("Hydraulics", "Bearings", "Gaskets", "Couplings"), ("Lavender", "Rosemary", "Chamomile", "Oregano")))  # fmt: skip

    def typed(name: str) -> str:
        place = rng.randrange(1, len(name) - 2)
        changed = rng.choice(
            (
                name[:place] + name[place + 1] + name[place] + name[place + 2 :],
                name[:place] + name[place + 1 :],
                name[: place + 1] + name[place:],
                name,
            )
        )
        return rng.choice((changed, changed, changed.upper(), f" {changed.lower()}"))

    for number, row in enumerate(rows.rows):
        row[d.group] = typed(names[number % 4] if number < 8 else rng.choice(names))
    rows.rows[0][d.group] = names[0].upper()
    out, n, column = rng.choice(("fixed", "corrected", "clean_name")), rows.name, d.group
    load = f'import pandas as pd\n\n{n} = pd.read_csv("{rows.file}")\nnames = {list(names)}'
    counts = f'{n}["{out}"].value_counts()'
    good = f"""
{load}
import difflib

{n}["{out}"] = [
    difflib.get_close_matches(text.strip().title(), names, n=1, cutoff=0.3)[0] for text in {n}["{column}"]
]
{counts}
"""
    other = f"""
{load}
from difflib import SequenceMatcher


def nearest(text):
    return max(names, key=lambda name: SequenceMatcher(None, name.lower(), text.strip().lower()).ratio())


{n}["{out}"] = {n}["{column}"].map(nearest)
print({n}[["{column}", "{out}"]].drop_duplicates(), {counts}, sep="\\n")
"""
    wrong = f"""
{load}
import difflib

{n}["{out}"] = [difflib.get_close_matches(text, names)[0] for text in {n}["{column}"]]
{counts}
"""
    exact = f"""
{load}
{n}["{out}"] = {n}["{column}"].str.strip().str.title().map({{name: name for name in names}})
{n}["{out}"].isna().sum()
"""
    plan = Plan(
        say(where=rows.file, group=column, names=", ".join(names), name=n, out=out),
        [good, other],
        [(wrong, "IndexError"), (exact, "")],
        f'same_table({n}, expected.{n}, ["{d.key}", "{out}"])\nfor _c in expected.{counts}: states(answer, int(_c))',
        f"{{', '.join(f'{{name}}: {{count}}' for name, count in {counts}.items())}}".replace("{{", "{").replace("}}", "}"),
    )
    return Draft([plan], {rows.file: rows.csv()})


@kind(
    "text",
    [
        "Write a reminder for each {who} in {file} whose {due} is over {limit}: a list {out} of texts exactly like this one: "
        "'{example}' (title-cased name, amount with two decimals), in the order of the file.",
        "From {file}, make a list {out} of strings for the rows with {due} > {limit}, keeping the order. Template: "
        "'{example}'. Names in title case, amounts with exactly 2 decimals.",
        "{out} = ['{example}', ...] for rows of {file} with {due} above {limit} (name title-cased, 2 decimals, file order)",
        "Please prepare the sentences for our reminder letters. For everyone in {file} with more than {limit} in {due} I "
        "need a text such as '{example}': the name with capital initials, the amount always with two digits after the "
        "point. Put them into a list {out}, in the file's order.",
    ],
)
def sentences_from_rows(rng: Random, say: Say) -> Draft:
    who, due, file = rng.choice((("member", "owed", "members.csv"), ("tenant", "arrears", "tenants.csv"), ("reader", "fines", "readers.csv")))
    currency = rng.choice(("EUR", "GBP", "USD"))
    names = people(rng, rng.randint(10, 15))
    rows = [{who: rng.choice((name.upper(), name.lower(), name)), due: round(rng.uniform(0, 60), 1)} for name in names]
    rows[0][due], rows[1][due] = 58.5, 3.0
    rng.shuffle(rows)
    limit, out = rng.choice((10, 15, 20, 25)), rng.choice(("reminders", "letters", "texts"))
    load = f'import pandas as pd\n\ndata = pd.read_csv("{file}")'
    good = f"""
{load}
over = data[data["{due}"] > {limit}]
{out} = [f"Dear {{name.title()}}, you owe us {currency} {{value:.2f}}." for name, value in zip(over["{who}"], over["{due}"])]
{out}
"""
    other = f"""
import csv

{out} = []
with open("{file}", newline="") as lines:
    for row in csv.DictReader(lines):
        if float(row["{due}"]) > {limit}:
            {out}.append("Dear {{}}, you owe us {currency} {{:.2f}}.".format(row["{who}"].title(), float(row["{due}"])))
print(*{out}, sep="\\n")
"""
    wrong = other.replace(f'if float(row["{due}"]) > {limit}', f'if row["{due}"] > {limit}')
    decimals = good.replace(":.2f", "")
    plan = Plan(
        say(file=file, who=who, due=due, limit=limit, out=out, example=f"Dear {FIRST[0]} {LAST[0]}, you owe us {currency} 12.50."),
        [good, other],
        [(wrong, "TypeError"), (decimals, "")],
        f"same_values({out}, expected.{out})",
        f"{out} has the reminders; the first reads: {{{out}[0]}}",
    )
    return Draft([plan], {file: to_csv(rows)})
