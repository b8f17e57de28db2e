"""Functions of the notebook, used as tools."""

from __future__ import annotations

from random import Random

from ..data import Row, people
from ..kinds import Draft, Plan, Say, kind


@kind(
    "functions",
    [
        "Use {search} and {details} from above: of all {things} with the {tag} '{wanted}', which is the cheapest that is "
        "available, and what does it cost?",
        "With the two functions in the notebook, find the lowest-priced available one among the {things} for {tag} "
        "'{wanted}'. Name and price, please.",
        "cheapest available of {search}('{wanted}')? use {details} for price + availability. name, price",
        "I am looking for something with the {tag} '{wanted}'. The functions {search} and {details} can tell you what there "
        "is. Which of these {things} can I have (available) for the least money, and for how much?",
    ],
)
def search_then_details(rng: Random, say: Say) -> Draft:
    things, tag, tags, search, details = rng.choice(
        (
            ("flats", "district", ("Harbour", "Old Town", "Hill"), "find_flats", "flat_details"),
            ("bikes", "type", ("city", "gravel", "cargo"), "search_bikes", "get_bike"),
            ("courses", "topic", ("pottery", "Spanish", "welding"), "list_courses", "course_info"),
        )
    )
    rows: dict[str, Row] = {
        f"{things[0].upper()}{number}": {
            "name": name.split()[1] + f" {number}", tag: tags[place % 3], "price": price, "available": rng.random() < 0.6
        }
        for place, (number, name, price) in enumerate(
            zip(rng.sample(range(10, 99), 15), people(rng, 15), rng.sample(range(50, 900), 15), strict=True)
        )
    }  # fmt: skip
    wanted = rng.choice(tags)
    fitting = sorted((row for row in rows.values() if row[tag] == wanted), key=lambda row: row["price"])
    fitting[0]["available"], fitting[1]["available"] = False, True
    cell = f"""
_DATA = {rows!r}


def {search}({tag}: str) -> list[str]:
    \"\"\"Return the ids of all {things} with this {tag}.\"\"\"
    return [key for key, row in _DATA.items() if row["{tag}"] == {tag}]


def {details}(id: str) -> dict:
    \"\"\"Return name, price and available (True or False) of one of the {things}.\"\"\"
    return {{key: value for key, value in _DATA[id].items() if key != "{tag}"}}
"""
    good = f"""
found = [{details}(one) for one in {search}("{wanted}")]
best = min((row for row in found if row["available"]), key=lambda row: row["price"])
best
"""
    other = f"""
best = None
for one in {search}("{wanted}"):
    row = {details}(one)
    if row["available"] and (best is None or row["price"] < best["price"]):
        best = row
print(best)
"""
    wrong = good.replace(
        f'{details}(one) for one in {search}("{wanted}")', f'one for one in {search}("{wanted}")'
    )
    key = good.replace('row["price"]', 'row["cost"]')
    plan = Plan(
        say(search=search, details=details, things=things, tag=tag, wanted=wanted),
        [good, other],
        [(wrong, "TypeError"), (key, "KeyError")],
        "states(answer, expected.best['name'], expected.best['price'])",
        "{best['name']} is the cheapest that is available: {best['price']}.",
    )
    return Draft([plan], {}, (cell,))


