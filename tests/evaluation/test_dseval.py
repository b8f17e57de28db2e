"""DSEval: an agent's cells are judged by the benchmark's validators, on a small copy of its layout."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jupyter_codeact.evaluation import report
from jupyter_codeact.evaluation.dseval import DSEval, as_cell
from jupyter_codeact.evaluation.records import Episode, Played, Setting
from jupyter_codeact.evaluation.upstream import Upstream, UpstreamError
from jupyter_codeact.models.open import EndpointModel
from tests.scripted import ScriptedModel

_PROBLEM = """
import yaml

from .validator import Validator


class Problem:
    def __init__(self, code, question=None, execution=None):
        self.reference_code, self.question, self.execution = code, question, execution
        self.is_complete, self.validator = question is not None, Validator()


class Session:
    def __init__(self, path):
        self.name, self.problems = path.stem, []
        inputs = path.parent / "_inputs"
        self.data_directory = inputs if inputs.exists() else None
        for part in path.read_text().split("# %%\\n")[1:]:
            _, setup, code = part.split('\"\"\"') if part.startswith('\"\"\"') else ("", "", part)
            self.problems.append(Problem(code.strip(), **(yaml.safe_load(setup) or {})))
        self.num_complete = sum(each.is_complete for each in self.problems)

    def __iter__(self):
        return iter(self.problems)


class Benchmark(list):
    @classmethod
    def frompath(cls, folder):
        if (folder / "broken.py").exists():
            raise ValueError("Invalid test case (#0)")
        benchmark = cls(Session(path) for path in sorted(folder.glob("*.py")))
        benchmark.name = yaml.safe_load((folder / "_manifest.yaml").read_text())["name"]
        return benchmark
"""
_SIMULATION = """
import ast
import copy
from types import SimpleNamespace


class Environment:
    def __init__(self):
        self.namespace, self.last_cell = {}, None

    def fork(self):
        other = Environment()
        other.namespace = {
            name: value if name == "__builtins__" else copy.deepcopy(value)
            for name, value in self.namespace.items()
        }
        return other

    def execute(self, code, raise_error=False, max_time=1):
        before, result, error = copy.copy(self.namespace), None, None
        tree = ast.parse(code)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        try:
            exec(ast.unparse(tree), self.namespace)
            result = eval(ast.unparse(last), self.namespace) if last else None
        except Exception as raised:
            if raise_error:
                raise
            error = repr(raised)
        changed = {name for name, value in before.items() if self.namespace.get(name) is not value}
        self.last_cell = SimpleNamespace(output={"result": result, "error": error, "changed": changed})
"""
_VALIDATOR = """
from types import SimpleNamespace


class Validator:
    def validate(self, reference, submission):
        if submission["error"]:
            return "CRASH", submission["error"]
        if submission["changed"] - reference["changed"]:
            return "INTACT_VIOLATION", "changed"
        if submission["result"] != reference["result"]:
            return "WRONG_OUTPUT", f"{submission['result']} is not {reference['result']}"
        return "CORRECT", ""


def validator_comments_to_verdict(comments):
    verdict, reason = comments
    return SimpleNamespace(value=verdict), SimpleNamespace(value="UNCATEGORIZED"), reason
"""
_SHOP = '''# %%
prices = [int(line) for line in open("inputs/prices.txt")]
# %%
"""
question: What is the sum of the prices?
"""
total = sum(prices)
total
# %%
"""
question: And twice the total?
"""
2 * total
'''
_LOST = '# %%\n"""\nquestion: What does the file say?\n"""\nopen("inputs/lost.txt").read()\n'

AGENT = Setting()
SMOLAGENTS = Setting(protocol="smolagents", format="code", turns=3)
CARRIED = Setting(propagate_errors=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Write a small dseval repository with two sessions, one of them without its input file."""
    package, problems = tmp_path / "dseval", tmp_path / "benchmarks" / "shop"
    (problems / "_inputs").mkdir(parents=True)
    package.mkdir()
    (package / "__init__.py").write_text("import a_package_that_only_agents_need\n")
    for name, text in (("problem", _PROBLEM), ("simulation", _SIMULATION), ("validator", _VALIDATOR)):
        (package / f"{name}.py").write_text(text)
    (problems / "_manifest.yaml").write_text("name: Shop\nversion: 1\n")
    (problems / "_inputs" / "prices.txt").write_text("3\n4\n")
    (problems / "day.py").write_text(_SHOP)
    (problems / "lost.py").write_text(_LOST)
    return tmp_path


@pytest.fixture
async def suite(checkout: Path) -> AsyncIterator[DSEval]:
    suite = DSEval(checkout)
    yield suite
    await suite.close()


