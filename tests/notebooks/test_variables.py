"""The kernel's variables are read from a real kernel, and the kernel does not notice."""

from __future__ import annotations

import ast
from collections.abc import AsyncIterator

import pytest
from jupyter_client.asynchronous.client import AsyncKernelClient

from jupyter_codeact.notebooks.variables import EXPRESSION, read
from tests.notebooks.cells import bare_kernel, execute

PATIENT = 60.0
DEFINED = """
import numpy as np, pandas as pd
from math import sqrt
penguins = pd.DataFrame({"species": ["Adelie", "Gentoo"], "mass_g": [3700.0, 5050.0]})
masses = penguins["mass_g"]
mean = masses.mean()
text = "words" * 1000
nested = {"a": [1, 2]}
grid = np.zeros((3, 4))
year, rate, ready = 2024, 0.5, True
name, password = "Palmer", "hunter2"
rows, keys = [{"a": 1}] * 20, [{"api_key": "hunter2"}] * 20
options = {"depth": 3, "seed": 7}
def heaviest(table: pd.DataFrame, count: int = 1) -> list:
    "Name the heaviest animals."
class Trap:
    touched = False
    def __repr__(self):
        Trap.touched = True
        return "trap"
    def __getattr__(self, name):
        Trap.touched = True
        raise AttributeError(name)
trap = Trap()
_hidden = 1
"""


@pytest.fixture
async def kernel() -> AsyncIterator[AsyncKernelClient]:
    async with bare_kernel() as client:
        yield client


async def test_variables_are_described_by_type_shape_and_columns(kernel: AsyncKernelClient) -> None:
    await execute(kernel, DEFINED)
    described = {
        variable.name: f"{variable.type} {variable.summary}"
        for variable in await read(kernel, timeout=PATIENT)
    }
    assert described["penguins"].startswith("DataFrame 2 rows x 2 columns: 'species' ")
    assert described["penguins"].endswith("'mass_g' float64")
    assert described["masses"] == "Series 2 values, float64"
    assert described["grid"] == "ndarray shape (3, 4), float64"
    assert described["year"] == "int = 2024"
    assert described["rate"] == "float = 0.5"
    assert described["mean"] == "float64 = 4375.0"
    assert described["name"] == "str = 'Palmer'"
    assert described["options"] == "dict = {'depth': 3, 'seed': 7}"
    assert described["nested"] == "dict 1 keys: 'a'"
    assert described["text"] == f"str length 5000, begins {('words' * 40)!r}"
    assert described["rows"] == "list length 20, begins with {'a': 1}"
    assert described["keys"] == "list length 20"
    assert described["heaviest"].endswith("-> list: 'Name the heaviest animals.'")
    assert described["password"] == "str length 7"
    assert not {"np", "pd", "sqrt", "_hidden", "In", "Out"} & set(described)


async def test_missing_values_are_counted_where_there_are_some(kernel: AsyncKernelClient) -> None:
    await execute(
        kernel,
        """
import pandas as pd
birds = pd.DataFrame({"sex": ["f", None, "m"], "mass_g": [3700.0, None, float("nan")], "year": [1, 2, 3]})
birds.insert(3, "sex", [None, 1, 2], allow_duplicates=True)
masses = birds["mass_g"]
wide = pd.DataFrame({"a": [None] * 600_000, "b": [None] * 600_000})
""",
    )
    described = {variable.name: variable.summary for variable in await read(kernel, timeout=PATIENT)}
    said = described["birds"].split(": ", 1)[1].split(", ")
    assert [one.partition(" (")[2] for one in said] == ["1 missing)", "2 missing)", "", "1 missing)"]
    assert described["masses"] == "3 values, float64 (2 missing)"
    # what takes long is left out; what was defined last is looked at first
    assert described["wide"] == "600000 rows x 2 columns: 'a' object (600000 missing), 'b' object"


async def test_reading_leaves_no_trace_and_runs_none_of_the_users_code(kernel: AsyncKernelClient) -> None:
    await execute(kernel, DEFINED)
    await execute(kernel, "41 + 1")
    before = await execute(kernel, "len(In), sorted(globals())", user_expressions={"_": "_"})
    await read(kernel, timeout=PATIENT)
    after = await execute(kernel, "None", user_expressions={"_": "_", "n": "len(In)", "t": "Trap.touched"})
    assert after["execution_count"] == before["execution_count"] + 1
    assert after["user_expressions"]["t"]["data"]["text/plain"] == "False"
    assert "42" not in after["user_expressions"]["_"]["data"]["text/plain"]
    names = await execute(
        kernel, "None", user_expressions={"x": "'describe' in globals() or 'json' in globals()"}
    )
    assert names["user_expressions"]["x"]["data"]["text/plain"] == "False"


async def test_a_busy_kernel_is_not_waited_for(kernel: AsyncKernelClient) -> None:
    kernel.execute("import time\nwhile True: time.sleep(0.01)")
    assert await read(kernel, timeout=0.3) is None


def test_the_code_for_the_kernel_is_python_of_any_kernel_there_still_is() -> None:
    [code] = [
        node.value
        for node in ast.walk(ast.parse(EXPRESSION))
        if isinstance(node, ast.Constant) and "def " in str(node.value)
    ]
    assert "def is_secret_name" in code
    ast.parse(code, feature_version=(3, 6))
