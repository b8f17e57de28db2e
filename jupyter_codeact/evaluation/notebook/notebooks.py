"""Tasks about the notebook itself: fixing it, continuing it, and leaving it alone."""

from __future__ import annotations

from .task import NotebookTask, Work
from .wrangling import PENGUINS

_SHOP = (
    'STOCK = {"apple": (3, 0.5), "pear": (0, 0.7), "plum": (12, 0.2), "fig": (5, 1.1)}\n\n\n'
    'def names() -> list[str]:\n    """Return the names of all fruits."""\n    return list(STOCK)\n\n\n'
    'def in_stock(name: str) -> int:\n    """Return how many pieces of a fruit there are."""\n    return STOCK[name][0]\n\n\n'
    'def price(name: str) -> float:\n    """Return the price of one piece; raises LookupError for a fruit that is sold out."""\n'
    '    if not STOCK[name][0]:\n        raise LookupError(f"{name} is sold out")\n    return STOCK[name][1]'
)
_PAGES = (
    "_ROWS = [(n, (n * 37) % 101) for n in range(1, 58)]\n\n\n"
    "def page(number: int) -> list[tuple[int, int]]:\n"
    '    """Return page `number` (from 1 on) of the rows (id, score), at most 10 of them; an empty list after the last page."""\n'
    "    return _ROWS[(number - 1) * 10 : number * 10]"
)
_TEMPERATURES = 'import pandas as pd\n\ntemperatures = pd.DataFrame({"city": ["Oslo", "Rome", "Cairo"], "celsius": ["4", "15", "n/a"]})'

