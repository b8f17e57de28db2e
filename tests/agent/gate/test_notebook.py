"""The gate in a notebook: it knows the user's cells, the run's own ones, and whose files are there."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from jupyter_codeact.agent.contracts import Cell, NotebookState
from jupyter_codeact.agent.events import ApprovalRequested
from jupyter_codeact.agent.gate import dangers as d
from jupyter_codeact.agent.gate.gate import ApprovalGate, Decision, decision
from jupyter_codeact.agent.gate.risks import RiskReader
from tests.agent.bench import Bench, block
from tests.agent.gate.test_corpus import CASES


class User:
    """Answers all requests alike."""

    def __init__(self, *, allows: bool) -> None:
        self.allows, self.requests = allows, list[ApprovalRequested]()

    async def __call__(self, requested: ApprovalRequested, source: str) -> Decision:
        self.requests.append(requested)
        return decision(source, allowed=self.allows, reasons=["no"])

    @property
    def reasons(self) -> list[str]:
        return [reason for request in self.requests for reason in request.reasons]


def state(*sources: str, ran: bool = True) -> NotebookState:
    cells = [
        Cell(id=str(at), cell_type="code", source=source, execution_count=at + 1 if ran else None)
        for at, source in enumerate(sources)
    ]
    return NotebookState(cells=cells)


async def test_a_run_is_asked_about_what_the_users_cells_have_imported(bench: Bench) -> None:
    await bench.notebook.write_cell("from shutil import rmtree\nOUT = '/srv/out'")
    user = User(allows=False)
    gate = ApprovalGate(lambda: "risky", user, bench.notebook.path.parent)
    await bench.run(block("rmtree('victim')"), block("open(OUT + '/x', 'w')"), "Done.", gate=gate)
    assert user.reasons == ["deletes files (shutil.rmtree)", "writes outside the working folder (/srv/out/x)"]
    assert bench.events("executed") == []


async def test_a_run_is_asked_before_it_overwrites_a_file_that_it_did_not_make(bench: Bench) -> None:
    folder = bench.notebook.path.parent
    (folder / "data.csv").write_text("precious")
    user = User(allows=False)
    gate = ApprovalGate(lambda: "risky", user, folder)
    own = "with open('own.csv', 'w') as f:\n    f.write('x')"
    await bench.run(block(own), block(own), block(own.replace("own", "data")), "Done.", gate=gate)
    assert user.reasons == ["overwrites a file that this run did not make (data.csv)"]
    assert (folder / "data.csv").read_text() == "precious"
    assert (folder / "own.csv").read_text() == "x"


async def test_a_text_cell_that_fetches_an_address_is_asked_about_before_it_is_there(bench: Bench) -> None:
    user = User(allows=False)
    gate = ApprovalGate(lambda: "risky", user)
    text = "```markdown cell\n# Chart\n![chart](https://example.org/c.png)\n```"
    plain = "```markdown cell\n# Chart\n```"
    await bench.run(text, plain, "Done.", gate=gate)
    assert user.reasons == ["makes the page fetch an address (https://example.org/c.png)"]
    assert await bench.cells() == ["# Chart"]
    assert "did not let this cell run (no)" in bench.last_message(1)


async def test_a_text_cell_waits_for_the_user_if_all_cells_do(bench: Bench) -> None:
    user = User(allows=True)
    await bench.run("```markdown cell\n# Title\n```", "Done.", gate=ApprovalGate(lambda: "always", user))
    assert len(user.requests) == 1
    assert await bench.cells() == ["# Title"]


def test_a_cell_is_read_in_the_order_in_which_the_cells_ran() -> None:
    cells = state("rm = shutil.rmtree", "import shutil").cells
    turned = NotebookState(cells=[cells[0].model_copy(update={"execution_count": 3}), cells[1]])
    assert RiskReader().read("rm('x')", turned) == [f"{d.DELETES} (shutil.rmtree)"]


def test_a_cell_that_the_user_changes_during_a_run_is_read_anew() -> None:
    reader = RiskReader()
    assert reader.read("go('x')", state("from mine import go")) == []
    assert reader.read("go('x')", state("from os import remove as go")) == [f"{d.DELETES} (os.remove)"]


def test_a_file_that_a_refused_cell_would_have_made_is_still_the_users() -> None:
    reader, notebook = RiskReader(), NotebookState(files=["data.csv"])
    for _ in range(2):
        assert reader.read("df.to_csv('data.csv')", notebook) == [f"{d.OVERWRITES} (data.csv)"]
    reader.record("df.to_csv('data.csv')")
    assert reader.read("df.to_csv('data.csv')", notebook) == []


def test_a_link_in_the_folder_that_leads_out_of_it_is_outside(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "work", Path(__file__).parent
    folder.mkdir()
    (folder / "link").symlink_to(elsewhere)
    assert RiskReader(folder).read("open('link/x', 'w')") == [f"{d.OUTSIDE} (link/x)"]


@pytest.mark.parametrize(
    "source",
    [
        "x = " + "+".join(["1"] * 1500),
        "x = " + " ".join(["1 if a else"] * 900) + " 2",
        "if a:\n    pass\n" + "".join(f"elif a == {n}:\n    pass\n" for n in range(3000)),
        "(" * 3000 + ")" * 3000,
        "x" + ".a" * 20_000,
        "x = " + "lambda: " * 900 + "1",
        "\n".join(f"def f{n}(a):\n    return f{n - 1}(a + '1') + f{n - 1}(a + '2')" for n in range(200))
        + "\nf199('')",
        "\n".join(f"x{n} = x{n - 1} + 'a'" for n in range(3000)),
        "x = [" + ", ".join(f"'{n}'" for n in range(20_000)) + "]",
    ],
    ids=["sum", "ternary", "elif", "parentheses", "attributes", "lambdas", "calls", "assignments", "list"],
)
def test_code_too_deep_or_too_long_is_asked_about_and_never_an_error(source: str) -> None:
    reader = RiskReader()
    reader.read(source)
    assert reader.read(f"{source}\nimport os\nos.remove('x')") != []


@given(st.text(alphabet=st.characters(), max_size=80))
def test_any_text_can_be_read(source: str) -> None:
    reader = RiskReader()
    reader.read(source)
    reader.read_markdown(source)


ALPHABET = [
    "x = 1",
    "!ls",
    "%sx ls",
    "  ",
    "\n",
    "\r",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x85",
    "\u2028",
    "#",
    "'",
    '"""',
]
ALPHABET += [
    "(",
    ")",
    "if x:",
    "    ",
    "%%bash\n",
    "%%memit\n",
    "x?",
    ";",
    ",os.remove a",
    "\\",
    ">>> ",
    "In [1]: ",
]


