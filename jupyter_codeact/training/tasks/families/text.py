"""Messy text: codes, amounts, names, units, logs and sequences."""

from __future__ import annotations

from random import Random

from ..data import FIRST, LAST, people, table, to_csv
from ..kinds import Draft, Plan, Say, kind


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
    column, file = rng.choice(
        (("betrag", "rechnungen.csv"), ("preis", "angebote.csv"), ("umsatz", "filialen.csv"))
    )

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
    who, column, file = rng.choice(
        (("parcel", "weight", "parcels.csv"), ("fish", "mass", "catch.csv"), ("bag", "load", "bags.csv"))
    )
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
        f"{{', '.join(f'{{name}}: {{count}}' for name, count in {counts}.items())}}".replace(
            "{{", "{"
        ).replace("}}", "}"),
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
    who, due, file = rng.choice(
        (
            ("member", "owed", "members.csv"),
            ("tenant", "arrears", "tenants.csv"),
            ("reader", "fines", "readers.csv"),
        )
    )
    currency = rng.choice(("EUR", "GBP", "USD"))
    names = people(rng, rng.randint(10, 15))
    rows = [
        {who: rng.choice((name.upper(), name.lower(), name)), due: round(rng.uniform(0, 60), 1)}
        for name in names
    ]
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
        say(
            file=file,
            who=who,
            due=due,
            limit=limit,
            out=out,
            example=f"Dear {FIRST[0]} {LAST[0]}, you owe us {currency} 12.50.",
        ),
        [good, other],
        [(wrong, "TypeError"), (decimals, "")],
        f"same_values({out}, expected.{out})",
        f"{out} has the reminders; the first reads: {{{out}[0]}}",
    )
    return Draft([plan], {file: to_csv(rows)})
