"""Tests and intervals."""

from __future__ import annotations

from random import Random

from ..data import Row, given, table, to_csv
from ..kinds import Draft, Plan, Say, kind


@kind(
    "statistics",
    [
        "In {file} the same {who}s were measured twice ({a}, {b}). Do a paired t-test, keep the statistic of {b} minus {a} as "
        "t and the p-value as p, and say whether the difference is significant at the 5 % level, with the mean difference.",
        "Paired t-test of {b} against {a} ({file}); store t (for {b} - {a}) and p; report the mean of {b} - {a} and whether "
        "p is below 0.05 (say 'significant' or 'not significant').",
        "{file}: paired t test {b} vs {a} -> t, p. mean difference ({b}-{a})? 'significant' or 'not significant' at .05?",
        "Each {who} in {file} has one value {a} and one value {b} the intervention. Is the change real? Please use the test "
        "for paired samples, leave its statistic (for {b} minus {a}) in t and its p-value in p, tell me the mean change, and "
        "call it 'significant' or 'not significant' at alpha 0.05. Pairs with a missing value do not count.",
    ],
)
def before_and_after(rng: Random, say: Say) -> Draft:
    who, file = rng.choice(
        (
            ("patient", "pressure.csv"),
            ("runner", "lap_times.csv"),
            ("class", "spelling.csv"),
            ("engine", "fuel.csv"),
        )
    )
    effect = rng.choice((0.0, 0.3, 4.0, 6.0))
    rows: list[Row] = []
    for number in range(1, rng.randint(16, 26)):
        first = rng.gauss(60, 12)
        rows.append({who: number, "before": round(first, 1), "after": round(first + rng.gauss(effect, 4), 1)})
    for row in rng.sample(rows, 2):
        row[rng.choice(("before", "after"))] = None
    load = f'import pandas as pd\nfrom scipy import stats\n\ndata = pd.read_csv("{file}")'
    good = f"""
{load}
pairs = data.dropna()
t, p = stats.ttest_rel(pairs["after"], pairs["before"])
print(t, p, (pairs["after"] - pairs["before"]).mean())
"""
    other = f"""
{load}
change = (data["after"] - data["before"]).dropna()
result = stats.ttest_1samp(change, 0)
t, p = result.statistic, result.pvalue
print(t, p, change.mean())
"""
    wrong = good.replace("ttest_rel", "ttest_paired")
    nan = f"""
{load}
t, p = stats.ttest_rel(data["after"], data["before"])
print(t, p)
"""
    change = "(data['after'] - data['before'])"
    plan = Plan(
        say(file=file, who=who, a="before", b="after"),
        [good, other],
        [(wrong, "AttributeError"), (nan, "")],
        "assert approx(t, expected.t), f't should be {expected.t}, not {t}.'\n"
        "assert approx(p, expected.p), f'p should be {expected.p}, not {p}.'\n"
        "_pairs = expected.data.dropna()\nstates(answer, float((_pairs['after'] - _pairs['before']).mean()))\n"
        "_no = any(_w in answer.lower() for _w in ('not significant', 'insignificant', 'no significant', 'not statistically', "
        "\"n't significant\", 'not a significant'))\n"
        "assert _no == (expected.p >= 0.05), 'Whether it is significant is said wrongly.'",
        f"The mean change is {{{change}.mean():.3f}}; it is {{'' if p < 0.05 else 'not '}}significant.",
    )
    return Draft([plan], {file: to_csv(rows)})


