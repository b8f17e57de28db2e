"""Plots, judged by what is in the axes."""

from __future__ import annotations

from random import Random

from ..data import given, table
from ..kinds import Draft, Plan, Say, kind

_PLT = "import matplotlib.pyplot as plt\n"


@kind(
    "plots",
    [
        "Plot the number of {things} in each {group} of {where} as horizontal bars, the longest at the top. Label the "
        "horizontal axis '{label}'.",
        "Horizontal bar chart: rows per {group} ({where}), biggest on top, x label '{label}'.",
        "barh of row counts by {group} from {where}; largest bar uppermost; xlabel = {label}",
        "Please draw lying bars that show how many {things} every {group} in {where} has. The {group} with most of them "
        "should be at the top, and below the axis it should read '{label}'.",
    ],
)
def lying_bars(rng: Random, say: Say) -> Draft:
    rows = table(rng, (30, 60))
    d = rows.domain
    for position, group in enumerate(rows.groups):  # no ties
        while sum(row[d.group] == group for row in rows.rows) % len(rows.groups) != position:
            rows.rows.append({**rng.choice(rows.rows), d.group: group})
    at = given(rng, rows)
    label = rng.choice((f"number of {d.things}", "count", f"{d.things} in all"))
    good = f"""
{at.load}{_PLT}
counts = {at.name}["{d.group}"].value_counts(ascending=True)
plt.barh(counts.index, counts)
plt.xlabel("{label}")
plt.show()
"""
    other = f"""
{at.load}
counts = {at.name}.groupby("{d.group}").size().sort_values()
axes = counts.plot.barh()
axes.set_xlabel("{label}");
"""
    wrong = good.replace("plt.barh(counts.index, counts)", "plt.barh(counts)")
    missing = good.replace(_PLT, "")
    plan = Plan(
        say(where=at.where, group=d.group, things=d.things, label=label),
        [good, other],
        [(wrong, "TypeError"), (missing, "NameError")],
        "_counts = expected.counts.sort_values()\n"
        "_a = one_axes('lying bars', lambda a: len(a.patches) == len(_counts) and len({round(p.get_x(), 6) for p in a.patches}) == 1)\n"
        "_up = sorted(_a.patches, key=lambda p: _a.transData.transform((0, p.get_y()))[1])\n"
        "same_values([p.get_width() for p in _up], list(_counts))\n"
        "_a.figure.canvas.draw()\n_names = {round(l.get_position()[1], 3): l.get_text() for l in _a.get_yticklabels()}\n"
        "_shown = [_names.get(round(p.get_y() + p.get_height() / 2, 3)) for p in _up]\n"
        "assert _shown == [str(i) for i in _counts.index], f'The bars are labelled {_shown}, from below.'\n"
        f"assert _a.get_xlabel().strip() == {label!r}, f'The horizontal axis is labelled {{_a.get_xlabel()!r}}.'",
        f"The chart shows the number of {d.things} in each {d.group}.",
        f'{at.load}counts = {at.name}["{d.group}"].value_counts(ascending=True)',
    )
    return Draft([plan], at.files, at.cells)


