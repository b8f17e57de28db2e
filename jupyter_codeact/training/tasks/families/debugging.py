"""Cells of the user's that fail, or that say something wrong."""

from __future__ import annotations

from random import Random

from ..data import given, table, to_csv
from ..kinds import Draft, Plan, Say, kind

_BROKEN = (
    (
        "median",
        "numbers",
        "    ordered = sorted(numbers)\n    return ordered[len(ordered) // 2]",
        "    ordered, half = sorted(numbers), len(numbers) // 2\n"
        "    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2",
        "    import statistics\n\n    return statistics.median(numbers)",
        "    ordered = sorted(numbers)\n    return ordered[len(ordered) / 2]",
        lambda rng: [([3, 1, 2], 2), (two := sorted(rng.sample(range(1, 50), 4)), (two[1] + two[2]) / 2)],
    ),
    (
        "is_leap",
        "year",
        "    return year % 4 == 0",
        "    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)",
        "    import calendar\n\n    return calendar.isleap(year)",
        "    return year.is_leap()",
        lambda rng: [(2000, True), (rng.choice((1800, 1900, 2100, 2200)), False), (rng.choice((2004, 2016, 2024)), True)],
    ),
    (
        "initials",
        "name",
        '    return "".join(part[0] for part in name.split(" "))',
        '    return "".join(part[0].upper() for part in name.replace("-", " ").split())',
        '    import re\n\n    return "".join(re.findall(r"(?:^|[\\s-])(\\w)", name.strip())).upper()',
        '    return "".join(part[0].upper() for part in name.split(" "))',
        lambda rng: [("ada king", "AK"), ("  jean  luc", "JL"), (f"{rng.choice('abc')}nn-marie x", None)],
    ),
    (
        "chunks",
        "values",
        "    return [values[i : i + 3] for i in range(len(values) // 3)]",
        "    return [values[i : i + 3] for i in range(0, len(values), 3)]",
        "    found = []\n    while values:\n        found.append(values[:3])\n        values = values[3:]\n    return found",
        "    return [values[i : i + 3] for i in range(0, values, 3)]",
        lambda rng: [([1, 2, 3, 4], [[1, 2, 3], [4]]), ([], []), ([rng.randint(5, 9)] * 6, None)],
    ),
    (
        "running_max",
        "values",
        "    best, found = 0, []\n    for value in values:\n        best = max(best, value)\n        found.append(best)\n    return found",
        "    found = []\n    for value in values:\n        found.append(value if not found else max(found[-1], value))\n    return found",
        "    from itertools import accumulate\n\n    return list(accumulate(values, max))",
        "    return [max(values[:i]) for i in range(len(values))]",
        lambda rng: [([1, 3, 2], [1, 3, 3]), ([-rng.randint(5, 9), -2, -4], None), ([], [])],
    ),
    (
        "roman",
        "number",
        '    found = ""\n    for value, sign in ((1000, "M"), (500, "D"), (100, "C"), (50, "L"), (10, "X"), (5, "V"), (1, "I")):\n'
        "        found += sign * (number // value)\n        number %= value\n    return found",
        '    signs = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"),\n'
        '             (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))\n    found = ""\n    for value, sign in signs:\n'
        "        found += sign * (number // value)\n        number %= value\n    return found",
        '    found = "I" * number\n    for long, short in (("IIIII", "V"), ("VV", "X"), ("XXXXX", "L"), ("LL", "C"), ("CCCCC", "D"), ("DD", "M"),\n'
        '                        ("DCCCC", "CM"), ("CCCC", "CD"), ("LXXXX", "XC"), ("XXXX", "XL"), ("VIIII", "IX"), ("IIII", "IV")):\n'
        "        found = found.replace(long, short)\n    return found",
        "    return chr(0x2160 + number)[0:number / 1]",
        lambda rng: [(3, "III"), (rng.choice((4, 9)), None), (rng.choice((1994, 1949)), None), (40, "XL")],
    ),
)  # fmt: skip
"""Name, argument, what is wrong, two ways to put it right, another wrong way, and what to assert (None: what is right)."""
_ERRORS = {"is_leap": "AttributeError", "initials": "IndexError", "running_max": "ValueError"}


