"""Days, times, zones and gaps."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from random import Random

from ..data import day_in, people, to_csv
from ..kinds import Draft, Plan, Say, kind


@kind(
    "dates",
    [
        "{file} should have one row for each day from its first to its last {day}. Which days are missing? Make a sorted "
        "list {out} of texts like {example}, and tell me the days.",
        "Find the dates without an entry in {file} (column {day}) between the first and the last one: sorted list {out}, "
        "ISO format ({example}). List them in the answer.",
        "missing days in {file}.{day}? -> {out}, sorted list of 'YYYY-MM-DD' strings, and name them",
        "I have the feeling that {file} is not complete. It should hold every day between its earliest and latest {day}. "
        "Please tell me which dates are absent, and keep them as a sorted list {out} of ISO strings (such as {example}).",
    ],
)
def absent_days(rng: Random, say: Say) -> Draft:
    day, file = rng.choice((("day", "takings.csv"), ("date", "rainfall.csv"), ("measured", "levels.csv")))
    first = day_in(rng, rng.randint(2019, 2025), 300)
    days = [first + timedelta(days=number) for number in range(rng.randint(40, 70))]
    gone = rng.sample(days[1:-1], rng.randint(3, 5))
    rows = [{day: f"{one:%d/%m/%Y}", "value": rng.randint(0, 300)} for one in days if one not in gone]
    rng.shuffle(rows)
    out = rng.choice(("absent", "gaps", "missing_days"))
    load = f'import pandas as pd\n\ndata = pd.read_csv("{file}")'
    good = f"""
{load}
days = pd.to_datetime(data["{day}"], format="%d/%m/%Y")
wanted = pd.date_range(days.min(), days.max())
{out} = wanted.difference(days).strftime("%Y-%m-%d").tolist()
{out}
"""
    other = f"""
{load}
from datetime import datetime, timedelta

there = {{datetime.strptime(text, "%d/%m/%Y").date() for text in data["{day}"]}}
now, {out} = min(there), []
while now < max(there):
    if now not in there:
        {out}.append(now.isoformat())
    now += timedelta(days=1)
print({out})
"""
    wrong = good.replace('"%d/%m/%Y"', '"%m/%d/%Y"')
    text = f"""
{load}
{out} = pd.date_range(data["{day}"].min(), data["{day}"].max(), freq="day").difference(data["{day}"])
{out}
"""
    plan = Plan(
        say(file=file, day=day, example=f"{first:%Y-%m-%d}", out=out),
        [good, other],
        [(wrong, "ValueError"), (text, "ValueError")],
        f"same_values({out}, expected.{out})\nimport datetime as _d\n"
        f"states(answer, *(_d.date.fromisoformat(_day) for _day in expected.{out}))",
        f"These days are missing: {{', '.join({out})}}.",
    )
    return Draft([plan], {file: to_csv(rows)})


@kind(
    "dates",
    [
        "Make a Series {out} with the mean {value} of each day in {file}, one entry for every day from the first to the last. "
        "A day with fewer than {least} readings counts as missing (NaN), also a day without any.",
        "Daily means of {value} ({file}) as a Series {out} indexed by day, without holes in the index; NaN for days that have "
        "less than {least} readings.",
        "resample {file} to daily mean of {value} -> Series {out}; require >= {least} readings per day, else NaN; keep "
        "empty days as NaN",
        "The logger behind {file} drops out at times. For each calendar day between the first and the last reading I want "
        "the average {value} in a Series {out}; if there are not at least {least} readings on a day, it should be NaN.",
    ],
)
def means_of_full_days(rng: Random, say: Say) -> Draft:
    value, file = rng.choice((("level_cm", "river.csv"), ("co2_ppm", "office.csv"), ("power_w", "roof.csv")))
    start = datetime(rng.randint(2019, 2025), rng.randint(1, 12), rng.randint(1, 25))
    days, rows, least = rng.randint(8, 12), [], rng.choice((4, 6, 8))
    empty, sparse = rng.sample(range(1, days - 1), 2)
    for number in range(days):
        hours = (
            0
            if number == empty
            else least - rng.randint(1, 2)
            if number == sparse
            else rng.randint(least, 14)
        )
        for hour in sorted(rng.sample(range(24), hours)):
            rows.append({"time": start + timedelta(days=number, hours=hour), value: rng.randint(100, 900)})
    out = rng.choice(("daily", "per_day", "day_means"))
    load = f'import pandas as pd\n\ndata = pd.read_csv("{file}", parse_dates=["time"])'
    good = f"""
{load}
days = data.set_index("time")["{value}"].resample("D")
{out} = days.mean().where(days.count() >= {least})
{out}
"""
    other = f"""
{load}
by_day = data.groupby(data["time"].dt.normalize())["{value}"].agg(["mean", "count"])
by_day = by_day.reindex(pd.date_range(by_day.index.min(), by_day.index.max()))
{out} = by_day.loc[by_day["count"] >= {least}, "mean"].reindex(by_day.index)
print({out})
"""
    wrong = f"""
{load}
days = data["{value}"].resample("D")
{out} = days.mean().where(days.count() >= {least})
{out}
"""
    zero = good.replace(f".mean().where(days.count() >= {least})", ".sum() / days.size()")
    plan = Plan(
        say(file=file, value=value, least=least, out=out),
        [good, other],
        [(wrong, "TypeError"), (zero, "")],
        f"same_mapping({out}, expected.{out})",
        f"{out} has the mean of each day with enough readings.",
    )
    return Draft([plan], {file: to_csv(rows)})


@kind(
    "dates",
    [
        "How many working days (Monday to Friday, without the days in {holidays}) lie between {a} and {b} of each row in "
        "{file}, counting {a} but not {b}? Add them as a column workdays to a DataFrame {out}; what is the greatest number?",
        "Working days from {a} (included) to {b} (excluded) for {file}, weekends and the dates of {holidays} left out: "
        "column workdays in a DataFrame {out}. Maximum?",
        "{out} = {file} + workdays (mon-fri minus {holidays}; {a} counts, {b} doesn't). max?",
        "Our customers want to know how long we take. Using {file} and the list of public holidays in {holidays}, count "
        "for each row the weekdays that are no holidays from {a} up to the day before {b}. DataFrame {out}, column "
        "workdays; and tell me the longest.",
    ],
)
def working_days(rng: Random, say: Say) -> Draft:
    a, b, file = rng.choice((("opened", "closed", "tickets.csv"), ("ordered", "delivered", "parcels.csv")))
    year = rng.randint(2020, 2025)
    free = sorted({date(year, 4, 1) + timedelta(days=number) for number in rng.sample(range(75), 5)})
    rows = []
    for number in range(1, 13):
        begin = date(year, 4, 1) + timedelta(days=rng.randrange(45))
        rows.append({"id": number, a: begin, b: begin + timedelta(days=rng.randint(1, 30))})
    out = rng.choice(("timed", "counted", "result"))
    holidays = rng.choice(("holidays.json", "closed_days.json"))
    load = f"""
