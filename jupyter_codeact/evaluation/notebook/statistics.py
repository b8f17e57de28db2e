"""Statistics and training models."""

from __future__ import annotations

from .task import NotebookTask, Work
from .wrangling import PENGUINS

_TRUTH = "from palmerpenguins import load_penguins as _load\n_p = _load()\n"
_WINE = "from sklearn.datasets import load_wine\n\nX, y = load_wine(return_X_y=True, as_frame=True)"
_DIABETES = "from sklearn.datasets import load_diabetes\n\ndata = load_diabetes(as_frame=True).frame"

TASKS = (
    NotebookTask(
        name="do-two-groups-differ",
        family="statistics",
        cells=(PENGUINS,),
        request=(
            "Use Welch's t-test to compare the bill_length_mm of Adelie and Chinstrap penguins. Keep the test statistic as t "
            "and the p-value as p, and tell me whether they differ at the 1 % level."
        ),
        check=_TRUTH + "from scipy import stats as _s\n"
        "_a = _p[_p.species == 'Adelie'].bill_length_mm.dropna()\n_c = _p[_p.species == 'Chinstrap'].bill_length_mm.dropna()\n"
        "_r = _s.ttest_ind(_a, _c, equal_var=False)\n"
        "assert near(abs(t), abs(_r.statistic), 1e-6)\nassert abs(float(p) - _r.pvalue) <= 1e-6 * _r.pvalue + 1e-300",
        reference=Work(
            "from scipy import stats\n\n"
            'a = penguins.loc[penguins["species"] == "Adelie", "bill_length_mm"].dropna()\n'
            'c = penguins.loc[penguins["species"] == "Chinstrap", "bill_length_mm"].dropna()\n'
            "t, p = stats.ttest_ind(a, c, equal_var=False)",
            "Yes, they differ.",
        ),
        wrong=(
            Work(
                "from scipy import stats\n\n"
                'a = penguins.loc[penguins["species"] == "Adelie", "bill_length_mm"].dropna()\n'
                'c = penguins.loc[penguins["species"] == "Chinstrap", "bill_length_mm"].dropna()\n'
                "t, p = stats.ttest_ind(a, c)",
                "Yes.",
            ),
            Work(
                "from scipy import stats\n\n"
                'a = penguins.loc[penguins["species"] == "Adelie", "bill_length_mm"]\n'
                'c = penguins.loc[penguins["species"] == "Chinstrap", "bill_length_mm"]\n'
                "t, p = stats.ttest_ind(a, c, equal_var=False)",
                "Yes.",
            ),
            Work(answer="Yes, they differ, p < 0.01."),
        ),
    ),
    NotebookTask(
        name="strongest-correlation",
        family="statistics",
        cells=(PENGUINS,),
        request=(
            "Of bill_length_mm, bill_depth_mm and flipper_length_mm, which has the strongest Pearson correlation with "
            "body_mass_g, and how strong is it?"
        ),
        check=_TRUTH + "assert mentions(ANSWER, 'flipper')\n"
        "assert says(ANSWER, _p.flipper_length_mm.corr(_p.body_mass_g), 0.01)",
        reference=Work(
            "print(penguins.select_dtypes('number').corr()['body_mass_g'])",
            "Flipper length has the strongest correlation with body mass, 0.871.",
        ),
        wrong=(
            Work(answer="Bill length has the strongest correlation, 0.595."),
            Work(answer="Flipper length has the strongest correlation, 0.76."),
            Work(answer="Flipper length correlates strongly with body mass."),
        ),
    ),
    NotebookTask(
        name="are-they-independent",
        family="statistics",
        cells=(PENGUINS,),
        request=(
            "Test with a chi-squared test whether species and island are independent. Keep the statistic as chi2 and the "
            "degrees of freedom as dof."
        ),
        check=_TRUTH + "import pandas as _pd\nfrom scipy import stats as _s\n"
        "_r = _s.chi2_contingency(_pd.crosstab(_p.species, _p.island))\n"
        "assert near(chi2, _r.statistic) and int(dof) == 4",
        reference=Work(
            "import pandas as pd\nfrom scipy import stats\n\n"
            'chi2, p_value, dof, _ = stats.chi2_contingency(pd.crosstab(penguins["species"], penguins["island"]))'
        ),
        wrong=(
            Work(
                "from scipy import stats\n\n"
                'chi2, p_value = stats.chisquare(penguins["species"].value_counts())\ndof = 2'
            ),
            Work(
                "import pandas as pd\nfrom scipy import stats\n\n"
                'chi2, p_value, dof, _ = stats.chi2_contingency(pd.crosstab(penguins["species"], penguins["sex"]))'
            ),
            Work("chi2, dof = 0.0, 4", "They are independent."),
        ),
    ),
    NotebookTask(
        name="slope-of-a-line",
        family="statistics",
        cells=(PENGUINS,),
        request=(
            "Fit a straight line that predicts body_mass_g from flipper_length_mm by least squares. Keep its slope as slope "
            "and its intercept as intercept."
        ),
        check=_TRUTH + "import numpy as _np\n_q = _p.dropna(subset=['flipper_length_mm', 'body_mass_g'])\n"
        "_b, _a = _np.polyfit(_q.flipper_length_mm, _q.body_mass_g, 1)\n"
        "assert near(slope, _b, 1e-4) and near(intercept, _a, 1e-4)",
        reference=Work(
            "import numpy as np\n\n"
            'known = penguins.dropna(subset=["flipper_length_mm", "body_mass_g"])\n'
            'slope, intercept = np.polyfit(known["flipper_length_mm"], known["body_mass_g"], 1)'
        ),
        wrong=(
            Work(
                "import numpy as np\n\n"
                'known = penguins.dropna(subset=["flipper_length_mm", "body_mass_g"])\n'
                'slope, intercept = np.polyfit(known["body_mass_g"], known["flipper_length_mm"], 1)'
            ),
            Work(
                "import numpy as np\n\n"
                'filled = penguins.fillna({"flipper_length_mm": 0, "body_mass_g": 0})\n'
                'slope, intercept = np.polyfit(filled["flipper_length_mm"], filled["body_mass_g"], 1)'
            ),
            Work(
                'known = penguins.dropna(subset=["flipper_length_mm", "body_mass_g"])\n'
                'slope = (known["flipper_length_mm"] * known["body_mass_g"]).sum() / (known["flipper_length_mm"] ** 2).sum()\n'
                "intercept = 0.0"
            ),
        ),
    ),
    NotebookTask(
        name="spread-of-a-sample",
        family="statistics",
        cells=(
            "import numpy as np\n\nsample = np.array([12.1, 11.8, 12.9, 13.4, 11.1, 12.6, 12.2, 13.0, 99.0])",
        ),
        request=(
            "sample has one value that is plainly a typing error. Leave it out, and tell me the mean and the sample standard "
            "deviation (with n - 1) of the rest."
        ),
        check="import numpy as _np\n_r = _np.array([12.1, 11.8, 12.9, 13.4, 11.1, 12.6, 12.2, 13.0])\n"
        "assert says(ANSWER, _r.mean(), 0.002) and says(ANSWER, _r.std(ddof=1), 0.005)",
        reference=Work(
            "rest = sample[sample < 50]\nprint(rest.mean(), rest.std(ddof=1))",
            "Without 99.0, the mean is 12.39 and the standard deviation 0.736.",
        ),
        wrong=(
            Work(answer="The mean is 22.01 and the standard deviation 28.88."),
            Work(answer="The mean is 12.39 and the standard deviation 0.689."),
            Work(answer="The mean is 12.39."),
        ),
    ),
    NotebookTask(
        name="train-and-test",
        family="models",
        cells=(_WINE,),
        request=(
            "Split X and y into training and test sets (30 % test, random_state=0, stratified by y), train a "
            "RandomForestClassifier with random_state=0 on the training set, and keep its accuracy on the test set as accuracy."
        ),
        check="from sklearn.datasets import load_wine as _lw\nfrom sklearn.ensemble import RandomForestClassifier as _RF\n"
        "from sklearn.model_selection import train_test_split as _split\n_X, _y = _lw(return_X_y=True, as_frame=True)\n"
        "_a, _b, _c, _d = _split(_X, _y, test_size=0.3, random_state=0, stratify=_y)\n"
        "_m = _RF(random_state=0).fit(_a, _c)\nassert near(accuracy, _m.score(_b, _d), 1e-9)\n"
        "assert float(accuracy) != _m.score(_a, _c) or float(accuracy) == _m.score(_b, _d)",
        reference=Work(
            "from sklearn.ensemble import RandomForestClassifier\nfrom sklearn.model_selection import train_test_split\n\n"
            "X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=0, stratify=y)\n"
            "model = RandomForestClassifier(random_state=0).fit(X_train, y_train)\naccuracy = model.score(X_test, y_test)"
        ),
        wrong=(
            Work(
                "from sklearn.tree import DecisionTreeClassifier\nfrom sklearn.model_selection import train_test_split\n\n"
                "X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=0, stratify=y)\n"
                "model = DecisionTreeClassifier(random_state=0).fit(X_train, y_train)\naccuracy = model.score(X_test, y_test)"
            ),
            Work("accuracy = 0.9"),
            Work(answer="The accuracy is 100 %."),
        ),
    ),
    NotebookTask(
        name="cross-validate",
        family="models",
        cells=(_WINE,),
        request=(
            "Compare a LogisticRegression with and without a StandardScaler before it on X and y, by the mean accuracy of "
            "5-fold cross-validation (use max_iter=5000). Keep the two means as with_scaling and without_scaling."
        ),
        check="from sklearn.datasets import load_wine as _lw\nfrom sklearn.linear_model import LogisticRegression as _LR\n"
        "from sklearn.model_selection import cross_val_score as _cv\nfrom sklearn.pipeline import make_pipeline as _mp\n"
        "from sklearn.preprocessing import StandardScaler as _SS\n_X, _y = _lw(return_X_y=True, as_frame=True)\n"
        "assert near(with_scaling, _cv(_mp(_SS(), _LR(max_iter=5000)), _X, _y, cv=5).mean(), 1e-3)\n"
        "assert near(without_scaling, _cv(_LR(max_iter=5000), _X, _y, cv=5).mean(), 0.012)\n"
        "assert with_scaling > without_scaling",
        reference=Work(
            "from sklearn.linear_model import LogisticRegression\nfrom sklearn.model_selection import cross_val_score\n"
            "from sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import StandardScaler\n\n"
            "with_scaling = cross_val_score(make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000)), X, y, cv=5).mean()\n"
            "without_scaling = cross_val_score(LogisticRegression(max_iter=5000), X, y, cv=5).mean()"
        ),
        wrong=(
            Work("with_scaling, without_scaling = 0.95, 0.98"),
            Work(
                "from sklearn.linear_model import LogisticRegression\nfrom sklearn.preprocessing import StandardScaler\n\n"
                "Z = StandardScaler().fit_transform(X)\n"
                "with_scaling = LogisticRegression(max_iter=5000).fit(Z, y).score(Z, y)\n"
                "without_scaling = LogisticRegression(max_iter=5000).fit(X, y).score(X, y)"
            ),
            Work(answer="Scaling helps: 0.98 against 0.95."),
        ),
    ),
    NotebookTask(
        name="predict-one",
        family="models",
        cells=(
            "from sklearn.datasets import load_iris\nfrom sklearn.neighbors import KNeighborsClassifier\n\n"
            "iris = load_iris()\nmodel = KNeighborsClassifier(n_neighbors=5).fit(iris.data, iris.target)",
        ),
        request="Which iris species does model predict for a flower with the measurements 6.1, 2.8, 4.7 and 1.2? Give its name.",
        check='assert mentions(ANSWER, "versicolor")\nassert not mentions(ANSWER, "virginica")\n'
        'assert not mentions(ANSWER, "setosa")',
        reference=Work(
            "print(iris.target_names[model.predict([[6.1, 2.8, 4.7, 1.2]])])",
            "The model predicts versicolor.",
        ),
        wrong=(
            Work(answer="The model predicts class 1."),
            Work(answer="The model predicts virginica."),
            Work(answer="It is one of setosa, versicolor and virginica."),
        ),
    ),
    NotebookTask(
        name="error-of-a-regression",
        family="models",
        cells=(_DIABETES,),
        request=(
            "Predict target from the other columns of data with a LinearRegression. Keep the mean absolute error from 5-fold "
            "cross-validation (a positive number) as mae."
        ),
        check="from sklearn.datasets import load_diabetes as _ld\nfrom sklearn.linear_model import LinearRegression as _LR\n"
        "from sklearn.model_selection import cross_val_score as _cv\n_f = _ld(as_frame=True).frame\n"
        "_e = -_cv(_LR(), _f.drop(columns='target'), _f['target'], cv=5, scoring='neg_mean_absolute_error').mean()\n"
        "assert near(mae, _e, 1e-4)",
        reference=Work(
            "from sklearn.linear_model import LinearRegression\nfrom sklearn.model_selection import cross_val_score\n\n"
            'scores = cross_val_score(LinearRegression(), data.drop(columns="target"), data["target"], cv=5, '
            'scoring="neg_mean_absolute_error")\nmae = -scores.mean()'
        ),
        wrong=(
            Work(
                "from sklearn.linear_model import LinearRegression\nfrom sklearn.model_selection import cross_val_score\n\n"
                'mae = cross_val_score(LinearRegression(), data.drop(columns="target"), data["target"], cv=5, '
                'scoring="neg_mean_absolute_error").mean()'
            ),
            Work(
                "from sklearn.linear_model import LinearRegression\n\n"
                'X = data.drop(columns="target")\n'
                'mae = (LinearRegression().fit(X, data["target"]).predict(X) - data["target"]).abs().mean()'
            ),
            Work(
                "from sklearn.linear_model import LinearRegression\nfrom sklearn.model_selection import cross_val_score\n\n"
                'mae = cross_val_score(LinearRegression(), data, data["target"], cv=5, scoring="r2").mean()'
            ),
        ),
    ),
)