TASKS = (
    NotebookTask(
        name="wrong-column-name",
        family="debugging",
        cells=(PENGUINS, 'means = penguins.groupby("Species")["body_mass"].mean()'),
        request="The last cell fails. Mend it, so that means has the mean body mass of each species.",
        check="assert near(dict(means)['Gentoo'], 5076.0163, 1e-4) and near(dict(means)['Adelie'], 3700.6623, 1e-4)",
        reference=Work('means = penguins.groupby("species")["body_mass_g"].mean()'),
        wrong=(
            Work('means = penguins.groupby("species")["body_mass_g"].median()'),
            Work('means = penguins["body_mass_g"].mean()'),
            Work(answer="The column is called species, not Species."),
        ),
    ),
    NotebookTask(
        name="numbers-that-are-text",
        family="debugging",
        cells=(_TEMPERATURES, 'warmest = temperatures["celsius"].mean()'),
        request="The last cell fails. Find out why and mend it: warmest should be the mean of the temperatures that are known.",
        check="assert near(warmest, 9.5)",
        reference=Work('warmest = pd.to_numeric(temperatures["celsius"], errors="coerce").mean()'),
        wrong=(
            Work('warmest = pd.to_numeric(temperatures["celsius"], errors="coerce").fillna(0).mean()'),
            Work('warmest = pd.to_numeric(temperatures["celsius"], errors="coerce").max()'),
            Work(answer="The column has text in it."),
        ),
    ),
    NotebookTask(
        name="off-by-one",
        family="debugging",
        cells=(
            "def moving_sum(values, width):\n"
            '    """Return the sum of each `width` neighbouring values."""\n'
            "    return [sum(values[i : i + width]) for i in range(len(values) - width)]",
            "moving_sum([1, 2, 3, 4], 2)",
        ),
        request=(
            "moving_sum should return [3, 5, 7] for [1, 2, 3, 4] and a width of 2, and it does not. Mend the function."
        ),
        check="assert moving_sum([1, 2, 3, 4], 2) == [3, 5, 7]\nassert moving_sum([5], 1) == [5]\n"
        "assert moving_sum([1, 2, 3], 3) == [6]\nassert moving_sum([1, 2], 3) == []",
        reference=Work(
            "def moving_sum(values, width):\n"
            "    return [sum(values[i : i + width]) for i in range(len(values) - width + 1)]"
        ),
        wrong=(
            Work("def moving_sum(values, width):\n    return [3, 5, 7]"),
            Work(
                "def moving_sum(values, width):\n    return [sum(values[i : i + width]) for i in range(len(values))]"
            ),
            Work(
                "def moving_sum(values, width):\n    return [values[i] + values[i + 1] for i in range(len(values) - 1)]"
            ),
        ),
    ),
    NotebookTask(
        name="rows-that-multiply",
        family="debugging",
        cells=(
            "import pandas as pd\n\n"
            'orders = pd.DataFrame({"product": ["a", "b", "a"], "pieces": [1, 2, 3]})\n'
            'prices = pd.DataFrame({"product": ["a", "b", "a"], "price": [2.0, 5.0, 2.0]})\n'
            'both = orders.merge(prices, on="product")\nturnover = (both["pieces"] * both["price"]).sum()\nturnover',
        ),
        request="turnover is too high. Find out why, and set turnover to the right value.",
        check="assert near(turnover, 18.0)",
        reference=Work(
            'both = orders.merge(prices.drop_duplicates("product"), on="product")\n'
            'turnover = (both["pieces"] * both["price"]).sum()'
        ),
        wrong=(
            Work(
                'both = orders.merge(prices, on="product", how="left")\nturnover = (both["pieces"] * both["price"]).sum()'
            ),
            Work(
                'both = orders.merge(prices, on="product").drop_duplicates("product")\n'
                'turnover = (both["pieces"] * both["price"]).sum()'
            ),
            Work(answer="Product a is twice in prices, so its orders are counted twice."),
        ),
    ),
    NotebookTask(
        name="functions-in-a-loop",
        family="functions",
        cells=(_SHOP,),
        request="Use the functions above: which fruit that is in stock is the cheapest, and what does it cost?",
        check='assert mentions(ANSWER, "plum")\nassert says(ANSWER, 0.2)',
        reference=Work(
            "print(min((price(name), name) for name in names() if in_stock(name)))",
            "Plums are the cheapest, at 0.20.",
        ),
        wrong=(
            Work(answer="Pears are the cheapest."),
            Work(answer="Apples are the cheapest, at 0.50."),
            Work(answer="Plums are the cheapest."),
        ),
    ),
    NotebookTask(
        name="all-pages",
        family="functions",
        cells=(_PAGES,),
        request="Get all rows with the function page, and tell me how many there are and what their scores add up to.",
        check="_t = sum((n * 37) % 101 for n in range(1, 58))\nassert 57 in numbers(ANSWER) and _t in numbers(ANSWER)",
        reference=Work(
            "rows, number = [], 1\nwhile batch := page(number):\n    rows += batch\n    number += 1\n"
            "print(len(rows), sum(score for _, score in rows))",
            f"There are 57 rows; their scores add up to {sum((n * 37) % 101 for n in range(1, 58))}.",
        ),
        wrong=(
            Work(
                answer=f"There are 10 rows; their scores add up to {sum((n * 37) % 101 for n in range(1, 11))}."
            ),
            Work(
                answer=f"There are 50 rows; their scores add up to {sum((n * 37) % 101 for n in range(1, 51))}."
            ),
            Work(answer="There are 57 rows."),
        ),
    ),
    NotebookTask(
        name="find-where-it-crosses",
        family="functions",
        cells=(
            "def measure(volts: float) -> float:\n"
            '    """Return the current in mA that the device draws at a voltage between 0 and 10; it grows with it."""\n'
            "    return 0.3 * volts**2 + 0.7 * volts",
        ),
        request=(
            "Use measure to find the voltage at which the device draws 20 mA, to within 0.01 V. Keep it as volts_at_20."
        ),
        check="assert abs(float(volts_at_20) - 7.081) < 0.011",
        reference=Work(
            "low, high = 0.0, 10.0\nwhile high - low > 0.001:\n    middle = (low + high) / 2\n"
            "    low, high = (middle, high) if measure(middle) < 20 else (low, middle)\nvolts_at_20 = (low + high) / 2"
        ),
        wrong=(
            Work("volts_at_20 = min(range(11), key=lambda volts: abs(measure(volts) - 20))"),
            Work("volts_at_20 = measure(20)"),
            Work("volts_at_20 = 20 / measure(1)"),
        ),
    ),
    NotebookTask(
        name="goes-on-from-a-model",
        family="follow-up",
        cells=(
            "from sklearn.datasets import load_iris\nfrom sklearn.linear_model import LogisticRegression\n"
            "from sklearn.model_selection import train_test_split\n\n"
            "iris = load_iris()\n"
            "X_train, X_test, y_train, y_test = train_test_split(iris.data, iris.target, random_state=1)\n"
            "model = LogisticRegression(max_iter=1000).fit(X_train, y_train)",
        ),
        request="How many flowers of the test set does the model get wrong? Do not train it again.",
        check="_n = int((model.predict(X_test) != y_test).sum())\n"
        "assert _n in numbers(ANSWER) or (_n == 1 and mentions(ANSWER, 'one')) or (_n == 0 and mentions(ANSWER, 'none'))",
        reference=Work(
            "print((model.predict(X_test) != y_test).sum())", "It gets 1 of the 38 flowers wrong."
        ),
        wrong=(
            Work(answer="It gets 3 flowers wrong."),
            Work(answer="Its accuracy is 97.4 %."),
            Work(answer="It gets most of them right."),
        ),
    ),
    NotebookTask(
        name="uses-the-users-function",
        family="follow-up",
        cells=(
            "def grade(points):\n"
            '    """Return a letter for a number of points."""\n'
            '    return "A" if points >= 88 else "B" if points >= 71 else "C" if points >= 50 else "F"',
            "import pandas as pd\n\n"
            'exam = pd.DataFrame({"who": ["Ada", "Alan", "Emmy", "Grace", "Kurt"], "points": [91, 87, 70, 50, 49]})',
        ),
        request="Add a column grade to exam with my function, and tell me how many passed (F is a fail).",
        check="assert list(exam['grade']) == ['A', 'B', 'C', 'C', 'F']\n"
        "assert callable(grade)\nassert 4 in numbers(ANSWER) or mentions(ANSWER, 'four')",
        reference=Work('exam["grade"] = exam["points"].map(grade)', "4 of the 5 passed."),
        wrong=(
            Work(
                'exam["grade"] = pd.cut(exam["points"], [0, 60, 70, 80, 90, 101], labels=list("FDCBA"), right=False)',
                "4 passed.",
            ),
            Work('exam["grade"] = exam["points"].map(grade)', "5 passed."),
            Work('grade = exam["points"].map(grade)\nexam["grade"] = grade', "4 passed."),
        ),
    ),
    NotebookTask(
        name="the-same-for-another",
        family="follow-up",
        cells=(
            PENGUINS,
            'adelie = penguins[penguins["species"] == "Adelie"].groupby("island")["flipper_length_mm"].agg(["mean", "max"])\nadelie',
        ),
        request="Do the same for Chinstrap penguins, as chinstrap.",
        check="assert list(chinstrap.index) == ['Dream'] and list(chinstrap.columns) == ['mean', 'max']\n"
        "assert near(chinstrap.loc['Dream', 'mean'], 195.8235, 1e-4) and chinstrap.loc['Dream', 'max'] == 212",
        reference=Work(
            'chinstrap = penguins[penguins["species"] == "Chinstrap"].groupby("island")["flipper_length_mm"].agg(["mean", "max"])'
        ),
        wrong=(
            Work(
                'chinstrap = penguins[penguins["species"] == "Chinstrap"]["flipper_length_mm"].agg(["mean", "max"])'
            ),
            Work(
                'chinstrap = penguins[penguins["species"] == "Chinstrap"].groupby("island")["flipper_length_mm"].agg(["mean", "min"])'
            ),
            Work(
                'chinstrap = penguins[penguins["species"] == "Gentoo"].groupby("island")["flipper_length_mm"].agg(["mean", "max"])'
            ),
        ),
    ),
    NotebookTask(
        name="leaves-the-table-alone",
        family="care",
        cells=(PENGUINS,),
        request=(
            "Make a DataFrame called complete with the rows of penguins that have no missing values. penguins itself is to "
            "stay as it is."
        ),
        check="assert len(penguins) == 344 and penguins.isna().any().any()\nassert len(complete) == 333\n"
        "assert not complete.isna().any().any()",
        reference=Work("complete = penguins.dropna()"),
        wrong=(
            Work("penguins.dropna(inplace=True)\ncomplete = penguins"),
            Work("complete = penguins.fillna(0)"),
            Work('complete = penguins.dropna(subset=["body_mass_g"])'),
        ),
    ),
    NotebookTask(
        name="leaves-names-alone",
        family="care",
        cells=("i = 41\ndata = [5, 3, 8, 1]\ndf = 'mine'",),
        request=(
            "Without changing i, data or df: make a list called ranked with the values of data, the greatest first, and tell "
            "me their sum."
        ),
        check="assert (i, data, df) == (41, [5, 3, 8, 1], 'mine')\nassert list(ranked) == [8, 5, 3, 1]\n"
        "assert 17 in numbers(ANSWER)",
        reference=Work("ranked = sorted(data, reverse=True)\nprint(sum(ranked))", "The sum is 17."),
        wrong=(
            Work("data.sort(reverse=True)\nranked = data", "The sum is 17."),
            Work("ranked = sorted(data)", "The sum is 17."),
            Work("ranked = []\nfor i in sorted(data, reverse=True):\n    ranked.append(i)", "The sum is 17."),
        ),
    ),
    NotebookTask(
        name="says-what-is-not-there",
        family="care",
        cells=(PENGUINS,),
        request="What is the mean wing_span of the penguins? If there is no such column, say so, and name the columns there are.",
        check='assert any(mentions(ANSWER, w) for w in ("no ", "not ", "n\'t"))\n'
        'assert mentions(ANSWER, "flipper_length_mm", "body_mass_g", "bill_length_mm")',
        reference=Work(
            "print(list(penguins.columns))",
            "There is no column wing_span. The columns are species, island, bill_length_mm, bill_depth_mm, "
            "flipper_length_mm, body_mass_g, sex and year.",
        ),
        wrong=(
            Work(answer="The mean wing_span is 200.9 mm."),
            Work(answer="There is no such column."),
            Work(answer="The mean flipper_length_mm is 200.9."),
        ),
    ),
)