@kind(
    "statistics",
    [
        "Give a 95 % confidence interval (Student's t) for the mean {measure} of each {group} in {where}: a DataFrame {out} "
        "with the columns {group}, mean, low and high. Rows without {measure} do not count.",
        "t-based 95% CI of mean {measure} per {group} ({where}): DataFrame {out} [{group}, mean, low, high], missing values "
        "ignored.",
        "{out} = per {group}: mean, low, high of the 95% t confidence interval for {measure} ({where}; skip NaN)",
        "I want to show how sure we are about the average {measure} of every {group}. From {where}, leaving out missing "
        "values, please make a DataFrame {out} with {group}, mean, and the limits low and high of the usual 95 % interval "
        "based on the t distribution (n - 1 degrees of freedom).",
    ],
)
def intervals_of_means(rng: Random, say: Say) -> Draft:
    rows = table(rng, (40, 60), missing=0.2)
    d, m = rows.domain, rows.measure
    at = given(rng, rows)
    out, n = rng.choice(("intervals", "ci", "means")), at.name
    good = f"""
{at.load}from scipy import stats

{out} = {n}.groupby("{d.group}")["{m}"].agg(["mean", "sem", "count"]).reset_index()
reach = stats.t.ppf(0.975, {out}["count"] - 1) * {out}["sem"]
{out}["low"], {out}["high"] = {out}["mean"] - reach, {out}["mean"] + reach
{out}
"""
    other = f"""
{at.load}from scipy import stats

found = []
for group, part in {n}.dropna(subset=["{m}"]).groupby("{d.group}"):
    values = part["{m}"]
    low, high = stats.t.interval(0.95, len(values) - 1, loc=values.mean(), scale=stats.sem(values))
    found.append({{"{d.group}": group, "mean": values.mean(), "low": low, "high": high}})
{out} = pd.DataFrame(found)
print({out})
"""
    wrong = other.replace("0.95, len(values) - 1, loc", "0.95, loc")
    nan = other.replace(f'{n}.dropna(subset=["{m}"])', n)
    nan = nan if any(row[m] is None for row in rows.rows) else wrong
    plan = Plan(
        say(where=at.where, measure=m, group=d.group, out=out),
        [good, other],
        [(wrong, "TypeError"), (nan, "TypeError" if nan == wrong else "")],
        f'same_table({out}, expected.{out}, ["{d.group}", "mean", "low", "high"])',
        f"{out} has the interval of each {d.group}.",
    )
    return Draft([plan], at.files, at.cells)


@kind(
    "statistics",
    [
        "Is there any difference in {measure} between the {group}s in {where}? Use a one-way ANOVA, keep the statistic as F "
        "and the p-value as p, and tell me both, and the {group} with the highest mean.",
        "One-way ANOVA: {measure} by {group} ({where}). Variables F and p; report F, p and the {group} with the largest mean.",
        "anova {measure} ~ {group} on {where} -> F, p. report them + which {group} has the top mean",
        "Somebody claims that {measure} does not depend on the {group}. Please test that with an analysis of variance on "
        "{where} (all rows with a value), leave the results in F and p, and report F, p and the {group} with the highest "
        "average.",
    ],
)
def analysis_of_variance(rng: Random, say: Say) -> Draft:
    rows = table(rng, (40, 60), groups=(3, 4))
    d, m = rows.domain, rows.measure
    for row in rng.sample(rows.rows, 3):
        row[m] = None
    at = given(rng, rows)
    n = at.name
    report = f'print(F, p, {n}.groupby("{d.group}")["{m}"].mean())'
    good = f"""
{at.load}from scipy import stats

groups = [part["{m}"].dropna() for _, part in {n}.groupby("{d.group}")]
F, p = stats.f_oneway(*groups)
{report}
"""
    other = f"""
{at.load}from scipy.stats import f

known = {n}.dropna(subset=["{m}"])
grouped = known.groupby("{d.group}")["{m}"]
between = (grouped.size() * (grouped.mean() - known["{m}"].mean()) ** 2).sum() / (grouped.ngroups - 1)
within = ((known["{m}"] - grouped.transform("mean")) ** 2).sum() / (len(known) - grouped.ngroups)
F = between / within
p = f.sf(F, grouped.ngroups - 1, len(known) - grouped.ngroups)
{report}
"""
    wrong = good.replace("f_oneway(*groups)", "anova(*groups)")
    nan = good.replace(".dropna()", "")
    plan = Plan(
        say(where=at.where, measure=m, group=d.group),
        [good, other],
        [(wrong, "AttributeError"), (nan, "")],
        "assert approx(F, expected.F, 1e-5), f'F should be {expected.F}, not {F}.'\n"
        "assert approx(p, expected.p, 1e-5), f'p should be {expected.p}, not {p}.'\n"
        f"states(answer, expected.{n}.groupby('{d.group}')['{m}'].mean().idxmax(), float(F))",
        f"F = {{F:.3f}} and p = {{p:.4g}}; {{{n}.groupby('{d.group}')['{m}'].mean().idxmax()}} has the highest mean.",
    )
    return Draft([plan], at.files, at.cells)