@kind(
    "debugging",
    [
        "The asserts below {name} fail. Correct the function, so that all of them pass, and run them again; leave the asserts "
        "as they are.",
        "{name} has a bug: the last cell raises an AssertionError. Fix {name} (not the tests), then show that the tests pass.",
        "fix {name}() so that my asserts pass, don't touch the asserts",
        "I wrote {name} and some checks for it, and the checks do not hold. Could you find the mistake in the function, put it "
        "right, and confirm with the same checks? They say what I want, so they should stay.",
    ],
)
def asserts_that_fail(rng: Random, say: Say) -> Draft:
    name, argument, bad, right, second, failing, cases_of = rng.choice(_BROKEN)
    scope: dict[str, object] = {}
    exec(f"def {name}({argument}):\n{right}", scope)  # noqa: S102
    function = scope[name]
    assert callable(function)
    cases = [(given_, wanted if wanted is not None else function(given_)) for given_, wanted in cases_of(rng)]
    tests = "\n".join(f"assert {name}({given_!r}) == {wanted!r}" for given_, wanted in cases)
    head = f"def {name}({argument}):\n"
    hidden = "\n".join(f"assert {name}({value!r}) == {function(value)!r}, 'It is wrong for {argument} = ' + repr({value!r})"
                       for value, _ in [*cases, *((one, None) for one in _more(name))])  # fmt: skip
    plan = Plan(
        say(name=name),
        [f'{head}{right}\n\n\n{tests}\nprint("all pass")', [f"{head}{second}", f'{tests}\nprint("all pass")']],
        [(tests, "AssertionError"), (f"{head}{failing}\n\n\n{tests}", _ERRORS.get(name, "TypeError"))],
        hidden,
        f"{name} is corrected; all asserts pass.",
    )  # fmt: skip
    return Draft([plan], {}, (f"{head}{bad}", tests))


def _more(name: str) -> list[object]:
    """Return further arguments, lest the asserts' values be written into the function."""
    return {
        "median": [[8, 2, 4, 6], [5]],
        "is_leap": [2400, 2023, 1700],
        "initials": ["bo li", "eva-lotta van dam"],
        "chunks": [[1, 2], [1, 2, 3, 4, 5, 6, 7]],
        "running_max": [[-3, -5, -1], [2, 9, 4]],
        "roman": [44, 999, 2019, 8],
    }[name]  # type: ignore[return-value]


@kind(
    "debugging",
    [
        "The last cell raises a KeyError although the column is plainly there. Find out why, clean all column names of {name}, "
        "and set {out} to the mean {measure} per {group}.",
        "KeyError in the last cell: what is wrong with the columns of {name}? Repair the names (no stray blanks, lower case) "
        "and compute {out} (mean {measure} by {group}).",
        "{name}['{measure}'] -> KeyError?! clean the column names (strip, lower) and make {out} work",
        "I can see {measure} in {name}, and yet Python says that it is not there. Please put the names of the columns right "
        "(lower case, without blanks around them) in {name} itself, and calculate {out}, the mean {measure} for each {group}, "
        "as I tried to.",
    ],
)
def columns_with_blanks(rng: Random, say: Say) -> Draft:
    rows = table(rng, (20, 36))
    d, m = rows.domain, rows.measure
    dirty = {
        d.key: d.key.upper(),
        d.group: f"{d.group.title()} ",
        d.second: f" {d.second}",
        m: f" {m.title()} ",
        d.count: d.count,
        d.day: f"{d.day} ",
    }
    renamed = [{dirty[name]: value for name, value in row.items()} for row in rows.rows]
    n, out = rows.name, rng.choice(("means", "average", "by_group"))
    load = f'import pandas as pd\n\n{n} = pd.read_csv("{rows.file}")'
    tried = f'{out} = {n}.groupby("{d.group}")["{m}"].mean()'
    good = f"""
{n}.columns = {n}.columns.str.strip().str.lower()
{tried}
{out}
"""
    other = f"""
print(list({n}.columns))
{n} = {n}.rename(columns=lambda name: name.strip().lower())
{tried}
print({out})
"""
    wrong = f"""
{n}.columns = {n}.columns.strip().lower()
{tried}
"""
    half = f"""
{n}.columns = {n}.columns.str.lower()
{tried}
"""
    names = [name.lower() for name in (d.key, d.group, d.second, m, d.count, d.day)]
    plan = Plan(
        say(name=n, out=out, measure=m, group=d.group),
        [good, other],
        [(wrong, "AttributeError"), (half, "KeyError")],
        f"assert list({n}.columns) == {names}, f'The columns are {{list({n}.columns)}}.'\nsame_mapping({out}, expected.{out})",
        "The names had blanks around them and capitals; they are clean now.",
    )
    return Draft([plan], {rows.file: to_csv(renamed)}, (load, tried))


