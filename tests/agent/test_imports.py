"""A correction keeps the imports of the failed cell that it replaces."""

from __future__ import annotations

import pytest

from jupyter_codeact.agent.hooks.imports import with_imports
from tests.agent.bench import Bench, block

ATTEMPT = "import os, json\nimport os.path as place\nfrom math import pi, sqrt as root\nfail"
FUTURE = "from __future__ import annotations"


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("print(pi)", "from math import pi\n\nprint(pi)"),
        ("print(os, root)", "import os\nfrom math import sqrt as root\n\nprint(os, root)"),
        ("place.sep", "import os.path as place\n\nplace.sep"),
        ("!pip install x\njson.dumps(1)", "!pip install x\nimport json\n\njson.dumps(1)"),
        ("!pip \\\n  install x\n\npi", "!pip \\\n  install x\nfrom math import pi\n\n\npi"),
        ("%%time\npi", "%%time\nfrom math import pi\n\npi"),
        (
            "from __future__ import annotations\npi",
            "from __future__ import annotations\nfrom math import pi\n\npi",
        ),
        ("%%bash\npi", None),
        ("print(1)", None),
        ("from math import pi\npi", None),
        ("import os\nos.sep", None),
        ("pi = 3\npi", None),
        ("def root(): ...\nroot()", None),
        ("pi (", None),
        ("# pi", None),
    ],
)
def test_used_imports_that_are_missing_are_added_at_the_top(source, kept):
    assert with_imports(source, ATTEMPT) == (kept or source)


def test_an_attempt_that_cannot_be_parsed_adds_no_imports():
    assert with_imports("pi", "from math import pi\nfail (") == "pi"


async def test_a_corrected_cell_runs_on_its_own(bench: Bench) -> None:
    end = await bench.run(block("from math import pi", "print(pie)"), block("print(pi)"), "It is 3.14.")
    assert end.ending == "answered"
    assert await bench.cells() == ["from math import pi\n\nprint(pi)"]


async def test_a_cell_after_a_successful_one_is_not_changed(bench: Bench) -> None:
    await bench.run(block("from math import pi", "print(pi)"), block("print(pi + 1)"), "It is 4.14.")
    assert await bench.cells() == ["from math import pi\nprint(pi)", "print(pi + 1)"]