@kind(
    "statistics",
    [
        "{file} has one row per visitor: variant (A or B) and {success} (0 or 1). What are the two rates in percent, and is "
        "the difference significant at 5 % by a two-proportion z-test (pooled, two-sided)? Keep the statistic of B minus A "
        "as z and the p-value as p.",
        "A/B test in {file} ({success} is 0/1): rates of A and B in percent, pooled two-sided z-test for B - A with z and p "
        "as variables.",
        "{file}: ab test on {success}. rate A, rate B (%)? pooled 2-proportion z test (B-A, two sided) -> z, p",
        "We showed two variants and noted {success} in {file}. Please tell me both rates as percentages and run the usual "
        "z-test for two proportions with the pooled standard error: z for B minus A, p two-sided, as variables z and p.",
    ],
)
def two_variants(rng: Random, say: Say) -> Draft:
    success, file = rng.choice(
        (("bought", "shop_test.csv"), ("signed_up", "landing.csv"), ("opened", "newsletter.csv"))
    )
    rates = {"A": rng.uniform(0.15, 0.3), "B": rng.uniform(0.2, 0.45)}
    rows = [{"visitor": number, "variant": (one := rng.choice("AB")), success: int(rng.random() < rates[one])}
            for number in range(1, rng.randint(160, 260))]  # fmt: skip
    load = f'import pandas as pd\n\ndata = pd.read_csv("{file}")'
    good = f"""
{load}
from scipy.stats import norm

rate = data.groupby("variant")["{success}"].mean()
n = data["variant"].value_counts()
pooled = data["{success}"].mean()
z = (rate["B"] - rate["A"]) / (pooled * (1 - pooled) * (1 / n["A"] + 1 / n["B"])) ** 0.5
p = 2 * norm.sf(abs(z))
print(100 * rate, z, p)
"""
    other = f"""
{load}
import math

a = data.loc[data["variant"] == "A", "{success}"]
b = data.loc[data["variant"] == "B", "{success}"]
share = (a.sum() + b.sum()) / (len(a) + len(b))
z = (b.mean() - a.mean()) / math.sqrt(share * (1 - share) * (1 / len(a) + 1 / len(b)))
p = math.erfc(abs(z) / math.sqrt(2))
rate = {{"A": a.mean(), "B": b.mean()}}
a.mean() * 100, b.mean() * 100, z, p
"""
    wrong = f"""
{load}
from scipy.stats import proportions_ztest

z, p = proportions_ztest(data.groupby("variant")["{success}"].sum(), data["variant"].value_counts())
"""
    nan = good.replace('(rate["B"] - rate["A"])', "rate.diff()").replace('["B"])) ** 0.5', '["B"])) ** 0.5')
    plan = Plan(
        say(file=file, success=success),
        [good, other],
        [(wrong, "ImportError"), (nan, "")],
        "assert approx(z, expected.z, 1e-4), f'z should be {expected.z}, not {z}.'\n"
        "assert approx(p, expected.p, 1e-4), f'p should be {expected.p}, not {p}.'\n"
        "for _v in 'AB': states(answer, float(100 * expected.rate[_v]))",
        "A has {100 * rate['A']:.2f} %, B {100 * rate['B']:.2f} %; z = {z:.3f}, p = {p:.3g}, so the difference is "
        "{'significant' if p < 0.05 else 'not significant'}.",
    )
    return Draft([plan], {file: to_csv(rows)})