@kind(
    "functions",
    [
        "{fetch} returns a page of {things} and the token of the next page. Get all of them into a list {out}; it fails with "
        "ConnectionError now and then, and works when called again. How many {things} are there, and what do their {number} "
        "add up to?",
        "Collect everything from {fetch} (cursor-based; transient ConnectionErrors, so retry) into a list {out}. Count and sum "
        "of {number}?",
        "loop {fetch} until token is None, retry on ConnectionError -> list {out}. len? sum of {number}?",
        "The function {fetch} above talks to an unreliable service, some calls raise ConnectionError and succeed the next time. "
        "Please page through it to the end, gather all {things} in a list {out}, and tell me their number and the sum of "
        "their {number}.",
    ],
)
def unreliable_pages(rng: Random, say: Say) -> Draft:
    things, number, fetch = rng.choice(
        (
            ("orders", "amount", "fetch_orders"),
            ("alarms", "minutes", "get_alarms"),
            ("members", "points", "load_members"),
        )
    )
    size, count, every = rng.randint(4, 7), rng.randint(22, 40), rng.choice((2, 3))
    values = [rng.randint(1, 90) for _ in range(count)]
    tokens = [f"{rng.randrange(16**6):06x}" for _ in range(count // size + 2)]
    out = rng.choice(("everything", "collected", f"all_{things}"))
    cell = f"""
_VALUES = {values}
_TOKENS = {tokens}
_calls = 0


def {fetch}(token=None):
    \"\"\"Return (list of {things}, token of the next page or None); each of the {things} is a dict with id and {number}.\"\"\"
    global _calls
    _calls += 1
    if _calls % {every} == 0:
        raise ConnectionError("the service is busy, try again")
    start = 0 if token is None else {size} * (_TOKENS.index(token) + 1)
    rows = [{{"id": i + 1, "{number}": v}} for i, v in enumerate(_VALUES)][start : start + {size}]
    return rows, _TOKENS[start // {size}] if start + {size} < len(_VALUES) else None
"""
    total = f'sum(one["{number}"] for one in {out})'
    good = f"""
{out}, token = [], None
while True:
    try:
        rows, following = {fetch}(token)
    except ConnectionError:
        continue
    {out} += rows
    token = following
    if token is None:
        break
print(len({out}), {total})
"""
    other = f"""
def call(token, tries=5):
    for _ in range(tries):
        try:
            return {fetch}(token)
        except ConnectionError as error:
            last = error
    raise last


rows, token = call(None)
{out} = list(rows)
while token:
    rows, token = call(token)
    {out}.extend(rows)
len({out}), {total}
"""
    wrong = f"""
{out}, token = {fetch}()
while token is not None:
    rows, token = {fetch}(token)
    {out} += rows
print(len({out}), {total})
"""
    pages = f"""
{out} = []
for page in range(1, 20):
    {out} += {fetch}(page)
"""
    plan = Plan(
        say(fetch=fetch, things=things, number=number, out=out),
        [good, other],
        [(wrong, "ConnectionError"), (pages, "ValueError")],
        f"same_values(sorted(r['id'] for r in {out}), list(range(1, {count + 1})))\nstates(answer, {count}, {sum(values)})",
        f"There are {{len({out})}} {things}; their {number} add up to {{{total}}}.".replace(
            '["', "['"
        ).replace('"]', "']"),
    )
    return Draft([plan], {}, (cell,))


@kind(
    "functions",
    [
        "Book each person in {waiting} the earliest free {slot} that suits them, in the order of the list, with the functions "
        "above. Who remains without one?",
        "Using free_{slot}s, suits and book: go through {waiting} in order and book everybody the first free {slot} that suits "
        "them. Name those who get none.",
        "for person in {waiting}: book earliest free {slot} with suits(person, {slot}). who's left without?",
        "Please assign the {slot}s: take the people in {waiting} one after the other, and book for each the earliest of the "
        "{slot}s that are still free and suit that person. In the end tell me who could not be served.",
    ],
)
def book_in_order(rng: Random, say: Say) -> Draft:
    slot, waiting = rng.choice((("slot", "waiting_list"), ("session", "patients"), ("appointment", "queue")))
    names = [name.split()[0] for name in people(rng, 40)]
    names = list(dict.fromkeys(names))[: rng.randint(6, 8)]
    hours = sorted(rng.sample(range(8, 18), len(names) - 1))
    wishes = {name: sorted(rng.sample(range(8, 18), 4)) for name in names}
    wishes[names[-1]] = [hour for hour in range(8, 18) if hour not in hours][:2]
    cell = f"""
_free = {hours}
_wishes = {wishes!r}
{waiting} = {names!r}
bookings = {{}}


def free_{slot}s() -> list[int]:
    \"\"\"Return the hours that are free, in no particular order.\"\"\"
    return _free[::-1]


def suits(person: str, {slot}: int) -> bool:
    \"\"\"Tell whether an hour suits a person.\"\"\"
    return {slot} in _wishes[person]


def book(person: str, {slot}: int) -> None:
    \"\"\"Book a free hour; raises ValueError if it is taken.\"\"\"
    if {slot} not in _free:
        raise ValueError(f"{{{slot}}} is taken")
    _free.remove({slot})
    bookings[person] = {slot}
"""
    good = f"""
left = []
for person in {waiting}:
    fitting = [one for one in sorted(free_{slot}s()) if suits(person, one)]
    if fitting:
        book(person, fitting[0])
    else:
        left.append(person)
print(bookings, left)
"""
    other = f"""
for person in {waiting}:
    earliest = min((one for one in free_{slot}s() if suits(person, one)), default=None)
    if earliest is not None:
        book(person, earliest)
left = [person for person in {waiting} if person not in bookings]
bookings, left
"""
    wrong = f"""
left = []
for person in {waiting}[::-1]:
    fitting = [one for one in sorted(free_{slot}s()) if suits(one, person)]
    book(person, fitting[0])
"""
    stale = f"""
{slot}s = sorted(free_{slot}s())
left = [person for person in {waiting} if not any(suits(person, one) for one in free_{slot}(person))]
"""
    plan = Plan(
        say(slot=slot, waiting=waiting),
        [good, other],
        [(wrong, "KeyError"), (stale, "NameError")],
        "assert bookings == expected.bookings, f'The bookings are {bookings}, and should be {expected.bookings}.'\n"
        "states(answer, *expected.left)",
        "Without one remain: {', '.join(left)}.",
    )
    return Draft([plan], {}, (cell,))


@kind(
    "functions",
    [
        "Sum up the {size} of everything under '{root}', all levels below it included, with children and {size}_of. Which "
        "single node below it is the largest?",
        "Total {size} of the whole tree below '{root}' (any depth), using children() and {size}_of(); and the node with the "
        "greatest own {size}?",
        "recursive total of {size}_of over all descendants of '{root}' (children()); name the max node too",
        "The functions children and {size}_of describe a tree that begins at '{root}'. Please add up the {size} of all nodes "
        "underneath, however deep, and name the one with the largest {size} of its own.",
    ],
)
def walk_a_tree(rng: Random, say: Say) -> Draft:
    root, size = rng.choice((("warehouse", "weight"), ("faculty", "budget"), ("park", "area")))
    names = rng.sample(
        [
            "oak",
            "elm",
            "fir",
            "ash",
            "bay",
            "yew",
            "box",
            "fig",
            "nut",
            "pea",
            "rye",
            "hop",
            "dill",
            "mint",
            "sage",
            "leek",
        ],
        rng.randint(10, 14),
    )
    tree: dict[str, list[str]] = {root: []}
    for name in names:
        tree[rng.choice(list(tree)[-5:])].append(name)
        tree[name] = []
    sizes = dict(zip([root, *names], rng.sample(range(10, 400), len(names) + 1), strict=True))
    cell = f"""
_TREE = {tree!r}
_SIZES = {sizes!r}


def children(node: str) -> list[str]:
    \"\"\"Return the names of the nodes directly below a node.\"\"\"
    return list(_TREE[node])


def {size}_of(node: str) -> int:
    \"\"\"Return the {size} of a node itself, without the nodes below it.\"\"\"
    return _SIZES[node]
"""
    good = f"""
def below(node):
    for child in children(node):
        yield child
        yield from below(child)


nodes = list(below("{root}"))
total = sum(map({size}_of, nodes))
largest = max(nodes, key={size}_of)
print(total, largest)
"""
    other = f"""
nodes, waiting = [], children("{root}")
while waiting:
    node = waiting.pop()
    nodes.append(node)
    waiting += children(node)
total = sum({size}_of(node) for node in nodes)
largest = max(nodes, key=lambda node: {size}_of(node))
total, largest
"""
    wrong = good.replace("list(below", "list(descendants")
    loop = f"""
nodes = ["{root}"]
for node in children("{root}"):
    nodes += children({size}_of(node))
sum({size}_of(node) for node in nodes)
"""
    plan = Plan(
        say(root=root, size=size),
        [good, other],
        [(wrong, "NameError"), (loop, "KeyError")],
        "states(answer, expected.total, expected.largest)",
        f"The {size} adds up to {{total}}; {{largest}} is the largest.",
    )
    return Draft([plan], {}, (cell,))
