"""Clusters and components."""

from __future__ import annotations

from random import Random

from ..data import Row, to_csv
from ..kinds import Draft, Plan, Say, kind

_FIELDS = (
    ("loans", "defaulted", ("income", "debt", "age_years", "cards")),
    ("machines", "failed", ("torque", "heat", "hours", "vibration")),
    ("patients", "readmitted", ("pulse", "bmi", "stay_days", "visits")),
    ("customers", "left", ("calls", "minutes", "complaints", "tenure")),
)


@kind(
    "models",
    [
        "Cluster the rows of {file} into {k} groups with KMeans (n_init=10, random_state=0) on {columns}, after scaling both "
        "with a StandardScaler. Give {name} a column {out} with the cluster, and tell me how many rows each cluster has.",
        "KMeans, k={k}, n_init=10, random_state=0, standardised {columns} of {file}: labels into column {out} of the table "
        "{name}; cluster sizes?",
        "{file} -> {name}: kmeans({k}) on scaled {columns} (n_init 10, seed 0), label column {out}, sizes please",
        "I believe that there are {k} sorts of {name} in {file}. Please standardise {columns}, run KMeans with {k} clusters "
        "(n_init=10, random_state=0), write the labels to a column {out} of the DataFrame {name}, and say how large the "
        "clusters are.",
    ],
)
def sorts_of_rows(rng: Random, say: Say) -> Draft:
    name, a, b, file = rng.choice((("shops", "visitors", "basket", "shops.csv"), ("players", "assists", "minutes", "players.csv"),
                                   ("shells", "length_mm", "weight_g", "shells.csv")))  # fmt: skip
    k = rng.randint(3, 4)
    centres = [(20, 900), (60, 200), (100, 1000), (140, 300)][:k]
    rows = []
    for x, y in centres:
        rows += [
            {a: round(rng.gauss(x, 4), 1), b: round(rng.gauss(y, 40), 1)} for _ in range(rng.randint(9, 25))
        ]
    rng.shuffle(rows)
    rows = [{"id": number, **row} for number, row in enumerate(rows, 1)]
    out = rng.choice(("cluster", "segment", "sort"))
    load = f'import pandas as pd\nfrom sklearn.cluster import KMeans\nfrom sklearn.preprocessing import StandardScaler\n\n{name} = pd.read_csv("{file}")'
    good = f"""
{load}
scaled = StandardScaler().fit_transform({name}[["{a}", "{b}"]])
{name}["{out}"] = KMeans(n_clusters={k}, n_init=10, random_state=0).fit_predict(scaled)
{name}["{out}"].value_counts()
"""
    other = f"""
{load}
from sklearn.pipeline import make_pipeline

pipeline = make_pipeline(StandardScaler(), KMeans({k}, n_init=10, random_state=0))
pipeline.fit({name}[["{a}", "{b}"]])
{name}["{out}"] = pipeline[-1].labels_
print({name}.groupby("{out}").size())
"""
    wrong = good.replace(f"n_clusters={k}", f"k={k}")
    flat = good.replace(f'[["{a}", "{b}"]]', f'["{a}"]')
    sizes = f'{name}["{out}"].value_counts()'
    plan = Plan(
        say(name=name, file=file, k=k, columns=f"{a} and {b}", out=out),
        [good, other],
        [(wrong, "TypeError"), (flat, "ValueError")],
        f"_both = list(zip({name}.sort_values('id')['{out}'].tolist(), expected.{name}['{out}'].tolist()))\n"
        f"assert len(_both) == {len(rows)} and len(set(_both)) == {k}, 'The rows are not in the right clusters.'\n"
        f"for _n in expected.{sizes}: states(answer, int(_n))",
        f"The clusters have {{', '.join(map(str, {sizes}))}} rows.",
    )
    return Draft([plan], {file: to_csv(rows)})


@kind(
    "models",
    [
        "How many principal components of {file} (all columns but id, standardised) are needed for at least {share} % of the "
        "variance? Keep the cumulative shares (0 to 1) of all components as {out}.",
        "PCA on the standardised columns of {file} (without id): {out} = cumulative explained variance ratio of all "
        "components; smallest number that reaches {share} %?",
        "{file} minus id -> StandardScaler -> PCA; {out} = cumsum of explained_variance_ratio_; n for >= {share}%?",
        "The columns of {file} (leave id aside) are strongly related. After scaling them to unit variance, how many "
        "principal components does one need to keep {share} percent of the variance or more? The cumulative variance ratios "
        "of all components should stay in {out}.",
    ],
)
def enough_components(rng: Random, say: Say) -> Draft:
    file, share = rng.choice(("panel.csv", "spectra.csv", "survey.csv")), rng.choice((80, 90, 95))
    hidden, count = rng.randint(2, 3), rng.randint(6, 8)
    loads = [[rng.gauss(0, 1) for _ in range(hidden)] for _ in range(count)]
    rows = []
    for number in range(1, 61):
        factors = [rng.gauss(0, 1) for _ in range(hidden)]
        row: Row = {"id": number}
        for place, load_of in enumerate(loads):
            value = sum(f * w for f, w in zip(factors, load_of, strict=True)) + rng.gauss(0, 0.5)
            row[f"q{place + 1}"] = round(10 ** (place % 3) * (5 + value), 3)
        rows.append(row)
    out = rng.choice(("cumulative", "explained", "shares"))
    load = f'import numpy as np\nimport pandas as pd\n\ndata = pd.read_csv("{file}").drop(columns="id")'
    good = f"""
{load}
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

pca = PCA().fit(StandardScaler().fit_transform(data))
{out} = np.cumsum(pca.explained_variance_ratio_)
needed = int(np.argmax({out} >= {share / 100})) + 1
print({out}, needed)
"""
    other = f"""
{load}
variances = np.linalg.eigvalsh(data.corr())[::-1]
{out} = (variances / variances.sum()).cumsum()
needed = int(({out} < {share / 100}).sum()) + 1
{out}, needed
"""
    wrong = good.replace("explained_variance_ratio_", "explained_variance_ratio")
    unfit = good.replace("PCA().fit(StandardScaler().fit_transform(data))", "PCA()")
    plan = Plan(
        say(file=file, share=share, out=out),
        [good, other],
        [(wrong, "AttributeError"), (unfit, "AttributeError")],
        f"same_values({out}, expected.{out}, tolerance=1e-4)\nstates(answer, expected.needed)",
        "{needed} components are needed.",
    )
    return Draft([plan], {file: to_csv(rows)})