import json

import numpy as np
import pandas as pd

with open("{holidays}") as file:
    free = json.load(file)
{out} = pd.read_csv("{file}")"""
    good = f"""
{load}
days = {out}[["{a}", "{b}"]].to_numpy(dtype="datetime64[D]")
{out}["workdays"] = np.busday_count(days[:, 0], days[:, 1], holidays=free)
print({out}, {out}["workdays"].max())
"""
    other = f"""
{load}


def workdays(begin, end):
    days = pd.date_range(begin, end, inclusive="left")
    return sum(day.dayofweek < 5 and day.strftime("%Y-%m-%d") not in free for day in days)


{out}["workdays"] = {out}.apply(lambda row: workdays(row["{a}"], row["{b}"]), axis=1)
{out}
"""
    wrong = f"""
{load}
{out}["workdays"] = np.busday_count({out}["{a}"], {out}["{b}"], holiday=free)
{out}
"""
    missing = good.replace("import json\n\n", "")
    plan = Plan(
        say(file=file, holidays=holidays, a=a, b=b, out=out),
        [good, other],
        [(wrong, "TypeError"), (missing, "NameError")],
        f'same_table({out}, expected.{out}, ["id", "workdays"])\nstates(answer, int(expected.{out}["workdays"].max()))',
        f"The greatest number is {{{out}['workdays'].max()}} working days.",
    )
    return Draft([plan], {file: to_csv(rows), holidays: json.dumps([one.isoformat() for one in free])})


@kind(
    "dates",
    [
        "How old in full years is each person of {file} on {day}? Add a column age to a DataFrame {out}, and tell me who is "
        "the youngest and how old.",
        "Age in completed years on {day} for everyone in {file} (column {born}): DataFrame {out} with a column age. Name and "
        "age of the youngest?",
        "{out} = {file} + age (full years at {day}, from {born}); youngest person + age?",
        "For the insurance we need the ages of the people in {file} on {day}, in completed years as one says it in "
        "everyday life. Please add them as column age of a DataFrame {out} and name the youngest with the age.",
    ],
)
def age_in_full_years(rng: Random, say: Say) -> Draft:
    born, file = rng.choice(
        (("born", "club.csv"), ("birthday", "drivers.csv"), ("date_of_birth", "pupils.csv"))
    )
    year, month = rng.randint(2022, 2025), rng.randint(3, 10)
    on = date(year, month, rng.randint(5, 25))
    names = people(rng, 12)
    rows = []
    for number, name in enumerate(names):
        day = date(year - rng.randint(12, 70), rng.randint(1, 12), rng.randint(1, 28))
        if number < 4:  # around the birthday
            day = date(year - rng.randint(14, 60), on.month, on.day) + timedelta(days=(-1, 0, 1, 2)[number])
        if number == 4:
            day = date(year - 11, 12, rng.randint(1, 28))
        rows.append({"name": name, born: day})
    rng.shuffle(rows)
    out = rng.choice(("aged", "with_age", "people"))
    load = f'import pandas as pd\n\n{out} = pd.read_csv("{file}", parse_dates=["{born}"])'
    report = f'{out}.sort_values("{born}")[["name", "age"]]'
    good = f"""
{load}
birth = {out}["{born}"].dt
before = (birth.month > {on.month}) | ((birth.month == {on.month}) & (birth.day > {on.day}))
{out}["age"] = {on.year} - birth.year - before.astype(int)
{report}
"""
    other = f"""
{load}
from datetime import date

