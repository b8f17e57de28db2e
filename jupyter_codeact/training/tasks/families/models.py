"""Training models, and judging them."""

from __future__ import annotations

import math
from random import Random

from ..data import Row, to_csv
from ..kinds import Draft, Plan, Say, kind

_FIELDS = (
    ("loans", "defaulted", ("income", "debt", "age_years", "cards")),
    ("machines", "failed", ("torque", "heat", "hours", "vibration")),
    ("patients", "readmitted", ("pulse", "bmi", "stay_days", "visits")),
    ("customers", "left", ("calls", "minutes", "complaints", "tenure")),
)


def _labelled(rng: Random, target: str, columns: tuple[str, ...], count: int) -> list[Row]:
    """Return rows with a yes-or-no target that depends on the first two columns."""
    rows = []
    for _ in range(count):
        values = {name: round(rng.gauss(50, 15), 1) for name in columns}
        pull = (values[columns[0]] - values[columns[1]]) / 9 + rng.gauss(0, 1.3)
        rows.append({**values, target: int(1 / (1 + math.exp(-pull)) > 0.6)})
    return rows


@kind(
    "models",
    [
        "Fit a LogisticRegression (max_iter=1000, otherwise default) that predicts {target} from all other columns of "
        "{train}, and apply it to {test}. How many positives (1) does it miss, and how many negatives does it call positive? "
        "Keep its accuracy on {test} as {out}.",
        "Train LogisticRegression(max_iter=1000) on {train} (target {target}); on {test}: number of false negatives, number "
        "of false positives, and accuracy as {out}.",
        "logreg (max_iter 1000), {train} -> {test}, y = {target}, rest = X. FN? FP? accuracy -> {out}",
        "We have {train} to learn from and {test} to try it on. Please use a logistic regression with max_iter=1000 to "
        "predict {target} (1 is positive) from the remaining columns and report the missed positives and the false alarms; "
        "leave the accuracy in {out}.",
    ],
)
def false_alarms(rng: Random, say: Say) -> Draft:
    name, target, columns = rng.choice(_FIELDS)
    rows = _labelled(rng, target, columns, 150)
    train, test = f"{name}_train.csv", f"{name}_test.csv"
    out = rng.choice(("accuracy", "test_accuracy", "acc"))
    load = f"""
import pandas as pd
from sklearn.linear_model import LogisticRegression

train = pd.read_csv("{train}")
test = pd.read_csv("{test}")"""
    fit = f"""model = LogisticRegression(max_iter=1000).fit(train.drop(columns="{target}"), train["{target}"])
predicted = model.predict(test.drop(columns="{target}"))"""
    good = f"""
{load}
from sklearn.metrics import accuracy_score, confusion_matrix

{fit}
tn, fp, fn, tp = confusion_matrix(test["{target}"], predicted).ravel()
{out} = accuracy_score(test["{target}"], predicted)
print("missed:", fn, "false alarms:", fp, "accuracy:", {out})
"""
    other = f"""
{load}
{fit}
fn = int(((test["{target}"] == 1) & (predicted == 0)).sum())
fp = int(((test["{target}"] == 0) & (predicted == 1)).sum())
{out} = (predicted == test["{target}"]).mean()
fn, fp, {out}
"""
    wrong = good.replace("predicted = model", "predict = model")
    whole = good.replace(f'test.drop(columns="{target}")', "test")
    plan = Plan(
        say(target=target, train=train, test=test, out=out),
        [good, other],
        [(wrong, "NameError"), (whole, "ValueError")],
        f"assert approx({out}, expected.{out}, 1e-3), f'{out} should be {{expected.{out}}}, not {{{out}}}.'\n"
        "states(answer, int(expected.fn), int(expected.fp))",
        "It misses {fn} positives and calls {fp} negatives positive.",
    )
    return Draft([plan], {train: to_csv(rows[:100]), test: to_csv(rows[100:])})