async def test_problems_without_their_input_files_are_left_out_and_named(suite: DSEval) -> None:
    cases = await suite.cases()
    assert [(case.name, case.family) for case in cases] == [("shop/day/01", "Shop"), ("shop/day/02", "Shop")]
    assert suite.notes == (
        "The checkout lacks 1 of the input files (lost.txt): 1 problems of 1 sessions are left out.",
    )
    tested = await suite.self_test()
    assert (tested.count, tested.failed) == (2, [])
    assert tested.summary == "2 of 2 accept their reference."


async def test_the_cells_that_the_agent_leaves_are_judged_after_the_reference_solutions(
    suite: DSEval, served: ScriptedModel, model: EndpointModel
) -> None:
    [_, case] = await suite.cases()
    served.script(["```python\n2 * totl\n```", "```python\ndouble = 2 * total\ndouble\n```", "It is 14."])
    played = await suite.play(case, AGENT, model)
    assert (played.strict, played.detail["verdict"]) == (True, "CORRECT")
    assert played.detail["code"] == "double = 2 * total\ndouble"
    assert "total = sum(prices)" in played.messages[1]["content"]


async def test_a_submission_must_show_the_result_and_keep_the_variables(
    suite: DSEval, served: ScriptedModel, model: EndpointModel
) -> None:
    [case, _] = await suite.cases()
    served.script(["```python\nprices = sum(prices)\nprices\n```", "It is 7."])
    changed = await suite.play(case, AGENT, model)
    served.script(["```python\nprint(sum(prices))\n```", "It is 7."])
    printed = await suite.play(case, AGENT, model)
    verdicts = [each.detail["verdict"] for each in (changed, printed)]
    assert verdicts == ["INTACT_VIOLATION", "WRONG_OUTPUT"]
    assert [changed.success, printed.success] == [False, False]


async def test_earlier_mistakes_are_shown_but_the_variables_are_the_references(
    suite: DSEval, served: ScriptedModel, model: EndpointModel
) -> None:
    [first, second] = await suite.cases()
    served.script(
        [
            "```python\ntotal = max(prices)\ntotal\n```",
            "It is 4.",
            "```python\n2 * total\n```",
            "It is 14.",
        ]
    )
    later = await suite.play(second, CARRIED, model)  # plays the first, too
    assert (later.strict, later.detail["code"]) == (True, "2 * total")
    opening = later.messages[1]["content"]
    assert "total = max(prices)" in opening
    assert "total = sum(prices)" not in opening
    assert (await suite.play(first, CARRIED, model)).detail["verdict"] == "WRONG_OUTPUT"


async def test_the_baselines_final_answer_is_the_result_of_its_code(
    suite: DSEval, served: ScriptedModel, model: EndpointModel
) -> None:
    [case, _] = await suite.cases()
    served.script(
        ["<code>\nnothing\n</code>", "<code>\nsumme = sum(prices)\nfinal_answer(summe)\n</code>"],
    )
    played = await suite.play(case, SMOLAGENTS, model)
    assert (played.strict, played.detail["code"]) == (True, "summe = sum(prices)\nsumme")


def test_final_answers_become_values() -> None:
    assert as_cell(["x = 1", "final_answer(answer=x)"]) == "x = 1\n\nx"
    assert as_cell(["final_answer(f(final_answer, 2))"]) == "f(final_answer, 2)"
    assert as_cell(["final_answer("]) == "final_answer("


async def test_what_is_no_checkout_or_does_not_fit_these_packages_is_an_error(
    checkout: Path, tmp_path: Path
) -> None:
    (checkout / "benchmarks" / "shop" / "broken.py").touch()
    for source, words in (
        (checkout, r'"pandas<3" in an environment'),
        (tmp_path / "dseval", "has no dseval"),
    ):
        process = Upstream("dseval_worker", source)
        try:
            with pytest.raises(UpstreamError, match=words):
                await process.call("problems")
        finally:
            await process.close()


async def test_the_report_has_pass_rates_beside_the_published_ones(suite: DSEval) -> None:
    episodes = []
    for case, verdict in zip(await suite.cases(), ("CORRECT", "PRESENTATION_ERROR"), strict=True):
        right = verdict == "CORRECT"
        played = Played(
            strict=right, success=right, ending="answered", turns=2, detail={"verdict": verdict, "code": ""}
        )
        episodes.append(
            Episode(
                suite="dseval", case=case, sample=0, model="m", setting=CARRIED, played=played, seconds=1.0
            )
        )
    text = report.markdown(episodes)
    assert "| m, agent, markdown, own errors carried on | Shop | 2 | 50.0 | 50.0 | 100.0 |" in text
    assert "| CoML, gpt-3.5-turbo | all | 825 | 67.9 |" in text
