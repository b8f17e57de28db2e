"""Tables from many fields of work, with names, units and gaps, as files or as DataFrames in the notebook."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Domain:
    """A field of work: what its tables are about, and what their columns are called."""

    name: str
    tables: tuple[str, ...]
    things: str
    key: str
    prefix: str
    group: str
    groups: tuple[str, ...]
    second: str
    seconds: tuple[str, ...]
    measures: tuple[str, ...]
    low: float
    high: float
    digits: int
    count: str
    most: int
    day: str


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(","))


def _domain(
    name: str, tables: str, things: str, keys: str, group: str, second: str, measure: str, rest: str
) -> Domain:
    key, prefix = keys.split()
    names, low, high, digits = measure.split()
    count, most, day = rest.split()
    group, _, groups = group.partition(": ")
    second, _, seconds = second.partition(": ")
    return Domain(
        name, _words(tables), things, key, prefix, group, _words(groups), second, _words(seconds),
        _words(names), float(low), float(high), int(digits), count, int(most), day,
    )  # fmt: skip


DOMAINS = (
    _domain(
        "shops", "sales, receipts, purchases", "sales", "sale_id S",
        "store: Riverside, Old Town, Harbour, Airport, Northgate, Mill Lane, Station Road",
        "product: lamp, kettle, chair, blanket, clock, mirror, basket, vase",
        "revenue,turnover,net_sales 5 400 2", "units 20 sold_on",
    ),
    _domain(
        "clinics", "visits, admissions, stays", "visits", "visit_id V",
        "ward: Cardiology, Surgery, Paediatrics, Neurology, Oncology, Maternity",
        "referral: emergency, family doctor, self, transfer",
        "cost,charge,bill 80 4200 2", "nights 14 admitted_on",
    ),
    _domain(
        "sensors", "readings, measurements, samples", "readings", "reading_id R",
        "site: Bridge, Tunnel, Quarry, Park, Depot, Rooftop, Pier",
        "device: A-100, A-200, B-10, B-20, C-7",
        "pm25,no2,ozone 2 90 1", "alarms 9 measured_on",
    ),
    _domain(
        "sports", "matches, games, fixtures", "matches", "match_id M",
        "team: Falcons, Otters, Wolves, Comets, Rovers, Herons, Badgers",
        "venue: home, away, neutral",
        "distance_km,running_km 85 125 1", "goals 6 played_on",
    ),
    _domain(
        "logistics", "shipments, deliveries, consignments", "shipments", "shipment_id L",
        "depot: Lyon, Gdansk, Porto, Malmo, Trieste, Ghent, Leipzig",
        "carrier: Swift, BlueLine, Cargomax, Polar, Transfer24",
        "weight_kg,gross_kg,load_kg 1 900 1", "parcels 40 shipped_on",
    ),
    _domain(
        "hr", "staff, employees, personnel", "employees", "employee_id E",
        "department: Finance, Legal, Research, Support, Marketing, Operations",
        "office: Dublin, Turin, Basel, Krakow",
        "salary,gross_pay,annual_pay 28000 96000 0", "leave_days 30 hired_on",
    ),
    _domain(
        "schools", "exams, results, tests", "results", "result_id X",
        "subject: Maths, Physics, History, Biology, Latin, Music, Geography",
        "class_name: 8a, 8b, 9a, 9b, 10c",
        "score,points,marks 12 100 0", "absences 12 taken_on",
    ),
    _domain(
        "energy", "meters, usage, consumption", "meter readings", "meter_id K",
        "region: North, South, East, West, Coast, Valley",
        "tariff: basic, night, solar, heat pump",
        "kwh,energy_kwh,load_kwh 3 60 2", "outages 5 read_on",
    ),
    _domain(
        "finance", "trades, deals, bookings", "trades", "trade_id T",
        "desk: Rates, Credit, Equities, Metals, Power, FX",
        "currency: EUR, USD, GBP, CHF, JPY",
        "amount,notional,volume 100 90000 2", "lots 50 booked_on",
    ),
    _domain(
        "weather", "weather, observations, climate", "observations", "obs_id O",
        "station: Hilltop, Lakeside, Airfield, Lighthouse, Vineyard, Forest",
        "sky: clear, cloudy, overcast, fog, rain",
        "rain_mm,wind_kmh,pressure_drop 0 70 1", "lightning 15 observed_on",
    ),
    _domain(
        "web", "requests, hits, pageviews", "requests", "request_id W",
        "page: /home, /search, /cart, /login, /help, /news",
        "browser: Firefox, Chrome, Safari, Edge",
        "latency_ms,response_ms,load_ms 20 2400 0", "retries 5 logged_on",
    ),
    _domain(
        "genetics", "assays, libraries, runs", "assays", "assay_id G",
        "strain: WT-1, KO-3, KO-7, TX-2, TX-9, HZ-4",
        "tissue: liver, brain, kidney, muscle",
        "expression,fold_change,signal 0.2 18 3", "replicates 8 sequenced_on",
    ),
    _domain(
        "farms", "harvests, yields, plots", "harvests", "plot_id F",
        "crop: barley, rye, beet, maize, oats, rapeseed",
        "soil: clay, loam, sand, peat",
        "yield_t,tonnes,mass_t 1 14 2", "visits 10 harvested_on",
    ),
    _domain(
        "libraries", "loans, checkouts, borrowings", "loans", "loan_id B",
        "branch: Central, Eastside, Campus, Seafront, Museum, Mobile",
        "genre: crime, travel, poetry, science, comics",
        "fine,late_fee,fee 0 25 2", "renewals 6 borrowed_on",
    ),
)  # fmt: skip

FIRST = _words(
    "Amara, Bram, Chiara, Dmitri, Elif, Farid, Greta, Hana, Ines, Jonas, Kofi, Lena, Mateo, Nadia, Olaf, "
    "Priya, Quentin, Rosa, Samir, Tove, Umar, Vera, Wanda, Yusuf, Zofia"
)
LAST = _words(
    "Abbas, Berg, Castro, Dubois, Eriksen, Fontaine, Garcia, Haddad, Ivanova, Jansen, Kowalski, Lindqvist, "
    "Moreau, Novak, Okafor, Petrov, Quist, Rossi, Silva, Tanaka, Ueda, Vogel, Weber, Yilmaz, Zeman"
)


def people(rng: Random, count: int) -> list[str]:
    """Return different full names."""
    pairs = [f"{first} {last}" for first in FIRST for last in LAST]
    return rng.sample(pairs, count)


def day_in(rng: Random, year: int, days: int = 365) -> date:
    """Return a day of a year, or of its first days."""
    return date(year, 1, 1) + timedelta(days=rng.randrange(days))


@dataclass(slots=True)
class Table:
    """Rows of a domain, and the names that a task uses for them."""

    domain: Domain
    name: str
    measure: str
    rows: list[Row]
    folder: str = ""
    groups: list[str] = field(default_factory=list)
    seconds: list[str] = field(default_factory=list)

    @property
    def file(self) -> str:
        """The path of its CSV file."""
        return f"{self.folder}{self.name}.csv"

    def csv(self, columns: Sequence[str] | None = None, *, separator: str = ",") -> str:
        """Return the rows as CSV."""
        return to_csv(self.rows, columns, separator=separator)


def to_csv(rows: Sequence[Row], columns: Sequence[str] | None = None, *, separator: str = ",") -> str:
    """Return rows as CSV; what is None is empty."""
    names = list(columns or rows[0])
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([["" if row[name] is None else row[name] for name in names] for row in rows])
    return out.getvalue()


def table(
    rng: Random, rows: tuple[int, int] = (24, 60), *, groups: tuple[int, int] = (3, 5), missing: float = 0.0
) -> Table:
    """Return a table of some domain: key, group, second, measure, count and day, in this order.

    Every group has at least four rows with a measure. Of the other rows, the share ``missing`` has none.
    """
    domain = rng.choice(DOMAINS)
    chosen = rng.sample(domain.groups, rng.randint(*groups))
    seconds = rng.sample(domain.seconds, min(len(domain.seconds), rng.randint(2, 4)))
    measure, year = rng.choice(domain.measures), rng.randint(2018, 2025)
    number, made = rng.randint(100, 4000), []
    centre = {one: rng.uniform(0.3, 0.7) for one in chosen}
    for index in range(max(rng.randint(*rows), 6 * len(chosen))):
        group = chosen[index % len(chosen)] if index < 4 * len(chosen) else rng.choice(chosen)
        share = min(1.0, max(0.0, rng.gauss(centre[group], 0.18)))
        value: float | None = round(domain.low + share * (domain.high - domain.low), domain.digits)
        if index >= 4 * len(chosen) and rng.random() < missing:
            value = None
        number += rng.randint(1, 7)
        made.append(
            {
                domain.key: f"{domain.prefix}{number}",
                domain.group: group,
                domain.second: rng.choice(seconds),
                measure: int(value) if value is not None and not domain.digits else value,
                domain.count: rng.randint(0, domain.most),
                domain.day: day_in(rng, year).isoformat(),
            }
        )
    rng.shuffle(made)
    folder = rng.choice(("", "", "", "data/", "input/"))
    return Table(domain, rng.choice(domain.tables), measure, made, folder, sorted(chosen), sorted(seconds))


@dataclass(frozen=True, slots=True)
class Given:
    """Where a task's table is: in a file that the solution loads, or in a DataFrame of the notebook."""

    files: dict[str, str | bytes]
    cells: tuple[str, ...]
    where: str
    load: str
    name: str


def given(
    rng: Random, rows: Table, *, how: str = "", columns: Sequence[str] | None = None, dates: bool = False
) -> Given:
    """Give a table as a ``file``, or as a DataFrame in the ``notebook``, whichever the generator chooses."""
    parse = f", parse_dates=[{rows.domain.day!r}]" if dates else ""
    source = f'import pandas as pd\n\n{rows.name} = pd.read_csv("{rows.file}"{parse})'
    files: dict[str, str | bytes] = {rows.file: rows.csv(columns)}
    if (how or rng.choice(("file", "notebook"))) == "file":
        return Given(files, (), rows.file, f"{source}\n", rows.name)
    return Given(files, (source,), rng.choice((f"the DataFrame {rows.name}", rows.name)), "", rows.name)


def moments(rng: Random, start: datetime, count: int, seconds: tuple[int, int]) -> list[datetime]:
    """Return growing moments, so many seconds apart."""
    found, now = [], start
    for _ in range(count):
        found.append(now)
        now += timedelta(seconds=rng.randint(*seconds))
    return found