@kind(
    "debugging",
    [
        "The last cell should set {measure} to {value} where {count} is 0, but {name} stays as it was. Make it work, and tell "
        "me how many rows it concerns.",
        "Why does my last cell not change {name}? Set {measure} = {value} for rows with {count} == 0 properly; how many rows?",
        "chained assignment does nothing: {name}.{measure} should be {value} where {count} is 0. fix + number of rows",
        "I tried to give all rows of {name} whose {count} is zero the {measure} {value}. No error, but nothing has happened. "
        "Please change the table as I meant it and say how many rows were changed.",
    ],
)
def assignment_without_effect(rng: Random, say: Say) -> Draft:
    rows = table(rng, (20, 36))
    d, m = rows.domain, rows.measure
    for row in rng.sample(rows.rows, rng.randint(3, 7)):
        row[d.count] = 0
    value = -1.0 if d.digits else -1
    at = given(rng, rows, how="notebook")
    n = at.name
    tried = f'import warnings\n\nwarnings.simplefilter("ignore")\n{n}[{n}["{d.count}"] == 0].copy()["{m}"] = {value}'
    good = f"""
concerned = {n}["{d.count}"] == 0
{n}.loc[concerned, "{m}"] = {value}
print(concerned.sum())
"""
    other = f"""
{n}["{m}"] = {n}["{m}"].where({n}["{d.count}"] != 0, {value})
({n}["{m}"] == {value}).sum()
"""
    wrong = f"""
{n}.loc[{n}["{d.count}"] == 0]["{m}"] = {value}
print({n}[{n}["{d.count}"] == 0])
"""
    row_only = f"""
{n}.loc[{n}["{d.count}"] = 0, "{m}"] = {value}
"""
    plan = Plan(
        say(name=n, measure=m, count=d.count, value=value),
        [good, other],
        [(wrong, ""), (row_only, "SyntaxError")],
        f'same_table({n}, expected.{n}, ["{d.key}", "{m}", "{d.count}"])\nstates(answer, int(expected.concerned.sum()))',
        f"{{({n}['{d.count}'] == 0).sum()}} rows were changed.",
    )
    return Draft([plan], at.files, (*at.cells, tried))


@kind(
    "debugging",
    [
        "The totals per {group} in {out} do not add up to the total of {measure}. Find out which rows get lost, and correct "
        "{out}: they should appear under '{label}'. What is their sum?",
        "{out} misses some of the {measure}. Why? Include the missing rows as '{label}' in {out}, and give me their total.",
        "sum({out}) != {name}.{measure}.sum(). fix {out}, lost rows under '{label}'; how much were they?",
        "My sums by {group} ({out}) are lower than they ought to be when I compare them with the whole of {name}. Please find "
        "the reason and redo {out}, with what is missing now listed as '{label}', and tell me how much {measure} that is.",
    ],
)
def groups_that_get_lost(rng: Random, say: Say) -> Draft:
    rows = table(rng, (24, 40))
    d, m = rows.domain, rows.measure
    for row in rng.sample(rows.rows, rng.randint(3, 6)):
        row[d.group] = None
    at = given(rng, rows, how="notebook")
    n, out = at.name, rng.choice(("totals", "sums", "per_group"))
    label = rng.choice(("unknown", "not given", "other"))
    tried = f'{out} = {n}.groupby("{d.group}")["{m}"].sum()\n{out}.sum(), {n}["{m}"].sum()'
    good = f"""
{out} = {n}.assign({d.group}={n}["{d.group}"].fillna("{label}")).groupby("{d.group}")["{m}"].sum()
{out}
"""
    other = f"""
{out} = {n}.groupby("{d.group}", dropna=False)["{m}"].sum().rename(index=lambda name: name if isinstance(name, str) else "{label}")
print({out}, {out}["{label}"])
"""
    wrong = f"""
{out} = {n}.groupby("{d.group}", skipna=False)["{m}"].sum()
{out}["{label}"]
"""
    index = f"""
{out} = {n}.groupby("{d.group}")["{m}"].sum().fillna("{label}")
{out}["{label}"]
"""
    plan = Plan(
        say(name=n, out=out, group=d.group, measure=m, label=label),
        [good, other],
        [(wrong, "TypeError"), (index, "KeyError")],
        f"same_mapping({out}, expected.{out}, 1e-5)\nstates(answer, float(expected.{out}['{label}']))",
        f"Rows without a {d.group} got lost; together they have {{{out}['{label}']:.2f}}.",
    )
    return Draft([plan], at.files, (*at.cells, tried))


