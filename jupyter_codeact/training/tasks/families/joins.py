"""Putting tables together."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from ..data import FIRST, Row, people, to_csv
from ..kinds import Draft, Plan, Say, kind


@kind(
    "joins",
    [
        "Join {a} and {b} on {key}. In one of them the {key} is a number, in the other a text with leading zeros. Keep all "
        "rows of {a} in a DataFrame {out}, with the {extra} from {b}; there is one for each.",
        "Add the {extra} from {b} to the rows of {a} by {key} (number in one file, zero-padded text in the other) and call "
        "the DataFrame {out}.",
        "{out} = {a} + {extra} of {b}, key {key}; mind that 17 and '00017' are the same {key}",
        "The files {a} and {b} belong together through {key}, but only one of the systems fills it up with zeros to five "
        "characters. Please look up each row's {extra} and keep everything of {a} as a DataFrame {out}.",
    ],
)
def keys_of_two_types(rng: Random, say: Say) -> Draft:
    a, b, key, extra, values = rng.choice(
        (
            ("orders.csv", "articles.csv", "article", "supplier", ("Acme", "Nord", "Lumen", "Tessa")),
            ("tickets.csv", "rooms.csv", "room", "building", ("Main", "Annex", "Tower", "Lab")),
            ("samples.csv", "plates.csv", "plate", "operator", FIRST[:6]),
        )
    )
    numbers = rng.sample(range(3, 900), 9)
    left = [
        {"id": number, key: rng.choice(numbers), "amount": rng.randint(1, 60)}
        for number in range(1, rng.randint(14, 22))
    ]
    right = [{key: f"{number:05d}", extra: rng.choice(values)} for number in numbers]
    right.append({key: "X0001", extra: "none"})
    out = rng.choice(("joined", "complete", "merged"))
    load = f'import pandas as pd\n\nleft = pd.read_csv("{a}")\nright = pd.read_csv("{b}")'
    good = f"""
{load}
left["{key}"] = left["{key}"].astype(str).str.zfill(5)
{out} = left.merge(right, on="{key}", how="left")
{out}
"""
    other = f"""
{load}
right["{key}"] = pd.to_numeric(right["{key}"], errors="coerce")
lookup = right.dropna().set_index("{key}")["{extra}"]
{out} = left.assign({extra}=left["{key}"].map(lookup))
print({out})
"""
    wrong = f"""
{load}
{out} = left.merge(right, on="{key}", how="left")
{out}
"""
    nan = f"""
{load}
left["{key}"] = left["{key}"].astype(str)
{out} = left.merge(right, on="{key}", how="left")
{out}
"""
    plan = Plan(
        say(a=a, b=b, key=key, extra=extra, out=out),
        [good, other],
        [(wrong, "ValueError"), (nan, "")],
        f'same_table({out}, expected.{out}, ["id", "amount", "{extra}"])',
        f"{out} has the rows of {a}, each with its {extra}.",
    )
    return Draft([plan], {a: to_csv(left), b: to_csv(right)})


@kind(
    "joins",
    [
        "For every event in {events}, find the last {value} of the same {who} in {readings} at or before its time, but no "
        "more than {minutes} minutes old; else leave it missing. Make it a column {value} in a DataFrame {out} with all "
        "events.",
        "As-of join: {events} with {readings} by {who}, backward, tolerance {minutes} min. Result {out} has all events "
        "plus a column {value} (missing where there is none).",
        "match each row of {events} to the most recent {value} ({readings}) of that {who}, max {minutes} minutes earlier, "
        "else NaN -> DataFrame {out}",
        "Each {who} reports a {value} now and then ({readings}). I need to know which one was valid at the moment of every "
        "event in {events}: the {who}'s latest report up to that moment, unless it is older than {minutes} minutes, in "
        "which case the {value} is unknown. Please build a DataFrame {out} with the events and this column {value}.",
    ],
)
def last_reading_before(rng: Random, say: Say) -> Draft:
    who, value, events, readings = rng.choice(
        (
            ("truck", "temperature", "stops.csv", "telemetry.csv"),
            ("patient", "pulse", "doses.csv", "monitor.csv"),
            ("turbine", "wind", "alarms.csv", "wind.csv"),
        )
    )
    start, minutes = (
        datetime(rng.randint(2020, 2025), rng.randint(1, 12), rng.randint(1, 28), 6),
        rng.choice((10, 15, 20)),
    )
    names = [f"{who[0].upper()}{number}" for number in rng.sample(range(1, 40), 3)]
    seen = [
        {who: name, "time": start + timedelta(minutes=at), value: round(rng.uniform(2, 95), 1)}
        for name in names
        for at in rng.sample(range(1, 240), 9)
    ]
    asked = [{"event": number, who: rng.choice(names), "time": start + timedelta(minutes=rng.randint(2, 260))}
             for number in range(1, 17)]  # fmt: skip
    rng.shuffle(seen)
    rng.shuffle(asked)
    out = rng.choice(("matched", "events_with_value", "result"))
    load = f"""
