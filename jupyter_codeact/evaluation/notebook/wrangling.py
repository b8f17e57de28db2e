"""Getting a table into shape."""

from __future__ import annotations

from .task import NotebookTask, Work

PENGUINS = "from palmerpenguins import load_penguins\n\npenguins = load_penguins()"
_TRUTH = "from palmerpenguins import load_penguins as _load\n_p = _load()\n"

TASKS = (
    NotebookTask(
        name="heaviest-species",
        family="wrangling",
        cells=(PENGUINS,),
        request="Which species has the highest mean body mass, and what is that mean in grams?",
        check='assert mentions(ANSWER, "Gentoo")\nassert says(ANSWER, 5076.016)',
        reference=Work(
            'print(penguins.groupby("species")["body_mass_g"].mean())',
            "Gentoo penguins are the heaviest, with a mean of 5076.0 g.",
        ),
        wrong=(
            Work(answer="Gentoo penguins are the heaviest."),
            Work(answer="Chinstrap penguins are the heaviest, with a mean of 3733.1 g."),
            Work(answer="Gentoo penguins are the heaviest; their maximum is 6300 g."),
        ),
    ),
    NotebookTask(
        name="count-with-two-conditions",
        family="wrangling",
        cells=(PENGUINS,),
        request="How many Adelie penguins on Dream island weigh more than 3500 grams?",
        check=_TRUTH
        + "_n = int(((_p.species == 'Adelie') & (_p.island == 'Dream') & (_p.body_mass_g > 3500)).sum())\n"
        "assert _n in numbers(ANSWER)",
        reference=Work(
            'n = ((penguins.species == "Adelie") & (penguins.island == "Dream") & (penguins.body_mass_g > 3500)).sum()\n'
            "print(n)",
            "There are 31 such penguins.",
        ),
        wrong=(
            Work(answer="There are 56 such penguins."),
            Work(answer="There are 124 such penguins."),
            Work(answer="Many Adelie penguins on Dream weigh more than that."),
        ),
    ),
    NotebookTask(
        name="pivot-means",
        family="wrangling",
        cells=(PENGUINS,),
        request=(
            "Make a table called mass_table with one row for each species, one column for each island, and the mean "
            "body_mass_g in the cells."
        ),
        check=_TRUTH + "_t = _p.pivot_table(index='species', columns='island', values='body_mass_g')\n"
        "_m = mass_table.set_index('species') if 'species' in getattr(mass_table, 'columns', ()) else mass_table\n"
        "assert set(_m.index) == set(_t.index)\n"
        "assert set(_m.columns) == set(_t.columns)\n"
        "assert near(_m.loc['Gentoo', 'Biscoe'], _t.loc['Gentoo', 'Biscoe'])\n"
        "assert near(_m.loc['Adelie', 'Dream'], _t.loc['Adelie', 'Dream'])",
        reference=Work(
            'mass_table = penguins.pivot_table(index="species", columns="island", values="body_mass_g")'
        ),
        wrong=(
            Work('mass_table = penguins.groupby(["species", "island"])["body_mass_g"].mean().reset_index()'),
            Work(
                'mass_table = penguins.pivot_table(index="island", columns="species", values="body_mass_g")'
            ),
            Work(
                'mass_table = penguins.pivot_table(index="species", columns="island", values="body_mass_g", '
                'aggfunc="median")'
            ),
        ),
    ),
    NotebookTask(
        name="top-three-of-each",
        family="wrangling",
        cells=(PENGUINS,),
        request=(
            "Make a DataFrame called heaviest with the three heaviest penguins (body_mass_g) of each species: nine rows "
            "with all columns of penguins."
        ),
        check=_TRUTH + "_e = _p.sort_values('body_mass_g', ascending=False).groupby('species').head(3)\n"
        "assert len(heaviest) == 9\n"
        "assert set(_p.columns) <= set(heaviest.reset_index().columns)\n"
        "_h = heaviest.reset_index(drop='species' in heaviest.columns)\n"
        "_key = lambda t: sorted(zip(t['species'], t['body_mass_g']))\n"
        "assert _key(_h) == _key(_e)",
        reference=Work(
            'heaviest = penguins.sort_values("body_mass_g", ascending=False).groupby("species").head(3)'
        ),
        wrong=(
            Work('heaviest = penguins.nlargest(9, "body_mass_g")'),
            Work('heaviest = penguins.sort_values("body_mass_g").groupby("species").head(3)'),
            Work('heaviest = penguins.groupby("species")["body_mass_g"].nlargest(3)'),
        ),
    ),
    NotebookTask(
        name="z-score-within-group",
        family="wrangling",
        cells=(PENGUINS,),
        request=(
            "Add a column mass_z to penguins: body_mass_g minus the mean of the penguin's own species, divided by the "
            "standard deviation (pandas' default) of its own species."
        ),
        check=_TRUTH + "_g = _p.groupby('species')['body_mass_g']\n"
        "_z = (_p.body_mass_g - _g.transform('mean')) / _g.transform('std')\n"
        "assert len(penguins) == len(_p)\n"
        "assert ((penguins['mass_z'] - _z).abs().dropna() < 1e-6).all()\n"
        "assert penguins['mass_z'].notna().sum() == _z.notna().sum()",
        reference=Work(
            'grouped = penguins.groupby("species")["body_mass_g"]\n'
            'penguins["mass_z"] = (penguins["body_mass_g"] - grouped.transform("mean")) / grouped.transform("std")'
        ),
        wrong=(
            Work('m = penguins["body_mass_g"]\npenguins["mass_z"] = (m - m.mean()) / m.std()'),
            Work(
                'g = penguins.groupby("species")["body_mass_g"]\n'
                'penguins["mass_z"] = penguins["body_mass_g"] - g.transform("mean")'
            ),
            Work(
                "penguins = penguins.dropna()\n"
                'g = penguins.groupby("species")["body_mass_g"]\n'
                'penguins["mass_z"] = (penguins["body_mass_g"] - g.transform("mean")) / g.transform("std")'
            ),
        ),
    ),
    NotebookTask(
        name="wide-to-long",
        family="wrangling",
        cells=(
            "import pandas as pd\n\n"
            "sales = pd.DataFrame({\n"
            '    "shop": ["north", "south", "west"],\n'
            '    "2021": [10, 20, 30],\n    "2022": [11, 19, 35],\n    "2023": [15, 25, 31],\n})',
        ),
        request=(
            "Bring sales into long form as a DataFrame called long, with the columns shop, year (as an integer) and amount: "
            "one row for each shop and year."
        ),
        check="import pandas as pd\nassert list(sorted(long.columns)) == ['amount', 'shop', 'year']\n"
        "assert pd.api.types.is_integer_dtype(long['year'])\n"
        "_rows = sorted(zip(long['shop'], long['year'], long['amount']))\n"
        "assert _rows[0] == ('north', 2021, 10) and _rows[-1] == ('west', 2023, 31) and len(_rows) == 9",
        reference=Work(
            'long = sales.melt(id_vars="shop", var_name="year", value_name="amount")\n'
            'long["year"] = long["year"].astype(int)'
        ),
        wrong=(
            Work('long = sales.melt(id_vars="shop", var_name="year", value_name="amount")'),
            Work('long = sales.melt(id_vars="shop")'),
            Work('long = sales.set_index("shop").stack().rename("amount").reset_index()'),
        ),
    ),
    NotebookTask(
        name="fill-with-group-median",
        family="wrangling",
        cells=(
            "import numpy as np\nimport pandas as pd\n\n"
            "rooms = pd.DataFrame({\n"
            '    "floor": [1, 1, 1, 2, 2, 2, 2],\n'
            '    "area": [10.0, np.nan, 14.0, 30.0, 50.0, np.nan, 34.0],\n})',
        ),
        request="Fill the missing areas in rooms with the median area of the same floor.",
        check="assert list(rooms['floor']) == [1, 1, 1, 2, 2, 2, 2]\n"
        "assert list(rooms['area']) == [10.0, 12.0, 14.0, 30.0, 50.0, 34.0, 34.0]",
        reference=Work(
            'rooms["area"] = rooms["area"].fillna(rooms.groupby("floor")["area"].transform("median"))'
        ),
        wrong=(
            Work('rooms["area"] = rooms["area"].fillna(rooms["area"].median())'),
            Work('rooms["area"] = rooms["area"].fillna(rooms.groupby("floor")["area"].transform("mean"))'),
            Work("rooms = rooms.dropna()"),
        ),
    ),
)