@kind(
    "models",
    [
        "Which number of neighbours out of {ks} is best for a KNeighborsClassifier on {file} (target {target}, all other "
        "columns as features, scaled by a StandardScaler in a pipeline)? Judge by the mean accuracy of "
        "StratifiedKFold(5, shuffle=True, random_state={seed}), and keep the means as a dictionary {out}, from number to mean.",
        "kNN on {file}, target {target}: pipeline StandardScaler + KNeighborsClassifier, mean accuracy over "
        "StratifiedKFold(5, shuffle=True, random_state={seed}) for k in {ks} -> dict {out} (k: mean). Best k?",
        "{file} / {target}: cv knn k={ks}, scaler in the pipeline, StratifiedKFold(n_splits=5, shuffle, random_state={seed}); "
        "{out} = {{k: mean acc}}; best?",
        "Please find a good number of neighbours to predict {target} in {file} from its other columns. For each of {ks}, "
        "cross-validate a pipeline of a StandardScaler and a KNeighborsClassifier (StratifiedKFold with 5 folds, shuffled, "
        "random_state {seed}), collect the mean accuracies in a dict {out} and tell me the winner.",
    ],
)
def how_many_neighbours(rng: Random, say: Say) -> Draft:
    name, target, columns = rng.choice(_FIELDS)
    file, ks, seed = f"{name}.csv", rng.choice(([1, 5, 21], [1, 7, 31], [3, 9, 61])), rng.randint(0, 50)
    rows = _labelled(rng, target, columns, 140)
    out = rng.choice(("means", "scores", "accuracies"))
    load = f"""
import pandas as pd
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

data = pd.read_csv("{file}")
X, y = data.drop(columns="{target}"), data["{target}"]"""
    good = f"""
{load}
folds = StratifiedKFold(5, shuffle=True, random_state={seed})
{out} = {{}}
for k in {ks}:
    model = make_pipeline(StandardScaler(), KNeighborsClassifier(n_neighbors=k))
    {out}[k] = cross_val_score(model, X, y, cv=folds).mean()
print({out})
"""
    other = f"""
{load}
from sklearn.model_selection import GridSearchCV

search = GridSearchCV(
    make_pipeline(StandardScaler(), KNeighborsClassifier()),
    {{"kneighborsclassifier__n_neighbors": {ks}}},
    cv=StratifiedKFold(5, shuffle=True, random_state={seed}),
)
search.fit(X, y)
{out} = dict(zip({ks}, search.cv_results_["mean_test_score"]))
{out}
"""
    wrong = good.replace("n_neighbors=k", "k=k")
    unshuffled = good.replace("shuffle=True, ", "")
    best = f"max({out}, key={out}.get)"
    plan = Plan(
        say(file=file, target=target, ks=ks, seed=seed, out=out),
        [good, other],
        [(wrong, "TypeError"), (unshuffled, "ValueError")],
        f"same_mapping({out}, expected.{out}, 1e-3)\n_top = max(expected.{out}.values())\n"
        f"assert any(abs(_m - _top) < 1e-9 and _k in numbers(answer) for _k, _m in expected.{out}.items()), 'The answer does not name the best.'",
        f"{{{best}}} neighbours are best: their mean accuracy is {{max({out}.values()):.3f}}.",
    )
    return Draft([plan], {file: to_csv(rows)})


@kind(
    "models",
    [
        "Train a pipeline on {train} that predicts {target}: numbers imputed with the median and scaled, the text column "
        "{text} one-hot encoded (unknown values ignored), then Ridge(alpha={alpha}). What is the mean absolute error on "
        "{test}? Keep the pipeline as {out}.",
        "sklearn Pipeline {out}: ColumnTransformer (numeric: median SimpleImputer + StandardScaler; {text}: "
        "OneHotEncoder(handle_unknown='ignore')) + Ridge(alpha={alpha}); fit on {train}, target {target}; MAE on {test}?",
        "{train} -> {test}: predict {target}. median impute + standard scale numerics, one-hot {text} (ignore unknown), "
        "ridge alpha={alpha}. pipeline as {out}. test MAE?",
        "The file {train} has gaps and a text column {text}. Please build one scikit-learn pipeline {out} that fills gaps in "
        "the number columns with the median, scales them, one-hot encodes {text} (and tolerates values it has not seen), and "
        "ends in a Ridge with alpha {alpha}; fit it to predict {target}, and tell me its mean absolute error on {test}.",
    ],
)
def mixed_columns(rng: Random, say: Say) -> Draft:
    text, words, target, (a, b) = rng.choice(
        (
            ("district", ["north", "mill", "harbour", "park"], "rent", ("size", "year")),
            ("variety", ["gala", "fuji", "braeburn", "jonagold"], "yield_kg", ("trees", "rain")),
            ("brand", ["Asta", "Borga", "Corvo", "Delfi"], "price", ("km", "power")),
        )
    )
    level = {word: rng.uniform(-40, 40) for word in words}
    rows: list[Row] = []
    for number in range(110):
        word = rng.choice(words[:3] if number < 80 else words)
        first, second = rng.gauss(80, 20), rng.gauss(40, 9)
        value = 200 + level[word] + 2 * first - 1.5 * second + rng.gauss(0, 12)
        rows.append({text: word, a: round(first, 1), b: round(second, 1), target: round(value, 1)})
    rows[85][text] = words[3]  # is not in the training file
    for row in rng.sample(rows, 14):
        row[rng.choice((a, b))] = None
    train, test, alpha = "train.csv", "test.csv", rng.choice((0.5, 1.0, 3.0))
    out = rng.choice(("pipeline", "model", "estimator"))
    imports = """
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
"""
    good = f"""
{imports}
train, test = pd.read_csv("{train}"), pd.read_csv("{test}")
columns = make_column_transformer(
    (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), ["{a}", "{b}"]),
    (OneHotEncoder(handle_unknown="ignore"), ["{text}"]),
)
{out} = make_pipeline(columns, Ridge(alpha={alpha}))
{out}.fit(train.drop(columns="{target}"), train["{target}"])
error = mean_absolute_error(test["{target}"], {out}.predict(test.drop(columns="{target}")))
error
"""
    other = f"""
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

train = pd.read_csv("{train}")
numbers = Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
{out} = Pipeline([
    ("columns", ColumnTransformer([
        ("numbers", numbers, ["{a}", "{b}"]),
        ("words", OneHotEncoder(handle_unknown="ignore"), ["{text}"]),
    ])),
    ("ridge", Ridge(alpha={alpha})),
])
{out}.fit(train, train["{target}"])
test = pd.read_csv("{test}")
error = ({out}.predict(test) - test["{target}"]).abs().mean()
print(error)
"""
    wrong = good.replace('OneHotEncoder(handle_unknown="ignore")', "OneHotEncoder()")
    missing = good.replace('SimpleImputer(strategy="median"), ', "")
    plan = Plan(
        say(train=train, test=test, target=target, text=text, alpha=alpha, out=out),
        [good, other],
        [(wrong, "ValueError"), (missing, "ValueError")],
        f"states(answer, float(expected.error))\nassert hasattr({out}, 'predict'), '{out} cannot predict.'\n"
        f"_p = list({out}.predict(expected.test.drop(columns='{target}')) if '{target}' not in list(getattr({out}, 'feature_names_in_', "
        f"())) else {out}.predict(expected.test))\n"
        f"same_values(_p, list(expected.{out}.predict(expected.test.drop(columns='{target}'))), tolerance=1e-4)",
        "The mean absolute error is {error:.3f}.",
    )
    return Draft([plan], {train: to_csv(rows[:80]), test: to_csv(rows[80:])})


