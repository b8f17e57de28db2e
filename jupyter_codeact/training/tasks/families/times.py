"""Hours, minutes and time zones."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from ..data import FIRST, moments, to_csv
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
        (start + timedelta(days=9 + number)).replace(hour=(peak - shift) % 24, minute=rng.randrange(60))
        for number in range(18)
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
        rows.append(
            {
                who: names[number],
                a: f"{begin // 60:02d}:{begin % 60:02d}",
                b: f"{end // 60:02d}:{end % 60:02d}",
            }
        )
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
