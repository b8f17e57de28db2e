"""Days, times, zones and gaps."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from random import Random

from ..data import FIRST, day_in, moments, people, to_csv
from ..kinds import Draft, Plan, Say, kind


@kind(
    "dates",
    [
        "The times in {file} (column {when}) are UTC. In which hour of the local day in {zone} are the most {things}, and "
        "how many? Keep the counts by local hour (0 to 23, only hours that occur) as a Series {out}.",
        "Convert {when} of {file} from UTC to {zone} and count {things} per local hour as a Series {out} (index: hour). "
        "Peak hour and its count?",
        "{file}: {when} is utc. counts per hour of day in {zone} -> Series {out}; busiest hour + count",
        "Our server writes {file} in UTC, but the people live in {zone}. At which full hour of their day (daylight saving "
        "time considered) do we get most {things}, and how many are these? I also want a Series {out}, hour to count.",
    ],
)
def busiest_local_hour(rng: Random, say: Say) -> Draft:
    things, when, file = rng.choice((("calls", "started", "calls.csv"), ("orders", "placed_at", "orders.csv"),
                                     ("alerts", "raised", "alerts.csv")))  # fmt: skip
    zone, shift = rng.choice((("Europe/Lisbon", 1), ("America/New_York", -4), ("Asia/Tokyo", 9), ("Australia/Sydney", 10),
                              ("America/Sao_Paulo", -3), ("Asia/Kolkata", 5)))  # fmt: skip
    start = datetime(rng.randint(2020, 2025), rng.choice((3, 10)), rng.randint(20, 27))
    stamps = moments(rng, start, rng.randint(60, 90), (1200, 11000))
    peak = rng.randrange(24)
    stamps += [
        (start + timedelta(days=9 + number)).replace(hour=(peak - shift) % 24, minute=rng.randrange(60)) for number in range(18)
    ]
    rows = [{"id": number, when: f"{stamp:%Y-%m-%dT%H:%M:%S}Z"} for number, stamp in enumerate(stamps, 1)]
    rng.shuffle(rows)
    out = rng.choice(("per_hour", "by_hour", "local_hours"))
    load = f'import pandas as pd\n\ndata = pd.read_csv("{file}")'
    good = f"""
{load}
local = pd.to_datetime(data["{when}"], utc=True).dt.tz_convert("{zone}")
{out} = local.dt.hour.value_counts().sort_index()
print({out}, {out}.idxmax(), {out}.max())
"""
    other = f"""
{load}
from datetime import datetime
from zoneinfo import ZoneInfo

hours = [
    datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(ZoneInfo("{zone}")).hour for text in data["{when}"]
]
{out} = pd.Series(hours).value_counts()
{out}
"""
    wrong = f"""
{load}
local = pd.to_datetime(data["{when}"], utc=True).dt.tz_localize("{zone}")
{out} = local.dt.hour.value_counts()
{out}
"""
    text = f"""
{load}
{out} = data["{when}"].dt.tz_convert("{zone}").dt.hour.value_counts()
{out}
"""
    plan = Plan(
        say(file=file, when=when, zone=zone, things=things, out=out),
        [good, other],
        [(wrong, "TypeError"), (text, "AttributeError")],
        f"same_mapping({out}, expected.{out})\nstates(answer, int(expected.{out}.idxmax()), int(expected.{out}.max()))",
        f"Hour {{{out}.idxmax()}} is the busiest, with {{{out}.max()}} {things}.",
    )
    return Draft([plan], {file: to_csv(rows)})


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
        hours = 0 if number == empty else least - rng.randint(1, 2) if number == sparse else rng.randint(least, 14)
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
        "{file} has clock times {a} and {b} (HH:MM); where {b} is earlier than {a}, it is on the next day. Add the minutes "
        "between them as a column minutes to a DataFrame {out}, and tell me the mean and who has the longest one.",
        "From {file}: minutes from {a} to {b}, with {b} past midnight if it is the smaller one. DataFrame {out} with a "
        "column minutes; report the average and the {who} of the maximum.",
        "{file} -> {out} with minutes = {b} - {a} ({b} < {a} means next day). mean minutes? which {who} has the max?",
        "Some of the {things} in {file} run past midnight, so {b} can look earlier than {a}. Please work out how many "
        "minutes each lasted (a column minutes in a DataFrame {out}), and tell me the mean and the {who} of the longest.",
    ],
)
def past_midnight(rng: Random, say: Say) -> Draft:
    who, things, a, b, file = rng.choice(
        (
            ("nurse", "shifts", "came", "went", "shifts.csv"),
            ("bus", "trips", "departure", "arrival", "trips.csv"),
            ("baker", "batches", "begin", "end", "batches.csv"),
        )
    )
    names = rng.sample(FIRST, 14)
    rows = []
    for number, length in zip(range(14), rng.sample(range(40, 640), 14), strict=True):
        begin = rng.choice((rng.randint(300, 900), rng.randint(1100, 1430)))
        if number == 0:
            begin, length = 1290, rng.randint(650, 700)
        end = (begin + length) % 1440
        rows.append({who: names[number], a: f"{begin // 60:02d}:{begin % 60:02d}", b: f"{end // 60:02d}:{end % 60:02d}"})
    rng.shuffle(rows)
    out = rng.choice(("lengths", "durations", "timed"))
    load = f'import pandas as pd\n\n{out} = pd.read_csv("{file}")'
    report = f'print({out}["minutes"].mean(), {out}.loc[{out}["minutes"].idxmax()])'
    good = f"""
{load}
begin = pd.to_timedelta({out}["{a}"] + ":00")
end = pd.to_timedelta({out}["{b}"] + ":00")
{out}["minutes"] = (end - begin).dt.total_seconds() // 60 % 1440
{report}
"""
    other = f"""
{load}


