"""Joining tables and working with dates."""

from __future__ import annotations

from .task import NotebookTask, Work

_ORDERS = (
    "import pandas as pd\n\n"
    "customers = pd.DataFrame({\n"
    '    "id": [1, 2, 3, 4],\n    "name": ["Ada", "Alan", "Grace", "Emmy"],\n    "city": ["London", "Leeds", "York", "York"],\n})\n'
    "orders = pd.DataFrame({\n"
    '    "order": [100, 101, 102, 103, 104],\n    "customer_id": [1, 2, 1, 3, 9],\n    "total": [20.0, 35.5, 12.5, 80.0, 5.0],\n})'
)
_READINGS = (
    "import pandas as pd\n\n"
    'days = pd.date_range("2024-01-01", periods=91, freq="D")\n'
    'usage = pd.DataFrame({"day": days, "kwh": [10 + 2 * (n % 7 == 3) + (n * 5) % 11 for n in range(91)]})'
)
_USAGE = "import pandas as _pd\n_d = _pd.date_range('2024-01-01', periods=91)\n_k = [10 + 2 * (n % 7 == 3) + (n * 5) % 11 for n in range(91)]\n_s = _pd.Series(_k, index=_d)\n"

TASKS = (
    NotebookTask(
        name="join-with-different-keys",
        family="joins",
        cells=(_ORDERS,),
        request=(
            "Join orders with customers into a DataFrame called joined that keeps every order, with the customer's name and "
            "city where the customer is known."
        ),
        check="assert len(joined) == 5\n_n = dict(zip(joined['order'], joined['name']))\n"
        "assert _n[100] == 'Ada' and _n[103] == 'Grace'\nassert _n[104] != _n[104] or _n[104] is None\n"
        "assert dict(zip(joined['order'], joined['city']))[101] == 'Leeds'",
        reference=Work('joined = orders.merge(customers, left_on="customer_id", right_on="id", how="left")'),
        wrong=(
            Work('joined = orders.merge(customers, left_on="customer_id", right_on="id")'),
            Work('joined = orders.merge(customers, left_on="customer_id", right_on="id", how="outer")'),
            Work("joined = pd.concat([orders, customers], axis=1)"),
        ),
    ),
    NotebookTask(
        name="who-never-ordered",
        family="joins",
        cells=(_ORDERS,),
        request="Which customers have no order? Name them.",
        check='assert mentions(ANSWER, "Emmy")\n'
        'assert not any(mentions(ANSWER, other) for other in ("Ada", "Alan", "Grace"))',
        reference=Work(
            'print(customers[~customers["id"].isin(orders["customer_id"])])', "Only Emmy has no order."
        ),
        wrong=(
            Work(answer="Ada, Alan and Grace."),
            Work(answer="Every customer has an order."),
            Work(answer="Grace and Emmy have no order."),
        ),
    ),
    NotebookTask(
        name="total-by-city",
        family="joins",
        cells=(_ORDERS,),
        request="What is the total of all orders by customers from London?",
        check="assert says(ANSWER, 32.5)",
        reference=Work(
            'both = orders.merge(customers, left_on="customer_id", right_on="id")\n'
            'print(both.loc[both["city"] == "London", "total"].sum())',
            "The orders from London come to 32.50.",
        ),
        wrong=(
            Work(answer="The orders from London come to 20.0."),
            Work(answer="The orders from London come to 153.0."),
            Work(answer="The orders from London come to 2."),
        ),
    ),
    NotebookTask(
        name="latest-price-before-each-sale",
        family="joins",
        cells=(
            "import pandas as pd\n\n"
            'prices = pd.DataFrame({"from_day": pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-15"]), "price": [10.0, 12.0, 9.0]})\n'
            'sales = pd.DataFrame({"day": pd.to_datetime(["2024-01-20", "2024-02-01", "2024-03-14", "2024-04-01"]), "pieces": [2, 1, 5, 3]})',
        ),
        request=(
            "Each price in prices holds from its day on until the next one. Add columns price (the one that held on the day "
            "of the sale) and revenue (pieces times price) to sales, and tell me the total revenue."
        ),
        check="assert list(sales.sort_values('day')['price']) == [10.0, 12.0, 12.0, 9.0]\n"
        "assert list(sales.sort_values('day')['revenue']) == [20.0, 12.0, 60.0, 27.0]\nassert says(ANSWER, 119.0)",
        reference=Work(
            'sales = pd.merge_asof(sales, prices, left_on="day", right_on="from_day")\n'
            'sales["revenue"] = sales["pieces"] * sales["price"]\nprint(sales["revenue"].sum())',
            "The total revenue is 119.0.",
        ),
        wrong=(
            Work(
                'sales = sales.merge(prices, left_on="day", right_on="from_day", how="left")\n'
                'sales["revenue"] = sales["pieces"] * sales["price"]',
                "The total revenue is 12.0.",
            ),
            Work(
                'sales["price"] = prices["price"].mean()\nsales["revenue"] = sales["pieces"] * sales["price"]',
                "The total revenue is 113.67.",
            ),
            Work(
                'sales = pd.merge_asof(sales, prices, left_on="day", right_on="from_day", direction="forward")\n'
                'sales["revenue"] = sales["pieces"] * sales["price"]',
                "The total revenue is 81.0.",
            ),
        ),
    ),
    NotebookTask(
        name="monthly-totals",
        family="dates",
        cells=(_READINGS,),
        request="Make a Series or DataFrame called monthly with the total kwh of each month of usage, in order.",
        check=_USAGE + "_e = [float(v) for v in _s.resample('MS').sum()]\n"
        "_v = monthly['kwh'] if hasattr(monthly, 'columns') else monthly\n"
        "assert [float(v) for v in _v] == _e",
        reference=Work('monthly = usage.set_index("day")["kwh"].resample("MS").sum()'),
        wrong=(
            Work('monthly = usage.set_index("day")["kwh"].resample("MS").mean()'),
            Work('monthly = usage.set_index("day")["kwh"].resample("W").sum()'),
            Work('monthly = usage["kwh"].cumsum()'),
        ),
    ),
    NotebookTask(
        name="busiest-weekday",
        family="dates",
        cells=(_READINGS,),
        request="On which day of the week is the mean usage highest, and what is that mean?",
        check=_USAGE + "_w = _s.groupby(_s.index.day_name()).mean()\n"
        "assert mentions(ANSWER, _w.idxmax())\nassert says(ANSWER, _w.max())",
        reference=Work(
            'print(usage.groupby(usage["day"].dt.day_name())["kwh"].mean().sort_values())',
            "The mean is highest on Thursdays: 17.0 kWh.",
        ),
        wrong=(
            Work(answer="The mean is highest on Mondays: 14.4 kWh."),
            Work(answer="It is highest in the middle of the week."),
            Work(answer="The mean is highest on Sundays: 22 kWh."),
        ),
    ),
    NotebookTask(
        name="two-kinds-of-dates",
        family="dates",
        cells=(
            "import pandas as pd\n\n"
            'visits = pd.DataFrame({"when": ["2024-03-05", "06.03.2024", "2024-03-01", "29.02.2024"], "who": ["a", "b", "c", "d"]})',
        ),
        request=(
            "The column when of visits has dates written as YYYY-MM-DD and as DD.MM.YYYY. Turn it into real dates, and sort "
            "visits by it, the earliest first."
        ),
        check="import pandas as pd\nassert pd.api.types.is_datetime64_any_dtype(visits['when'])\n"
        "assert list(visits['who']) == ['d', 'c', 'a', 'b']\n"
        "assert visits['when'].iloc[-1] == pd.Timestamp(2024, 3, 6)",
        reference=Work(
            'iso = pd.to_datetime(visits["when"], format="%Y-%m-%d", errors="coerce")\n'
            'dotted = pd.to_datetime(visits["when"], format="%d.%m.%Y", errors="coerce")\n'
            'visits["when"] = iso.fillna(dotted)\nvisits = visits.sort_values("when")'
        ),
        wrong=(
            Work('visits = visits.sort_values("when")'),
            Work(
                'visits["when"] = pd.to_datetime(visits["when"], errors="coerce")\nvisits = visits.sort_values("when")'
            ),
            Work(
                'visits["when"] = pd.to_datetime(visits["when"], format="mixed")\nvisits = visits.sort_values("when")'
            ),
        ),
    ),
    NotebookTask(
        name="rolling-mean",
        family="dates",
        cells=(_READINGS,),
        request=(
            "Add a column week_mean to usage: for each day the mean of its kwh and that of the six days before. Where there "
            "are not seven days yet it stays missing."
        ),
        check=_USAGE + "_e = list(_s.rolling(7).mean())\n_g = list(usage['week_mean'])\n"
        "assert all(v != v for v in _g[:6])\nassert all(near(a, b) for a, b in zip(_g[6:], _e[6:]))",
        reference=Work('usage["week_mean"] = usage["kwh"].rolling(7).mean()'),
        wrong=(
            Work('usage["week_mean"] = usage["kwh"].rolling(7, min_periods=1).mean()'),
            Work('usage["week_mean"] = usage["kwh"].rolling(7, center=True).mean()'),
            Work('usage["week_mean"] = usage["kwh"].rolling(7).sum()'),
        ),
    ),
)