@kind(
    "plots",
    [
        "Draw the total {measure} of each month in {file} as a line over time (days are in {day}), with a marker at each "
        "month and the title '{title}'.",
        "Line plot of monthly sums of {measure} from {file} (date column {day}), with markers. Title: {title}",
        "{file}: sum {measure} by month of {day}, line chart with markers, title '{title}'",
        "I would like to see how {measure} in {file} developed: add it up by month (column {day}) and draw one line with a "
        "dot for every month. Give it the title '{title}'.",
    ],
)
def line_of_months(rng: Random, say: Say) -> Draft:
    rows = table(rng, (60, 80))
    d, m = rows.domain, rows.measure
    year = rows.rows[0][d.day][:4]
    for month, row in enumerate(rows.rows[:12], 1):  # every month occurs
        row[d.day] = f"{year}-{month:02d}-15"
    at = given(rng, rows, how="file")
    title = rng.choice((f"{m} by month", f"Monthly {m}", f"{d.name}: {m} {year}"))
    good = f"""
{at.load.replace(")", f', parse_dates=["{d.day}"])')}{_PLT}
totals = {at.name}.groupby({at.name}["{d.day}"].dt.to_period("M"))["{m}"].sum()
plt.plot(totals.index.to_timestamp(), totals, marker="o")
plt.title("{title}")
plt.show()
"""
    other = f"""
{at.load}
{at.name}["{d.day}"] = pd.to_datetime({at.name}["{d.day}"])
totals = {at.name}.set_index("{d.day}")["{m}"].resample("MS").sum()
totals.plot(style="o-", title="{title}");
"""
    wrong = f"""
{at.load}{_PLT}
totals = {at.name}.groupby({at.name}["{d.day}"].dt.month)["{m}"].sum()
plt.plot(totals.index, totals, marker="o")
plt.title("{title}")
plt.show()
"""
    periods = good.replace(".to_timestamp()", "").replace(
        "totals.index, totals", "totals.index.month_start, totals"
    )
    plan = Plan(
        say(file=rows.file, measure=m, day=d.day, title=title),
        [good, other],
        [(wrong, "AttributeError"), (periods, "AttributeError")],
        "_a = one_axes('a line of twelve points', lambda a: any(len(l.get_xdata()) == 12 for l in a.lines))\n"
        "_l = [l for l in _a.lines if len(l.get_xdata()) == 12][-1]\nsame_values(list(_l.get_ydata()), list(expected.totals))\n"
        "assert str(_l.get_marker()) not in ('None', '', ' '), 'The line has no markers.'\n"
        "assert _l.get_linestyle() not in ('None', '', ' '), 'There is no line between the markers.'\n"
        f"assert {title!r} in texts_of(_a), 'The title is ' + repr(_a.get_title())",
        f"The line shows {m} by month.",
        f'{at.load}totals = {at.name}.groupby({at.name}["{d.day}"].str[:7])["{m}"].sum()',
    )
    return Draft([plan], at.files)


@kind(
    "plots",
    [
        "Scatter {y} (vertical) against {x} (horizontal) from {where}, each {group} in a colour of its own, with a legend "
        "that names the {group}s.",
        "Scatter plot of {where}: x = {x}, y = {y}, coloured by {group}, legend with the {group} names.",
        "{where}: scatter {x} vs {y} (y axis), hue = {group}, legend",
        "Could you show me how {y} goes with {x} in {where}? One point for each row, {x} to the right and {y} upwards, a "
        "different colour for every {group}, and a legend so that I can tell them apart.",
    ],
)
def coloured_points(rng: Random, say: Say) -> Draft:
    rows = table(rng, (30, 60), groups=(3, 4))
    d, m = rows.domain, rows.measure
    at = given(rng, rows)
    n = at.name
    good = f"""
{at.load}{_PLT}
for name, part in {n}.groupby("{d.group}"):
    plt.scatter(part["{d.count}"], part["{m}"], label=name)
plt.xlabel("{d.count}")
plt.ylabel("{m}")
plt.legend()
plt.show()
"""
    other = f"""
{at.load}{_PLT}
figure, axes = plt.subplots()
for name in {n}["{d.group}"].unique():
    one = {n}[{n}["{d.group}"] == name]
    axes.plot(one["{d.count}"], one["{m}"], "o", label=name)
axes.set(xlabel="{d.count}", ylabel="{m}")
axes.legend(title="{d.group}");
"""
    wrong = f"""
{at.load}{_PLT}
plt.scatter({n}["{d.count}"], {n}["{m}"], c={n}["{d.group}"])
plt.legend()
plt.show()
"""
    hue = f"""
{at.load}{_PLT}
plt.scatter({n}["{d.count}"], {n}["{m}"], hue={n}["{d.group}"])
plt.legend()
plt.show()
"""
    points = sorted([float(row[d.count]), float(row[m])] for row in rows.rows)
    plan = Plan(
        say(where=at.where, x=d.count, y=m, group=d.group),
        [good, other],
        [(wrong, "ValueError"), (hue, "AttributeError")],
        f"_a = one_axes('all the points', lambda a: scattered(a) == {len(points)})\n"
        "_xy = [[float(v) for v in p] for c in _a.collections if hasattr(c, 'get_offsets') for p in c.get_offsets()]\n"
        "_xy += [[float(x), float(y)] for l in _a.lines for x, y in zip(l.get_xdata(), l.get_ydata())]\n"
        f"for _p, _q in zip(sorted(_xy), {points}): same_values(_p, _q)\n"
        "assert _a.get_legend(), 'There is no legend.'\n_t = [t.get_text() for t in _a.get_legend().get_texts()]\n"
        f"for _g in {rows.groups}: assert any(_g in t for t in _t), f'The legend does not name {{_g}}.'\n"
        "_c = {tuple(map(float, f)) for c in _a.collections for f in c.get_facecolors()} | {str(l.get_color()) for l in _a.lines}\n"
        f"assert len(_c) >= {len(rows.groups)}, 'There are too few colours.'",
        f"The plot shows {m} against {d.count}, a colour for each {d.group}.",
    )
    return Draft([plan], at.files, at.cells)