on = date({on.year}, {on.month}, {on.day})
{out}["age"] = [on.year - day.year - ((on.month, on.day) < (day.month, day.day)) for day in {out}["{born}"]]
print({report})
"""
    wrong = f"""
{load}
from datetime import date

{out}["age"] = (date({on.year}, {on.month}, {on.day}) - {out}["{born}"]).dt.days // 365
{report}
"""
    years = f"""
{load}
{out}["age"] = (pd.Timestamp("{on}") - {out}["{born}"]).dt.years
{report}
"""
    plan = Plan(
        say(file=file, born=born, day=f"{on:%d} {on:%B} {on:%Y}", out=out),
        [good, other],
        [(wrong, "TypeError"), (years, "AttributeError")],
        f'same_table({out}, expected.{out}, ["name", "age"])\n_y = expected.{out}.sort_values("{born}").iloc[-1]\n'
        "states(answer, _y['name'], int(_y['age']))",
        f"{{(_y := {out}.sort_values('{born}').iloc[-1])['name']}} is the youngest: {{_y['age']}} years old.",
    )
    return Draft([plan], {file: to_csv(rows)})


@kind(
    "dates",
    [
        "The column {when} of {file} has milliseconds since 1970 (UTC). How many {things} are there in each ISO week? Make a "
        "Series {out} with labels like {example}, in order, and tell me the week with the most.",
        "Count {things} per ISO year and week from the epoch milliseconds {when} in {file}: Series {out}, index texts such as "
        "{example}, ascending. Top week?",
        "{file}.{when} = unix ms. counts per iso week ('{example}' style index) -> Series {out}; max week?",
        "{file} comes from a phone app that stores times as milliseconds since the epoch. I would like to see the number of "
        "{things} by ISO calendar week as a Series {out}, oldest first, labelled in the manner of {example}; which week "
        "was the best?",
    ],
)
def iso_weeks_of_milliseconds(rng: Random, say: Say) -> Draft:
    things, when, file = rng.choice((("swims", "ts", "swims.csv"), ("scans", "scanned_ms", "scans.csv"),
                                     ("messages", "sent", "messages.csv")))  # fmt: skip
    year = rng.randint(2018, 2024)
    start = datetime(year, 12, rng.randint(10, 14), tzinfo=UTC)
    stamps = [start + timedelta(days=rng.randrange(28), seconds=rng.randrange(86000)) for _ in range(40)]
    stamps += [start + timedelta(days=rng.randint(7, 8), seconds=rng.randrange(86000)) for _ in range(14)]
    rows = [{"id": number, when: int(stamp.timestamp() * 1000)} for number, stamp in enumerate(stamps, 1)]
    rng.shuffle(rows)
    out = rng.choice(("per_week", "weekly", "week_counts"))
    load = f'import pandas as pd\n\ndata = pd.read_csv("{file}")'
    good = f"""
{load}
iso = pd.to_datetime(data["{when}"], unit="ms").dt.isocalendar()
label = iso["year"].astype(str) + "-W" + iso["week"].astype(str).str.zfill(2)
{out} = label.value_counts().sort_index()
{out}
"""
    other = f"""
{load}
from collections import Counter
from datetime import datetime, timezone

weeks = Counter()
for stamp in data["{when}"]:
    year, week, _ = datetime.fromtimestamp(stamp / 1000, tz=timezone.utc).isocalendar()
    weeks[f"{{year}}-W{{week:02d}}"] += 1
{out} = pd.Series(weeks).sort_index()
print({out})
"""
    wrong = good.replace(".isocalendar()", ".isoweek")
    nano = good.replace(', unit="ms"', "")
    plan = Plan(
        say(file=file, when=when, things=things, example=f"{year}-W07", out=out),
        [good, other],
        [(wrong, "AttributeError"), (nano, "")],
        f"same_mapping({out}, expected.{out})\nsame_values({out}, expected.{out})\n"
        f"_w = expected.{out}.idxmax()\nassert _w in answer or int(_w[-2:]) in map(abs, numbers(answer)), 'The answer does not name week ' + _w",
        f"{{{out}.idxmax()}} has the most {things}: {{{out}.max()}}.",
    )
    return Draft([plan], {file: to_csv(rows)})