import pandas as pd

events = pd.read_csv("{events}", parse_dates=["time"])
readings = pd.read_csv("{readings}", parse_dates=["time"])"""
    good = f"""
{load}
{out} = pd.merge_asof(
    events.sort_values("time"), readings.sort_values("time"), on="time", by="{who}", tolerance=pd.Timedelta("{minutes}min")
)
{out}
"""
    other = f"""
{load}


def last_before(event):
    same = readings[(readings["{who}"] == event["{who}"]) & (readings["time"] <= event["time"])]
    same = same[same["time"] >= event["time"] - pd.Timedelta(minutes={minutes})]
    return same.sort_values("time")["{value}"].iloc[-1] if len(same) else float("nan")


{out} = events.copy()
{out}["{value}"] = [last_before(event) for _, event in {out}.iterrows()]
print({out})
"""
    wrong = f"""
{load}
{out} = pd.merge_asof(events, readings, on="time", by="{who}", tolerance=pd.Timedelta("{minutes}min"))
{out}
"""
    exact = f"""
{load}
{out} = events.merge(readings, on=["{who}", "time"], how="left")
{out}
"""
    plan = Plan(
        say(who=who, value=value, events=events, readings=readings, minutes=minutes, out=out),
        [good, other],
        [(wrong, "ValueError"), (exact, "")],
        f'same_table({out}, expected.{out}, ["event", "{value}"])',
        f"{out} has all events with the {value} that was valid then.",
    )
    return Draft([plan], {events: to_csv(asked), readings: to_csv(seen)})


@kind(
    "joins",
    [
        "{old} and {new} are two versions of the same list, by {key}. Which were added, which removed, and which changed "
        "their {value}? Make three sorted lists of the {key}s: added, removed, changed.",
        "Compare {old} with {new} ({key} identifies a row): sorted lists added, removed and changed (different {value}), "
        "please.",
        "diff {old} vs {new} on {key} -> python lists added, removed, changed ({value} differs), each sorted",
        "We got a new delivery of our list, {new}, and I still have {old}. Please tell me what is different: put the {key} "
        "values only in the new one into a list added, those only in the old one into removed, and those in both with "
        "another {value} into changed; all three sorted.",
    ],
)
def two_versions(rng: Random, say: Say) -> Draft:
    old, new, key, value = rng.choice(
        (
            ("prices_old.csv", "prices_new.csv", "sku", "price"),
            ("staff_2023.csv", "staff_2024.csv", "badge", "grade"),
            ("menu_spring.csv", "menu_summer.csv", "dish", "cost"),
        )
    )
    names = [f"{key[0].upper()}{number}" for number in rng.sample(range(100, 999), 18)]
    before: list[Row] = [{key: name, value: rng.randint(2, 40)} for name in names[:14]]
    after = [dict(row) for row in before[rng.randint(2, 4) :]]
    for row in rng.sample(after, 4):
        row[value] += rng.choice((-1, 1, 3))
    after += [{key: name, value: rng.randint(2, 40)} for name in names[14:]]
    rng.shuffle(before)
    rng.shuffle(after)
    load = f'import pandas as pd\n\nold = pd.read_csv("{old}")\nnew = pd.read_csv("{new}")'
    show = "print(added, removed, changed, sep='\\n')"
    good = f"""
{load}
both = old.merge(new, on="{key}", how="outer", suffixes=("_old", "_new"), indicator=True)
added = sorted(both.loc[both["_merge"] == "right_only", "{key}"])
removed = sorted(both.loc[both["_merge"] == "left_only", "{key}"])
kept = both[both["_merge"] == "both"]
changed = sorted(kept.loc[kept["{value}_old"] != kept["{value}_new"], "{key}"])
{show}
"""
    other = f"""
{load}
was = dict(zip(old["{key}"], old["{value}"]))
now = dict(zip(new["{key}"], new["{value}"]))
added = sorted(set(now) - set(was))
removed = sorted(set(was) - set(now))
changed = sorted(name for name in set(was) & set(now) if was[name] != now[name])
{show}
"""
    wrong = good.replace('"right_only"', '"new_only"').replace(", indicator=True", "")
    rowwise = f"""
{load}
changed = sorted(old.loc[old["{value}"] != new["{value}"], "{key}"])
"""
    plan = Plan(
        say(old=old, new=new, key=key, value=value),
        [good, other],
        [(wrong, "KeyError"), (rowwise, "ValueError")],
        "same_values(added, expected.added)\nsame_values(removed, expected.removed)\nsame_values(changed, expected.changed)",
        "Added: {', '.join(added)}. Removed: {', '.join(removed)}. Changed: {', '.join(changed)}.",
    )
    return Draft([plan], {old: to_csv(before), new: to_csv(after)})


@kind(
    "joins",
    [
        "{file} lists people with their boss's id in the column {boss}. For everyone with a boss, is the salary higher than "
        "the boss's? Name those people, and keep their names, sorted, as a list {out}.",
        "Who in {file} earns more than the person in their own {boss} column (an id of the same table)? A sorted list of "
        "names called {out}, and tell me the names.",
        "{file} -> {out} = sorted names of people with salary > salary of their {boss} ({boss} refers to id). list them",
        "Our {file} has one row per person; {boss} holds the id of the person they report to, empty at the top. I would "
        "like to see everybody paid better than whom they report to: as a sorted list {out}, and in your answer.",
    ],
)
def paid_more_than_the_boss(rng: Random, say: Say) -> Draft:
    boss, file = rng.choice((("manager_id", "staff.csv"), ("reports_to", "team.csv"), ("lead", "crew.csv")))
    names = people(rng, rng.randint(10, 15))
    ids = rng.sample(range(100, 999), len(names))
    rows: list[Row] = []
    for number, (one, name) in enumerate(zip(ids, names, strict=True)):
        above = None if number == 0 else ids[rng.randrange(number)]
        rows.append(
            {
                "id": one,
                "name": name,
                boss: above,
                "salary": (90 - 3 * number) * 1000 + rng.randint(-900, 900),
            }
        )
    for row in rng.sample(rows[2:], 3):
        row["salary"] += 60000
    rng.shuffle(rows)
    out = rng.choice(("earn_more", "above_boss", "better_paid"))
    load = f'import pandas as pd\n\npeople = pd.read_csv("{file}")'
    good = f"""
{load}
both = people.merge(people[["id", "salary"]], left_on="{boss}", right_on="id", suffixes=("", "_boss"))
{out} = sorted(both.loc[both["salary"] > both["salary_boss"], "name"])
{out}
"""
    other = f"""
{load}
salaries = people.set_index("id")["salary"]
above = people["{boss}"].map(salaries)
{out} = people.loc[people["salary"] > above, "name"].sort_values().tolist()
print({out})
"""
    wrong = f"""
{load}
both = people.merge(people, left_on="{boss}", right_on="id")
{out} = sorted(both.loc[both["salary"] > both["salary_boss"], "name"])
{out}
"""
    aligned = f"""
{load}
salaries = people.set_index("id")["salary"]
{out} = sorted(people.loc[people["salary"] > salaries[people["{boss}"]], "name"])
"""
    plan = Plan(
        say(file=file, boss=boss, out=out),
        [good, other],
        [(wrong, "KeyError"), (aligned, "KeyError")],
        f"same_values({out}, expected.{out})\nstates(answer, *expected.{out})",
        f"They earn more than their boss: {{', '.join({out})}}.",
    )
    return Draft([plan], {file: to_csv(rows)})


@kind(
    "joins",
    [
        "Use {orders}, {lines} and {articles} to compute the total value (quantity times price) of each customer's orders. "
        "Which customer is first, and with how much? Keep all totals as a Series {out}, by customer.",
        "Total per customer from the three files {orders} (order -> customer), {lines} (order, article, quantity) and "
        "{articles} (article, price): Series {out}. Who spent the most, and how much?",
        "{orders} + {lines} + {articles} -> Series {out}: sum(quantity * price) per customer. top customer + amount?",
        "I keep orders in {orders}, what was ordered in {lines}, and the prices in {articles}. Please work out what each "
        "customer spent altogether (a Series {out} with the customers as index) and tell me the best customer and sum.",
    ],
)
def three_tables(rng: Random, say: Say) -> Draft:
    folder = rng.choice(("", "shop/", "export/"))
    orders, lines, articles = (f"{folder}{name}.csv" for name in ("orders", "lines", "articles"))
    customers = people(rng, 5)
    priced = [
        {"article": f"A{number}", "price": round(rng.uniform(2, 80), 2)}
        for number in rng.sample(range(10, 99), 6)
    ]
    ordered = [
        {"order": number, "customer": rng.choice(customers)} for number in rng.sample(range(1000, 9999), 12)
    ]
    ordered += [{"order": 10000 + number, "customer": name} for number, name in enumerate(customers)]
    bought = [
        {"order": order["order"], "article": item["article"], "quantity": rng.randint(1, 6)}
        for order in ordered
        for item in rng.sample(priced, rng.randint(1, 3))
    ]
    rng.shuffle(bought)
    out = rng.choice(("spent", "totals", "by_customer"))
    load = "import pandas as pd\n\n" + "\n".join(
        f'{name} = pd.read_csv("{path}")'
        for name, path in (("orders", orders), ("lines", lines), ("articles", articles))
    )
    good = f"""
{load}
full = lines.merge(orders, on="order").merge(articles, on="article")
full["value"] = full["quantity"] * full["price"]
{out} = full.groupby("customer")["value"].sum().sort_values(ascending=False)
{out}
"""
    other = f"""
{load}
price = articles.set_index("article")["price"]
customer = orders.set_index("order")["customer"]
value = lines["quantity"] * lines["article"].map(price)
{out} = value.groupby(lines["order"].map(customer)).sum()
print({out}.sort_values(ascending=False))
"""
    wrong = f"""
{load}
full = lines.merge(orders, on="order").merge(articles, on="order")
full
"""
    aligned = f"""
{load}
lines["value"] = lines["quantity"] * articles["price"]
{out} = lines.merge(orders, on="order").groupby("customer")["value"].sum()
{out}
"""
    plan = Plan(
        say(orders=orders, lines=lines, articles=articles, out=out),
        [good, other],
        [(wrong, "KeyError"), (aligned, "")],
        f"same_mapping({out}, expected.{out})\nstates(answer, expected.{out}.idxmax(), float(expected.{out}.max()))",
        f"{{{out}.idxmax()}} spent the most: {{{out}.max():.2f}}.",
    )
    return Draft([plan], {orders: to_csv(ordered), lines: to_csv(bought), articles: to_csv(priced)})
