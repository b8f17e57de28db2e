"""Estimates, tests and intervals."""

from __future__ import annotations

from random import Random

from ..data import given, table, to_csv
from ..kinds import Draft, Plan, Say, kind


@kind(
    "statistics",
    [
        "Compute the mean of {measure} in {where} weighted by {count} for each {group}, as a Series {out}. Which {group} has "
        "the highest weighted mean, and what is it?",
        "Weighted average of {measure} (weights: {count}) per {group} from {where} -> Series {out}. Top {group} and value?",
        "{where}: sum({measure}*{count})/sum({count}) by {group} -> Series {out}; which is the max, how much",
        "A plain average would be unfair, because the rows of {where} stand for different amounts. Please calculate for each "
        "{group} the average {measure} with {count} as the weight (Series {out}) and tell me the {group} at the top with "
        "its weighted average.",
    ],
)
def weighted_means(rng: Random, say: Say) -> Draft:
    rows = table(rng, (30, 60))
    d, m = rows.domain, rows.measure
    for row in rows.rows:
        row[d.count] = rng.randint(1, d.most + 2)
    at = given(rng, rows)
    out, n = rng.choice(("weighted", "averages", "weighted_means")), at.name
    good = f"""
{at.load}product = {n}["{m}"] * {n}["{d.count}"]
{out} = product.groupby({n}["{d.group}"]).sum() / {n}.groupby("{d.group}")["{d.count}"].sum()
{out}
"""
    other = f"""
{at.load}import numpy as np

{out} = pd.Series({{
    group: np.average(part["{m}"], weights=part["{d.count}"]) for group, part in {n}.groupby("{d.group}")
}})
print({out}.sort_values())
"""
    wrong = f"""
{at.load}{out} = {n}.groupby("{d.group}")["{m}"].mean(weights={n}["{d.count}"])
{out}
"""
    typo = other.replace("np.average(", "np.mean(")
    plan = Plan(
        say(where=at.where, measure=m, count=d.count, group=d.group, out=out),
        [good, other],
        [(wrong, "TypeError"), (typo, "TypeError")],
        f"same_mapping({out}, expected.{out})\nstates(answer, expected.{out}.idxmax(), float(expected.{out}.max()))",
        f"{{{out}.idxmax()}} has the highest weighted mean, {{{out}.max():.3f}}.",
    )
    return Draft([plan], at.files, at.cells)


@kind(
    "statistics",
    [
        "Which two of the columns {columns} in {file} have the strongest Spearman rank correlation (positive or negative)? "
        "Name them and the coefficient, and keep the whole correlation matrix as {out}.",
        "Spearman matrix of {columns} ({file}) as {out}; which pair is strongest in absolute value, and how strong?",
        "{file}: {out} = spearman corr of {columns}; strongest pair (|rho|)? columns + rho",
        "I want to know which two quantities in {file} go together most closely. Looking at {columns}, please compute "
        "Spearman's rank correlations (matrix {out}) and tell me the pair with the largest absolute value, with its sign.",
    ],
)
def strongest_ranks(rng: Random, say: Say) -> Draft:
    names, file = rng.choice(
        (
            (["height", "girth", "leaves", "age", "fruit"], "trees.csv"),
            (["rent", "size", "floor", "rooms", "noise"], "flats.csv"),
            (["load", "heat", "hum", "speed", "wear"], "motors.csv"),
        )
    )
    first, second = rng.sample(names, 2)
    sign = rng.choice((-1, 1))
    rows = []
    for number in range(1, rng.randint(30, 45)):
        row = {"id": number} | {name: round(rng.gauss(50, 15), 1) for name in names}
        row[second] = round(1000 + sign * (row[first] ** 3) / 500 + rng.gauss(0, 25), 1)
        rows.append(row)
    out = rng.choice(("rho", "ranks", "corr"))
    load = f'import numpy as np\nimport pandas as pd\n\ndata = pd.read_csv("{file}").drop(columns="id")'
    good = f"""
{load}
{out} = data.corr(method="spearman")
upper = {out}.where(np.triu(np.ones({out}.shape, dtype=bool), 1)).stack()
pair = upper.abs().idxmax()
value = upper[pair]
print({out}, pair, value)
"""
    other = f"""
{load}
from itertools import combinations

{out} = data.rank().corr()
pair = max(combinations(data.columns, 2), key=lambda two: abs({out}.loc[two[0], two[1]]))
value = {out}.loc[pair[0], pair[1]]
pair, value
"""
    wrong = good.replace('method="spearman"', 'method="rank"')
    itself = f"""
{load}
{out} = data.corr(method="spearman")
{out}.abs().stack().idxmax()
"""
    plan = Plan(
        say(file=file, columns=", ".join(names[:-1]) + " and " + names[-1], out=out),
        [good, other],
        [(wrong, "ValueError"), (itself, "")],
        f"same_table({out}.loc[{names}, {names}].reset_index(drop=True), expected.{out}.loc[{names}, {names}].reset_index(drop=True), "
        "ordered=True)\nstates(answer, *expected.pair)\n"
        "assert says(answer, float(expected.value)), 'The coefficient is not in the answer, with its sign.'",
        "{pair[0]} and {pair[1]} have the strongest rank correlation: {value:.3f}.",
    )
    return Draft([plan], {file: to_csv(rows)})