def minutes(text):
    hours, rest = text.split(":")
    return int(hours) * 60 + int(rest)


{out}["minutes"] = [(minutes(end) - minutes(begin)) % 1440 for begin, end in zip({out}["{a}"], {out}["{b}"])]
{report}
{out}.head()
"""
    wrong = f"""
{load}
{out}["minutes"] = {out}["{b}"] - {out}["{a}"]
{report}
"""
    negative = good.replace(" % 1440", "").replace(report, f"{out}\n")
    plan = Plan(
        say(file=file, a=a, b=b, who=who, things=things, out=out),
        [good, other],
        [(wrong, "TypeError"), (negative, "")],
        f'same_table({out}, expected.{out}, ["{who}", "minutes"])\n_e = expected.{out}\n'
        f'states(answer, float(_e["minutes"].mean()), _e.loc[_e["minutes"].idxmax(), "{who}"])',
        f"The mean is {{{out}['minutes'].mean():.1f}} minutes; {{{out}.loc[{out}['minutes'].idxmax(), '{who}']}} has the "
        "longest.",
    )
    return Draft([plan], {file: to_csv(rows)})


@kind(
    "dates",
    [
        "Split the clicks in {file} into sessions: a user's session ends when the next click of the same user comes more "
        "than {pause} minutes later. How many sessions does each user have? Keep that as a Series {out}; tell me the total.",
        "Sessionise {file} (columns user, time) with a {pause}-minute inactivity limit (a longer pause begins a new session). "
        "Series {out}: sessions per user. Total number?",
        "{file}: sessions per user -> Series {out}. new session if gap to the user's previous click > {pause} min. total?",
        "How often did people really visit us? In {file} every row is a click. Count a new visit whenever a user has been "
        "silent for more than {pause} minutes (the first click begins the first visit). I need a Series {out} by user, and "
        "the overall number of visits.",
    ],
)
def sessions_of_clicks(rng: Random, say: Say) -> Draft:
    pause, file = rng.choice((15, 20, 30, 45)), rng.choice(("clicks.csv", "weblog.csv", "events.csv"))
    start = datetime(rng.randint(2020, 2025), rng.randint(1, 12), rng.randint(1, 25), 7)
    rows = []
    for user in rng.sample(range(100, 999), rng.randint(4, 6)):
        now = start + timedelta(minutes=rng.randint(0, 90))
        for _ in range(rng.randint(7, 14)):
            rows.append({"user": f"u{user}", "time": now})
            now += timedelta(minutes=rng.choice((1, 3, 8, pause, pause + 1, 3 * pause)))
    rng.shuffle(rows)
    out = rng.choice(("sessions", "visits", "per_user"))
    load = f'import pandas as pd\n\nclicks = pd.read_csv("{file}", parse_dates=["time"])'
    good = f"""
{load}
clicks = clicks.sort_values(["user", "time"])
gap = clicks.groupby("user")["time"].diff()
clicks["new"] = gap.isna() | (gap > pd.Timedelta(minutes={pause}))
{out} = clicks.groupby("user")["new"].sum()
print({out}, {out}.sum())
"""
    other = f"""
{load}
counts = {{}}
for user, part in clicks.groupby("user"):
    times = part["time"].sort_values().tolist()
    counts[user] = 1 + sum(later - earlier > pd.Timedelta("{pause}min") for earlier, later in zip(times, times[1:]))
{out} = pd.Series(counts)
print({out})
{out}.sum()
"""
    wrong = good.replace(f"gap > pd.Timedelta(minutes={pause})", f"gap > {pause}")
    first = good.replace("gap.isna() | ", "")
    plan = Plan(
        say(file=file, pause=pause, out=out),
        [good, other],
        [(wrong, "TypeError"), (first, "")],
        f"same_mapping({out}, expected.{out})\nstates(answer, int(expected.{out}.sum()))",
        f"There are {{{out}.sum()}} sessions.",
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
    born, file = rng.choice((("born", "club.csv"), ("birthday", "drivers.csv"), ("date_of_birth", "pupils.csv")))
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