@kind(
    "models",
    [
        "{file} has the true class (truth, 0 or 1) and a classifier's score. What is the area under the ROC curve, and at "
        "which threshold out of {thresholds} (score >= threshold means 1) is F1 highest? Keep the F1 values as a dictionary "
        "{out}, by threshold.",
        "From {file} (truth, score): ROC AUC; F1 for each threshold in {thresholds} (positive if score >= t) as dict {out}; "
        "best threshold?",
        "{file}: auc of score vs truth? {out} = {{t: f1}} for t in {thresholds}, pred = score >= t. best t?",
        "Somebody else trained a model and sent me {file} with the truth and the scores. How good is it by ROC AUC? And "
        "should one cut at {thresholds} (a score of at least that counts as positive), if F1 is to be as high as possible? "
        "Please keep the F1 scores in a dict {out} and name the best cut.",
    ],
)
def where_to_cut(rng: Random, say: Say) -> Draft:
    file, thresholds = (
        rng.choice(("scores.csv", "predictions.csv")),
        rng.choice(([0.3, 0.5, 0.7], [0.2, 0.45, 0.65, 0.8])),
    )
    rows = []
    for number in range(1, rng.randint(70, 100)):
        truth = int(rng.random() < 0.35)
        rows.append(
            {
                "id": number,
                "truth": truth,
                "score": round(min(1, max(0, rng.gauss(0.4 + 0.2 * truth, 0.2))), 3),
            }
        )
    out = rng.choice(("f1", "f1_scores", "by_threshold"))
    load = f'import pandas as pd\n\ndata = pd.read_csv("{file}")'
    good = f"""
{load}
from sklearn.metrics import f1_score, roc_auc_score

auc = roc_auc_score(data["truth"], data["score"])
{out} = {{t: f1_score(data["truth"], data["score"] >= t) for t in {thresholds}}}
print(auc, {out})
"""
    other = f"""
{load}
positive, negative = data.loc[data["truth"] == 1, "score"], data.loc[data["truth"] == 0, "score"]
wins = sum((p > negative).sum() + 0.5 * (p == negative).sum() for p in positive)
auc = wins / (len(positive) * len(negative))
{out} = {{}}
for t in {thresholds}:
    tp = (positive >= t).sum()
    {out}[t] = 2 * tp / (tp + (negative >= t).sum() + len(positive))
auc, {out}
"""
    wrong = good.replace(
        'f1_score(data["truth"], data["score"] >= t)', 'f1_score(data["truth"], data["score"])'
    )
    curve = good.replace("f1_score, roc_auc_score", "auc_score, f1_score").replace(
        "roc_auc_score(", "auc_score("
    )
    best = f"max({out}, key={out}.get)"
    plan = Plan(
        say(file=file, thresholds=thresholds, out=out),
        [good, other],
        [(wrong, "ValueError"), (curve, "ImportError")],
        f"same_mapping({out}, expected.{out})\nstates(answer, float(expected.auc))\n"
        f"assert max(expected.{out}, key=expected.{out}.get) in numbers(answer), 'The answer does not name the best threshold.'",
        f"The area is {{auc:.3f}}; F1 is highest at {{{best}}}.",
    )
    return Draft([plan], {file: to_csv(rows)})
