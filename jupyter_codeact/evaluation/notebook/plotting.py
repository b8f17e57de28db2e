"""Plotting, judged by the content of the axes."""

from __future__ import annotations

from .task import NotebookTask, Work
from .wrangling import PENGUINS

_PLT = "import matplotlib.pyplot as plt\n\n"
_SALES = 'import pandas as pd\n\nsales = pd.DataFrame({"shop": ["north", "south", "west", "east"], "total": [40, 75, 20, 55]})'
_WEEKS = (
    "import pandas as pd\n\n"
    'weeks = pd.DataFrame({"week": [1, 2, 3, 4] * 2, "shop": ["north"] * 4 + ["south"] * 4, "sold": [3, 5, 4, 8, 6, 2, 7, 9]})'
)

TASKS = (
    NotebookTask(
        name="labelled-scatter",
        family="plotting",
        cells=(PENGUINS,),
        request=(
            "Draw a scatter plot of body_mass_g (vertical) against flipper_length_mm (horizontal) with a label on each axis "
            "and a title."
        ),
        check="_a = [a for a in drawn() if scattered(a) >= 300]\nassert _a\n_a = _a[-1]\n"
        "assert _a.get_xlabel() and _a.get_ylabel() and _a.get_title()\n"
        "assert _a.get_xlim()[1] < 1000 < _a.get_ylim()[1]",
        reference=Work(
            _PLT + 'plt.scatter(penguins["flipper_length_mm"], penguins["body_mass_g"])\n'
            'plt.xlabel("flipper length [mm]")\nplt.ylabel("body mass [g]")\nplt.title("Penguins")\nplt.show()'
        ),
        wrong=(
            Work(
                _PLT
                + 'plt.scatter(penguins["flipper_length_mm"], penguins["body_mass_g"])\nplt.title("Penguins")\nplt.show()'
            ),
            Work(
                _PLT + 'plt.scatter(penguins["body_mass_g"], penguins["flipper_length_mm"])\n'
                'plt.xlabel("body mass [g]")\nplt.ylabel("flipper length [mm]")\nplt.title("Penguins")\nplt.show()'
            ),
            Work(
                _PLT + 'plt.hist(penguins["body_mass_g"].dropna())\n'
                'plt.xlabel("body mass")\nplt.ylabel("count")\nplt.title("Penguins")\nplt.show()'
            ),
        ),
    ),
    NotebookTask(
        name="sorted-bars",
        family="plotting",
        cells=(_SALES,),
        request="Draw a bar chart of the total of each shop in sales, the highest bar first.",
        check="_a = [a for a in drawn() if len(bars(a)) == 4]\nassert _a\nassert bars(_a[-1]) == [75.0, 55.0, 40.0, 20.0] "
        "or bars(_a[-1]) == [20.0, 40.0, 55.0, 75.0] and _a[-1].patches[0].get_x() == 0",
        reference=Work(
            _PLT
            + 'ordered = sales.sort_values("total", ascending=False)\nplt.bar(ordered["shop"], ordered["total"])\nplt.show()'
        ),
        wrong=(
            Work(_PLT + 'plt.bar(sales["shop"], sales["total"])\nplt.show()'),
            Work(
                _PLT
                + 'ordered = sales.sort_values("total")\nplt.bar(ordered["shop"], ordered["total"])\nplt.show()'
            ),
            Work(
                _PLT
                + 'ordered = sales.sort_values("total", ascending=False)\nplt.plot(ordered["shop"], ordered["total"])\nplt.show()'
            ),
        ),
    ),
    NotebookTask(
        name="histogram-with-bins",
        family="plotting",
        cells=(PENGUINS,),
        request="Draw a histogram of bill_length_mm with exactly 20 bins.",
        check="_a = [a for a in drawn() if len(bars(a)) == 20]\nassert _a\nassert sum(bars(_a[-1])) == 342",
        reference=Work(_PLT + 'plt.hist(penguins["bill_length_mm"].dropna(), bins=20)\nplt.show()'),
        wrong=(
            Work(_PLT + 'plt.hist(penguins["bill_length_mm"].dropna())\nplt.show()'),
            Work(_PLT + 'plt.hist(penguins["bill_depth_mm"].fillna(0), bins=20)\nplt.show()'),
            Work(_PLT + 'plt.hist(penguins["bill_length_mm"].fillna(0), bins=20)\nplt.show()'),
        ),
    ),
    NotebookTask(
        name="a-line-for-each",
        family="plotting",
        cells=(_WEEKS,),
        request="Draw what each shop in weeks sold over the weeks: one line for each shop, and a legend with their names.",
        check="_a = [a for a in drawn() if len(a.lines) >= 2]\nassert _a\n_a = _a[-1]\n"
        "_ys = sorted(list(map(float, l.get_ydata())) for l in _a.lines)\n"
        "assert [3.0, 5.0, 4.0, 8.0] in _ys and [6.0, 2.0, 7.0, 9.0] in _ys\n"
        "_names = {t.get_text() for t in _a.get_legend().get_texts()} if _a.get_legend() else set()\n"
        "assert any('north' in n for n in _names) and any('south' in n for n in _names)",
        reference=Work(
            _PLT
            + 'for shop, rows in weeks.groupby("shop"):\n    plt.plot(rows["week"], rows["sold"], label=shop)\n'
            "plt.legend()\nplt.show()"
        ),
        wrong=(
            Work(_PLT + 'plt.plot(weeks["week"], weeks["sold"], label="north")\nplt.legend()\nplt.show()'),
            Work(
                _PLT
                + 'for shop, rows in weeks.groupby("shop"):\n    plt.plot(rows["week"], rows["sold"])\nplt.show()'
            ),
            Work(
                _PLT
                + 'for shop, rows in weeks.groupby("shop"):\n    plt.scatter(rows["week"], rows["sold"], label=shop)\n'
                "plt.legend()\nplt.show()"
            ),
        ),
    ),
    NotebookTask(
        name="two-panels",
        family="plotting",
        cells=(PENGUINS,),
        request=(
            "Make one figure with two panels side by side: on the left a histogram of body_mass_g, on the right a box plot of "
            "body_mass_g with one box for each species."
        ),
        check="_f = {id(a.figure): a.figure for a in drawn()}.values()\n"
        "_f = [f for f in _f if len([a for a in f.axes if a.has_data()]) == 2]\nassert _f\n"
        "_l, _r = sorted(_f[-1].axes, key=lambda a: a.get_position().x0)[:2]\n"
        "assert _l.get_position().x1 <= _r.get_position().x0 + 0.01\nassert len(bars(_l)) >= 5 and sum(bars(_l)) in (342, 333)\n"
        "assert len(_r.get_xticks()) >= 3 and (len(_r.lines) >= 15 or len(_r.patches) >= 3)",
        reference=Work(
            _PLT + "figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4))\n"
            'left.hist(penguins["body_mass_g"].dropna())\n'
            'groups = [rows["body_mass_g"].dropna() for _, rows in penguins.groupby("species")]\n'
            "right.boxplot(groups)\nplt.show()"
        ),
        wrong=(
            Work(
                _PLT
                + 'plt.hist(penguins["body_mass_g"].dropna())\nplt.show()\nplt.boxplot(penguins["body_mass_g"].dropna())\nplt.show()'
            ),
            Work(
                _PLT + "figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4))\n"
                'left.hist(penguins["body_mass_g"].dropna())\nright.boxplot(penguins["body_mass_g"].dropna())\nplt.show()'
            ),
            Work(
                _PLT + "figure, (top, bottom) = plt.subplots(2, 1, figsize=(5, 8))\n"
                'top.hist(penguins["body_mass_g"].dropna())\n'
                'groups = [rows["body_mass_g"].dropna() for _, rows in penguins.groupby("species")]\n'
                "bottom.boxplot(groups)\nplt.show()"
            ),
        ),
    ),
)
