"""Text and databases."""

from __future__ import annotations

from .task import NotebookTask, Work

_MAILS = (
    "import pandas as pd\n\n"
    'people = pd.DataFrame({"mail": ["ada@math.org", "Alan@Bletchley.UK", "grace@navy.mil", "emmy@math.org", "nobody"]})'
)
_LOG = (
    'log = """\n'
    "2024-05-01 10:00:01 INFO  start took 12ms\n"
    "2024-05-01 10:00:05 ERROR load took 250ms\n"
    "2024-05-01 10:01:00 INFO  load took 90ms\n"
    "2024-05-01 10:02:30 WARN  retry\n"
    "2024-05-01 10:03:10 ERROR save took 410ms\n"
    '"""'
)
_DATABASE = (
    "import sqlite3\n\n"
    'db = sqlite3.connect(":memory:")\n'
    'db.executescript("""\n'
    "CREATE TABLE film (id INTEGER PRIMARY KEY, title TEXT, year INTEGER);\n"
    "CREATE TABLE rating (film_id INTEGER, stars INTEGER);\n"
    "INSERT INTO film VALUES (1, 'Stalker', 1979), (2, 'Solaris', 1972), (3, 'Mirror', 1975);\n"
    "INSERT INTO rating VALUES (1, 5), (1, 4), (2, 3), (2, 4), (2, 5), (1, 5);\n"
    '""")'
)