@pytest.mark.filterwarnings("ignore")  # IPython's and Python's, of such cells
@given(st.lists(st.sampled_from(ALPHABET), min_size=1, max_size=7).map("".join))
def test_whatever_ipython_passes_to_a_shell_is_asked_about(source: str) -> None:
    try:
        python = TransformerManager().transform_cell(source)
        compile(python, "cell", "exec")
    except (SyntaxError, ValueError):
        return  # such a cell does not run
    calls = ("get_ipython().system(", "get_ipython().getoutput(", "'sx',", "'bash',")
    code = [line for line in python.splitlines() if not line.lstrip().startswith("#")]
    if any(
        line.lstrip().startswith(("get_ipython", "x = get_ipython")) and call in line
        for line in code
        for call in calls
    ):
        assert RiskReader().read(source) != []


def test_the_corpus_has_cells_that_ipython_reads_otherwise_than_python() -> None:
    assert sum("\u2028" in case["action"] or "\x0c" in case["action"] for case in CASES) >= 2


def test_the_files_beside_one_notebook_are_not_those_of_another_with_the_same_cells() -> None:
    cells = [Cell(id="a", cell_type="code", source="import numpy as np  # theirs", execution_count=1)]
    saves = "np.save('weights', [1])"
    for files, risks in ((["weights.npy"], 1), ([], 0), (["weights.csv"], 0)):
        state = NotebookState(cells=cells, files=files)
        assert len(RiskReader("/home/user/work").read(saves, state)) == risks