@kind(
    "plots",
    [
        "Draw a histogram of {measure} from {where} with bins of width {width}, from {low} to {high}, and a logarithmic "
        "vertical axis.",
        "Histogram of {measure} ({where}): bin edges {low}, {second}, ... , {high} (steps of {width}); log scale on y.",
        "hist {measure} of {where}, edges from {low} to {high} step {width}, log y axis",
        "Please show the distribution of {measure} in {where}: a histogram whose bins begin at {low}, end at {high} and are "
        "{width} wide each. The counts differ a lot, so make the vertical axis logarithmic.",
    ],
)
def bins_of_a_width(rng: Random, say: Say) -> Draft:
    rows = table(rng, (50, 80))
    d, m = rows.domain, rows.measure
    width = rng.choice((5, 10, 20, 25)) if d.high > 90 else rng.choice((2, 4, 5))
    width *= 100 if d.high > 1900 else 10 if d.high > 190 else 1
    width *= 10 if d.high > 20000 else 1
    count = int(d.high // width) + 1
    high = count * width
    at = given(rng, rows)
    n = at.name
    good = f"""
{at.load}{_PLT}
plt.hist({n}["{m}"], bins=range(0, {high + width}, {width}), log=True)
plt.xlabel("{m}")
plt.show()
"""
    other = f"""
{at.load}{_PLT}import numpy as np

figure, axes = plt.subplots()
axes.hist({n}["{m}"], bins=np.arange(0, {high} + {width}, {width}), edgecolor="white")
axes.set_yscale("log")
axes.set_xlabel("{m}");
"""
    wrong = good.replace(", log=True", ', yscale="log"')
    edges = good.replace(
        f"bins=range(0, {high + width}, {width})", f"bins=np.arange(0, {high + width}, {width})"
    )
    values = [row[m] for row in rows.rows]
    bins = [sum(one * width <= value < (one + 1) * width for value in values) for one in range(count)]
    plan = Plan(
        say(where=at.where, measure=m, width=width, low=0, second=width, high=high),
        [good, other],
        [(wrong, "AttributeError"), (edges, "NameError")],
        f"_a = one_axes('{count} bins', lambda a: len(a.patches) == {count})\nsame_values(bars(_a), {bins})\n"
        f"same_values([p.get_x() for p in _a.patches], [{width} * i for i in range({count})], tolerance=1e-4)\n"
        "assert _a.get_yscale() in ('log', 'symlog'), 'The vertical axis is ' + _a.get_yscale()",
        f"The histogram shows {m} in bins {width} wide.",
    )
    return Draft([plan], at.files, at.cells)


@kind(
    "plots",
    [
        "Make stacked bars from {where}: one bar for each {group}, made up of the number of rows of each {second}, with a "
        "legend for {second}.",
        "Stacked bar chart ({where}): x = {group}, segments = row counts per {second}, legend with the {second} names.",
        "{where}: counts of {second} stacked within each {group} (bar chart + legend)",
        "For a slide I need bars, one per {group} in {where}, in which the counts of the different {second} values are "
        "stacked upon each other. A legend should say which colour is which.",
    ],
)
def stacked_bars(rng: Random, say: Say) -> Draft:
    rows = table(rng, (40, 60), groups=(3, 4))
    d = rows.domain
    at = given(rng, rows)
    n = at.name
    good = f"""
{at.load}
counts = pd.crosstab({n}["{d.group}"], {n}["{d.second}"])
counts.plot.bar(stacked=True);
"""
    other = f"""
{at.load}{_PLT}
counts = {n}.groupby(["{d.group}", "{d.second}"]).size().unstack(fill_value=0)
bottom = 0
for name in counts.columns:
    plt.bar(counts.index, counts[name], bottom=bottom, label=name)
    bottom = bottom + counts[name]
plt.legend()
plt.show()
"""
    wrong = good.replace("counts.plot.bar(stacked=True)", "counts.plot.stacked_bar()")
    side = good.replace("stacked=True", "stack=True")
    wanted = sorted(
        sum(row[d.group] == group and row[d.second] == second for row in rows.rows)
        for group in rows.groups
        for second in rows.seconds
    )
    plan = Plan(
        say(where=at.where, group=d.group, second=d.second),
        [good, other],
        [(wrong, "AttributeError"), (side, "AttributeError")],
        f"_a = one_axes('{len(wanted)} segments', lambda a: len([p for p in a.patches]) == {len(wanted)})\n"
        f"same_values(sorted(p.get_height() for p in _a.patches), {wanted})\n"
        f"assert len({{round(p.get_x(), 3) for p in _a.patches}}) == {len(rows.groups)}, 'The bars are not stacked.'\n"
        f"assert max(p.get_y() + p.get_height() for p in _a.patches) == "
        f"{max(sum(row[d.group] == group for row in rows.rows) for group in rows.groups)}, 'The bars are not stacked.'\n"
        "assert _a.get_legend(), 'There is no legend.'\n_t = [t.get_text() for t in _a.get_legend().get_texts()]\n"
        f"for _s in {rows.seconds}: assert any(_s in t for t in _t), f'The legend does not name {{_s}}.'",
        f"The bars show the rows of each {d.group}, by {d.second}.",
    )
    return Draft([plan], at.files, at.cells)


@kind(
    "plots",
    [
        "Show the mean {measure} of every {group} ({columns}) and {second} in {where} as a heat map: {group} downwards, "
        "{second} across, the names at the ticks, and a colour bar.",
        "Heat map of mean {measure}: rows {group}, columns {second} ({where}), tick labels with the names, colour bar.",
        "{where}: heatmap of mean {measure}, {group} (y) x {second} (x), ticks labelled, with colorbar",
        "I would like a picture of the mean {measure} for all combinations of {group} and {second} in {where}: a grid of "
        "coloured cells with the {group} names on the left, the {second} names below, and a colour scale beside it.",
    ],
)
def heat_map(rng: Random, say: Say) -> Draft:
    rows = table(rng, (40, 60), groups=(3, 4))
    d, m = rows.domain, rows.measure
    for group in rows.groups:  # every cell has a value
        rows.rows += [{**rows.rows[0], d.group: group, d.second: second} for second in rows.seconds]
    at = given(rng, rows)
    n = at.name
    good = f"""
{at.load}{_PLT}
means = {n}.pivot_table(index="{d.group}", columns="{d.second}", values="{m}")
plt.imshow(means)
plt.xticks(range(len(means.columns)), means.columns)
plt.yticks(range(len(means.index)), means.index)
plt.colorbar(label="mean {m}")
plt.show()
"""
    other = f"""
{at.load}{_PLT}
means = {n}.groupby(["{d.group}", "{d.second}"])["{m}"].mean().unstack()
figure, axes = plt.subplots()
image = axes.imshow(means.to_numpy(), aspect="auto")
axes.set_xticks(range(means.shape[1]), labels=means.columns)
axes.set_yticks(range(means.shape[0]), labels=means.index)
figure.colorbar(image);
"""
    wrong = good.replace("plt.imshow(means)", "plt.heatmap(means)")
    seaborn = good.replace(_PLT, "import seaborn_heatmap as sns\n" + _PLT).replace(
        "plt.imshow(means)", "sns.heatmap(means)"
    )
    plan = Plan(
        say(where=at.where, measure=m, group=d.group, second=d.second, columns=", ".join(rows.groups)),
        [good, other],
        [(wrong, "AttributeError"), (seaborn, "ModuleNotFoundError")],
        "import numpy as _n\n_m = expected.means\n_wanted = sorted(float(v) for v in _m.to_numpy().ravel())\n"
        "_of = lambda c: _n.ma.filled(_n.ma.asarray(c.get_array(), dtype=float), _n.nan).ravel() if c.get_array() is not None else _n.array([])\n"
        "_a = one_axes('a grid of the means', lambda a: any(_of(c).size == _m.size for c in [*a.images, *a.collections]))\n"
        "_c = [c for c in [*_a.images, *_a.collections] if _of(c).size == _m.size][-1]\n"
        "same_values(sorted(_of(_c).tolist()), _wanted)\n_t = texts_of(_a)\n"
        f"for _w in {[*rows.groups, *rows.seconds]}: assert _w in _t, f'The ticks do not name {{_w}}.'\n"
        "_a.figure.canvas.draw()\n"
        f"assert any(_w in [l.get_text() for l in _a.get_yticklabels()] for _w in {rows.groups}), '{d.group} should go downwards.'\n"
        "assert len(_a.figure.axes) >= 2, 'There is no colour bar.'",
        f"The heat map shows the mean {m} by {d.group} and {d.second}.",
        f'{at.load}means = {n}.pivot_table(index="{d.group}", columns="{d.second}", values="{m}")',
    )
    return Draft([plan], at.files, at.cells)


@kind(
    "plots",
    [
        "Bars for the mean {measure} of each {group} in {where}, with error bars of one sample standard deviation to both "
        "sides. Save the figure as {png} as well.",
        "Bar chart with error bars: mean +/- std (n - 1) of {measure} by {group}, data {where}; also write it to {png}.",
        "{where}: bar(mean {measure}) per {group}, yerr = std (ddof=1), savefig {png}",
        "Please plot the average {measure} for every {group} of {where} as bars with whiskers that reach one standard "
        "deviation (the sample's, with n - 1) up and down, and save that picture to a file {png}.",
    ],
)
def bars_with_whiskers(rng: Random, say: Say) -> Draft:
    rows = table(rng, (30, 50))
    d, m = rows.domain, rows.measure
    at = given(rng, rows)
    png, n = rng.choice(("means.png", "chart.png", "figure1.png")), at.name
    good = f"""
{at.load}{_PLT}
stats = {n}.groupby("{d.group}")["{m}"].agg(["mean", "std"])
plt.bar(stats.index, stats["mean"], yerr=stats["std"], capsize=4)
plt.ylabel("{m}")
plt.savefig("{png}")
plt.show()
"""
    other = f"""
{at.load}
grouped = {n}.groupby("{d.group}")["{m}"]
axes = grouped.mean().plot.bar(yerr=grouped.std(), capsize=3)
axes.figure.savefig("{png}", bbox_inches="tight");
"""
    wrong = good.replace("yerr=", "error=")
    unsaved = good.replace(f'plt.savefig("{png}")', f'plt.save("{png}")')
    plan = Plan(
        say(where=at.where, measure=m, group=d.group, png=png),
        [good, other],
        [(wrong, "AttributeError"), (unsaved, "AttributeError")],
        f"import os as _os\n_s = expected.stats\n"
        "_a = one_axes('a bar for each mean', lambda a: len(a.patches) == len(_s))\nsame_values(sorted(bars(_a)), sorted(_s['mean']))\n"
        "_ends = [p.vertices for c in _a.collections if hasattr(c, 'get_segments') for p in c.get_paths()]\n"
        "_reach = sorted(float(abs(v[-1][1] - v[0][1])) for v in _ends)\n"
        "assert len(_reach) == len(_s), 'There are no error bars.'\nsame_values(_reach, sorted(2 * _s['std']), tolerance=1e-4)\n"
        f"assert _os.path.exists({png!r}) and open({png!r}, 'rb').read(4)[1:] == b'PNG', 'There is no picture {png}.'",
        f"The chart shows the means with their standard deviations; it is in {png}, too.",
        f'{at.load}stats = {n}.groupby("{d.group}")["{m}"].agg(["mean", "std"])',
    )
    return Draft([plan], at.files, at.cells)