@kind(
    "debugging",
    [
        "add_{thing} seems to remember what other lists got: the second call should give ['{b}'], not ['{a}', '{b}']. Repair "
        "it, but a list that I pass should still be extended.",
        "Bug: add_{thing}('{b}') returns the '{a}' of an earlier call as well. Fix it; passing a list must still append to that "
        "very list.",
        "add_{thing} leaks state between calls ('{a}' shows up in the result for '{b}'). fix, keep append-in-place for a given "
        "list",
        "Why does add_{thing} return '{a}' and '{b}' when I only gave it '{b}'? Please correct the function so that calls "
        "without a list are independent, and one with a list adds to the list it was given.",
    ],
)
def remembers_too_much(rng: Random, say: Say) -> Draft:
    thing = rng.choice(("tag", "item", "name", "step"))
    a, b = rng.sample(("red", "oak", "salt", "north", "wool", "tin"), 2)
    cells = (
        f"def add_{thing}({thing}, found=[]):\n    found.append({thing})\n    return found",
        f"add_{thing}({a!r})\nadd_{thing}({b!r})",
    )
    good = f"""
def add_{thing}({thing}, found=None):
    if found is None:
        found = []
    found.append({thing})
    return found


print(add_{thing}({a!r}), add_{thing}({b!r}))
"""
    other = f"""
def add_{thing}({thing}, found=None):
    result = [] if found is None else found
    result += [{thing}]
    return result


add_{thing}({b!r}), add_{thing}({b!r}, [{a!r}])
"""
    wrong = f"""
def add_{thing}({thing}, found=None):
    found.append({thing})
    return found


print(add_{thing}({a!r}), add_{thing}({b!r}))
"""
    copy = f"""
def add_{thing}({thing}, found=[]):
    return found.append({thing})


print(add_{thing}({a!r}), add_{thing}({b!r}))
"""
    plan = Plan(
        say(thing=thing, a=a, b=b),
        [good, other],
        [(wrong, "AttributeError"), (copy, "")],
        f"assert add_{thing}('one') == ['one'], 'The first call is wrong.'\n"
        f"assert add_{thing}('two') == ['two'], 'It still remembers earlier calls.'\n"
        f"_l = ['x']\n_r = add_{thing}('y', _l)\nassert _r == ['x', 'y'] and _l == ['x', 'y'], 'A given list is not extended.'\n"
        f"_e = []\nadd_{thing}('z', _e)\nassert _e == ['z'], 'A given empty list is not extended.'",
        "The default list was shared by all calls; now each call without a list gets a new one.",
    )
    return Draft([plan], {}, cells)


@kind(
    "debugging",
    [
        "ranking puts {low} before {high}: the scores are texts. Make score in {name} a number, sort ranking by it, greatest "
        "first, and tell me who is first.",
        "The order in ranking is wrong (scores sorted as text). Convert {name}.score to integers, redo ranking (descending), "
        "name the first.",
        "fix ranking: numeric sort of score, desc, convert {name} too. who wins?",
        "My ranking looks odd: somebody with {low} is ahead of somebody with {high}. Please turn the scores in {name} into "
        "numbers, sort ranking again from the greatest to the least, and say who leads.",
    ],
)
def sorted_as_text(rng: Random, say: Say) -> Draft:
    name, who = rng.choice((("results", "player"), ("league", "club"), ("quiz", "team")))
    names = rng.sample(("Ash", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Maple", "Rowan"), 6)
    scores = [rng.randint(101, 180), 99, *rng.sample(range(12, 90), 3), 8]
    points = {
        one: f"{score:,}".replace(",", " ") + rng.choice((" pts", " pts", ""))
        for one, score in zip(names, scores, strict=True)
    }
    cells = (
        f'import pandas as pd\n\n{name} = pd.DataFrame({{"{who}": {names!r}, "score": {list(points.values())!r}}})',
        f'ranking = {name}.sort_values("score", ascending=False)\nranking',
    )
    good = f"""
{name}["score"] = {name}["score"].str.replace("pts", "").str.strip().astype(int)
ranking = {name}.sort_values("score", ascending=False)
ranking
"""
    other = f"""
{name}["score"] = pd.to_numeric({name}["score"].str.extract(r"([0-9]+)")[0])
ranking = {name}.nlargest(len({name}), "score")
print(ranking)
"""
    wrong = good.replace('.str.replace("pts", "").str.strip().astype(int)', '.astype(int, errors="coerce")')
    as_it_was = f'ranking = {name}.sort_values(by="score", ascending=False)\nranking'
    plan = Plan(
        say(name=name, low=min(scores), high=max(scores)),
        [good, other],
        [(wrong, "ValueError"), (as_it_was, "")],
        f'same_table(ranking, expected.ranking, ["{who}", "score"], ordered=True)\n'
        f"assert all(isinstance(_s, (int, float)) for _s in {name}['score'].tolist()), 'The scores are still texts.'\n"
        f"states(answer, expected.ranking['{who}'].iloc[0])",
        f"{{ranking['{who}'].iloc[0]}} leads.",
    )
    return Draft([plan], {}, cells)