TASKS = (
    NotebookTask(
        name="domains-of-addresses",
        family="text",
        cells=(_MAILS,),
        request=(
            "Add a column domain to people: what comes after the @ of each address, in lower case, and missing (None or NaN) "
            "where there is no @."
        ),
        check="_d = list(people['domain'])\nassert _d[:4] == ['math.org', 'bletchley.uk', 'navy.mil', 'math.org']\n"
        "import pandas as pd\nassert pd.isna(_d[4])",
        reference=Work('people["domain"] = people["mail"].str.extract(r"@(.+)$")[0].str.lower()'),
        wrong=(
            Work('people["domain"] = people["mail"].str.split("@").str[-1].str.lower()'),
            Work('people["domain"] = people["mail"].str.extract(r"@(.+)$")[0]'),
            Work('people["domain"] = people["mail"].str.split("@").str[0].str.lower()'),
        ),
    ),
    NotebookTask(
        name="most-frequent-word",
        family="text",
        cells=('text = "The sea, the sea! Once more the sea; and once more, the Sea of seas."',),
        request="Which word is the most frequent in text, capital letters and punctuation aside, and how often is it there?",
        check='assert mentions(ANSWER, "the")\nassert 4 in numbers(ANSWER) or mentions(ANSWER, "four")\n'
        'assert any(mentions(ANSWER, w) for w in ("\\"the\\"", "\'the\'", "“the”", "`the`", "*the*", "sea"))',
        reference=Work(
            "import re\nfrom collections import Counter\n\n"
            'print(Counter(re.findall(r"[a-z]+", text.lower())).most_common(3))',
            "“the” and “sea” are the most frequent, each 4 times.",
        ),
        wrong=(
            Work(answer="“once” is the most frequent: 2 times."),
            Work(answer="“sea” is the most frequent: 3 times."),
            Work(answer="“the” is the most frequent: 3 times."),
        ),
    ),
    NotebookTask(
        name="parse-a-log",
        family="text",
        cells=(_LOG,),
        request=(
            "Parse log into a DataFrame called events with the columns time (a real timestamp), level, what, and ms (a "
            "number; missing where the line has none): one row for each line."
        ),
        check="import pandas as pd\nassert len(events) == 5\nassert pd.api.types.is_datetime64_any_dtype(events['time'])\n"
        "assert list(events['level'].str.strip()) == ['INFO', 'ERROR', 'INFO', 'WARN', 'ERROR']\n"
        "assert list(events['what'].str.strip()) == ['start', 'load', 'load', 'retry', 'save']\n"
        "assert pd.isna(events['ms'].iloc[3]) and float(events['ms'].sum()) == 762.0",
        reference=Work(
            "import re\n\nimport pandas as pd\n\n"
            'pattern = re.compile(r"^(\\S+ \\S+) (\\w+)\\s+(\\w+)(?: took (\\d+)ms)?$", re.M)\n'
            'events = pd.DataFrame(pattern.findall(log), columns=["time", "level", "what", "ms"])\n'
            'events["time"] = pd.to_datetime(events["time"])\n'
            'events["ms"] = pd.to_numeric(events["ms"], errors="coerce")'
        ),
        wrong=(
            Work(
                "import re\n\nimport pandas as pd\n\n"
                'events = pd.DataFrame(re.findall(r"^(\\S+ \\S+) (\\w+)\\s+(\\w+) took (\\d+)ms$", log, re.M), '
                'columns=["time", "level", "what", "ms"])\n'
                'events["time"] = pd.to_datetime(events["time"])\nevents["ms"] = events["ms"].astype(float)'
            ),
            Work(
                "import pandas as pd\n\n"
                "events = pd.DataFrame([line.split() for line in log.strip().splitlines()])"
            ),
            Work(
                "import re\n\nimport pandas as pd\n\n"
                'found = re.findall(r"^(\\S+ \\S+) (\\w+)\\s+(\\w+)(?: took (\\d+)ms)?$", log, re.M)\n'
                'events = pd.DataFrame(found, columns=["time", "level", "what", "ms"])'
            ),
        ),
    ),
    NotebookTask(
        name="one-spelling",
        family="text",
        cells=(
            "import pandas as pd\n\n"
            'countries = pd.Series(["USA", "usa", "U.S.A.", " Germany", "germany ", "UK", "U.K.", "uk"])',
        ),
        request=(
            "How many different countries are in countries, once dots, blanks around and capital letters are ignored?"
        ),
        check='assert 3 in numbers(ANSWER) or mentions(ANSWER, "three")',
        reference=Work(
            'print(countries.str.replace(".", "").str.strip().str.lower().nunique())',
            "There are 3 countries.",
        ),
        wrong=(
            Work(answer="There are 8 countries."),
            Work(answer="There are 5 countries."),
            Work(answer="There are 6 different spellings."),
        ),
    ),
    NotebookTask(
        name="query-a-database",
        family="sql",
        cells=(_DATABASE,),
        request="Which film in the database db has the best mean of stars, and what is that mean?",
        check='assert mentions(ANSWER, "Stalker")\nassert says(ANSWER, 4.6667)',
        reference=Work(
            'db.execute("SELECT title, AVG(stars) FROM film JOIN rating ON id = film_id GROUP BY id ORDER BY 2 DESC").fetchall()',
            "Stalker has the best mean, 4.67 stars.",
        ),
        wrong=(
            Work(answer="Solaris has the best mean, 4.0 stars."),
            Work(answer="Stalker, with 14 stars."),
            Work(answer="Stalker has the best mean."),
        ),
    ),
    NotebookTask(
        name="make-a-table",
        family="sql",
        cells=(
            _DATABASE,
            'import pandas as pd\n\nplaces = pd.DataFrame({"film_id": [1, 2], "place": ["Tallinn", "Tokyo"]})',
        ),
        request="Write the DataFrame places into the database db as a table called place, without its index.",
        check="_c = db.execute('SELECT * FROM place ORDER BY film_id')\n"
        "assert [d[0] for d in _c.description] == ['film_id', 'place']\n"
        "assert _c.fetchall() == [(1, 'Tallinn'), (2, 'Tokyo')]",
        reference=Work('places.to_sql("place", db, index=False)'),
        wrong=(
            Work('places.to_sql("place", db)'),
            Work('places.to_sql("places", db, index=False)'),
            Work('places.to_csv("place.csv", index=False)'),
        ),
    ),
    NotebookTask(
        name="films-without-rating",
        family="sql",
        cells=(_DATABASE,),
        request=(
            "Make a DataFrame called counts with the columns title and ratings: how many ratings each film in the database db "
            "has, films without any included."
        ),
        check="_n = {t: int(n) for t, n in zip(counts['title'], counts['ratings'])}\n"
        "assert _n == {'Stalker': 3, 'Solaris': 3, 'Mirror': 0}",
        reference=Work(
            "import pandas as pd\n\n"
            'counts = pd.read_sql("SELECT title, COUNT(stars) AS ratings FROM film LEFT JOIN rating ON id = film_id GROUP BY id", db)'
        ),
        wrong=(
            Work(
                "import pandas as pd\n\n"
                'counts = pd.read_sql("SELECT title, COUNT(stars) AS ratings FROM film JOIN rating ON id = film_id GROUP BY id", db)'
            ),
            Work(
                "import pandas as pd\n\n"
                'counts = pd.read_sql("SELECT title, COUNT(*) AS ratings FROM film LEFT JOIN rating ON id = film_id GROUP BY id", db)'
            ),
            Work(
                "import pandas as pd\n\n"
                'counts = pd.read_sql("SELECT title, SUM(stars) AS ratings FROM film LEFT JOIN rating ON id = film_id GROUP BY id", db)'
            ),
        ),
    ),
)