@kind(
    "statistics",
    [
        "Bootstrap the median of {measure} in {where}: {times} resamples of the full size with numpy's default_rng({seed}), "
        "drawn as rng.choice(values, size=(resamples, n)). Keep the 2.5 and 97.5 percentiles (numpy's default) as low and "
        "high, and tell me the interval.",
        "95% percentile bootstrap of the median {measure} ({where}). rng = np.random.default_rng({seed}); all draws at once: "
        "rng.choice(values, size=({times}, n)). Variables low and high; report them.",
        "bootstrap CI (percentile, 95%) for median({measure}) of {where} -> low, high. default_rng({seed}), "
        "choice(values, ({times}, n)). what's the interval?",
        "How certain is the median {measure} of {where}? Draw {times} samples with replacement, each as long as the data, in "
        "a single call rng.choice(values, size=({times}, n)) of np.random.default_rng({seed}), take the median of each, and "
        "give me the middle 95 % as low and high.",
    ],
)
def bootstrap_of_a_median(rng: Random, say: Say) -> Draft:
    rows = table(rng, (30, 60))
    m = rows.measure
    at = given(rng, rows)
    seed, times, n = rng.randint(1, 99), rng.choice((500, 1000, 2000)), at.name
    good = f"""
{at.load}import numpy as np

rng = np.random.default_rng({seed})
values = {n}["{m}"].to_numpy()
medians = np.median(rng.choice(values, size=({times}, len(values))), axis=1)
low, high = np.percentile(medians, [2.5, 97.5])
print(low, high)
"""
    other = f"""
{at.load}import numpy as np

samples = np.random.default_rng({seed}).choice({n}["{m}"], size=({times}, len({n})))
medians = pd.DataFrame(samples).median(axis=1)
low, high = medians.quantile(0.025), medians.quantile(0.975)
low, high
"""
    wrong = good.replace("rng.choice(values", "rng.choices(values")
    whole = good.replace(", axis=1", "")
    plan = Plan(
        say(where=at.where, measure=m, seed=seed, times=times),
        [good, other],
        [(wrong, "AttributeError"), (whole, "")],
        "assert approx(low, expected.low), f'low should be {expected.low}, not {low}.'\n"
        "assert approx(high, expected.high), f'high should be {expected.high}, not {high}.'\n"
        "states(answer, float(low), float(high))",
        "The interval of the median goes from {low:.3f} to {high:.3f}.",
    )
    return Draft([plan], at.files, at.cells)


@kind(
    "statistics",
    [
        "Regress {y} on {x1} and {x2} in {file} by ordinary least squares, with an intercept. Keep the coefficients as a "
        "dictionary {out} with the keys intercept, {x1} and {x2}, and tell me R squared.",
        "OLS of {y} ~ {x1} + {x2} ({file}): {out} = dict with intercept, {x1}, {x2}. R2?",
        "{file}: linear regression {y} = b0 + b1*{x1} + b2*{x2} -> {out} (dict: intercept, {x1}, {x2}). what's R^2?",
        "How does {y} depend on {x1} and {x2} in {file}? Please fit a linear model with both and a constant by least squares, "
        "put the numbers into a dict {out} (keys intercept, {x1}, {x2}) and say how much of the variance it explains (R "
        "squared).",
    ],
)
def two_regressors(rng: Random, say: Say) -> Draft:
    x1, x2, y, file = rng.choice((("area", "age", "price", "houses.csv"), ("rain", "sun", "yield_t", "fields.csv"),
                                  ("distance", "stops", "minutes", "tours.csv")))  # fmt: skip
    b0, b1, b2 = rng.uniform(-20, 50), rng.uniform(1, 4), rng.uniform(-3, -0.5)
    rows = []
    for number in range(1, rng.randint(25, 40)):
        first, second = round(rng.uniform(10, 90), 1), round(rng.uniform(0, 40), 1)
        rows.append(
            {
                "id": number,
                x1: first,
                x2: second,
                y: round(b0 + b1 * first + b2 * second + rng.gauss(0, 25), 2),
            }
        )
    out = rng.choice(("coefficients", "coef", "fit"))
    load = f'import pandas as pd\n\ndata = pd.read_csv("{file}")'
    good = f"""
{load}
from sklearn.linear_model import LinearRegression

X = data[["{x1}", "{x2}"]]
model = LinearRegression().fit(X, data["{y}"])
{out} = {{"intercept": model.intercept_, "{x1}": model.coef_[0], "{x2}": model.coef_[1]}}
r2 = model.score(X, data["{y}"])
print({out}, r2)
"""
    other = f"""
{load}
import numpy as np

X = np.column_stack([np.ones(len(data)), data["{x1}"], data["{x2}"]])
b, *_ = np.linalg.lstsq(X, data["{y}"], rcond=None)
{out} = dict(zip(["intercept", "{x1}", "{x2}"], b))
r2 = 1 - ((data["{y}"] - X @ b) ** 2).sum() / ((data["{y}"] - data["{y}"].mean()) ** 2).sum()
{out}, r2
"""
    wrong = good.replace("model.intercept_", "model.intercept").replace(
        f'X = data[["{x1}", "{x2}"]]', f'X = data[["{x1}", "{x2}"]].values'
    )
    flat = good.replace(f'data[["{x1}", "{x2}"]]', f'data["{x1}", "{x2}"]')
    plan = Plan(
        say(file=file, x1=x1, x2=x2, y=y, out=out),
        [good, other],
        [(wrong, "AttributeError"), (flat, "KeyError")],
        f"same_mapping({out}, expected.{out}, 1e-4)\nstates(answer, float(expected.r2))",
        "R squared is {r2:.4f}.",
    )
    return Draft([plan], {file: to_csv(rows)})
