"""DABench: questions about tables, answered in a fixed form (Hu et al., ICML 2024).

A task is a question about a table in a file. The answer is judged by the values that it names; if it lacks
some, the model is asked once to bring it into the form, as the benchmark does with every answer.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..agent.contracts import ChatModel, ModelError
from . import baselines, dabench_react, playing
from .dabench_scores import grade, named_values, names_in
from .harness import reply_of
from .records import Case, Played, SelfTest, Setting
from .upstream import UpstreamError

FOLDER = Path("examples") / "DA-Agent" / "data"
REQUEST = "The data is in {file}, in the current folder.\n\n{question}\n{constraints}"
FORM = "\n\nEnd the answer in this form, with each value that you found between the brackets:\n{form}"
IN_FORM = "Now write only the values of that answer, each as @name[value], in this form:\n{form}"
"""The question after an answer without the values in the form; it counts as a turn."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question, its table, and the right values by name."""

    number: int
    question: str
    constraints: str
    form: str
    file: str
    level: str
    concepts: tuple[str, ...]
    labels: Mapping[str, str]

    @property
    def name(self) -> str:
        """The name of the task; tasks about the same table share its beginning."""
        return f"{Path(self.file).stem}/{self.number}"

    @property
    def request(self) -> str:
        """The question as a user would ask it, without the form."""
        return REQUEST.format(
            file=self.file, question=self.question.strip(), constraints=self.constraints.strip()
        )


class DABench:
    """The suite, from a checkout of ``InfiAgent/InfiAgent`` (Apache-2.0); nothing is copied from it."""

    name = "dabench"
    formats: Mapping[str, Sequence[str]] = MappingProxyType(
        {"agent": ("markdown", "execute", "tools"), "paper": ("react",), "smolagents": ("code",)}
    )

    def __init__(self, source: Path) -> None:
        folder = source / FOLDER if (source / FOLDER).is_dir() else source
        self._tables = folder / "da-dev-tables"
        questions = _questions(folder)
        present = {each.file for each in questions if (self._tables / each.file).is_file()}
        self._questions = {each.name: each for each in questions if each.file in present}
        self.notes: Sequence[str] = _notes(questions, present)

    async def cases(self) -> list[Case]:
        """Return the questions whose tables are there, in the repository's order; levels are families."""
        return [Case(name=each.name, family=each.level) for each in self._questions.values()]

    async def play(self, case: Case, setting: Setting, model: ChatModel) -> Played:
        """Let an agent answer a question, once."""
        question, request, table = self.posed(case)
        async with playing.open_workspace() as workspace:
            shutil.copy(table, workspace.notebook.folder)

            async def judge(answer: str) -> bool:
                return all(grade(answer, question.labels).values())

            if setting.protocol == "paper":
                request = question.request
                played = await dabench_react.play(workspace, request, setting, model)
            elif setting.protocol == "smolagents":
                played = await baselines.play(workspace, request, setting, model, judge)
            else:
                played = await playing.play(workspace, request, setting, model, judge)
        return await judged(question, request, played, setting, model)

    def posed(self, case: Case) -> tuple[Question, str, Path]:
        """Return a question, how an agent is asked it, and its table, for an agent that plays elsewhere."""
        question = self._questions[case.name]
        return question, question.request + FORM.format(form=question.form), self._tables / question.file

    async def self_test(self) -> SelfTest:
        """Submit each question's own labels, and the form itself."""
        failed, notes = [], list(self.notes)
        for name, question in self._questions.items():
            right = "\n".join(f"@{key}[{value}]" for key, value in question.labels.items())
            if not all(grade(right, question.labels).values()):
                failed.append(f"{name} does not accept its own labels.")
            if any(grade(question.form, question.labels).values()):
                notes.append(f"The form of {name} already has a right value.")
        count = len(self._questions)
        summary = f"{count - len(failed)} of {count} questions accept their own labels."
        return SelfTest(count=count, summary=summary, failed=failed, notes=notes)

    async def close(self) -> None:
        """Do nothing: the suite holds no resources."""


async def judged(
    question: Question, request: str, played: Played, setting: Setting, model: ChatModel
) -> Played:
    """Judge the answer of an episode, in the form, and note the verdict on each value."""
    answer, usage, turns, messages = played.answer, played.usage, played.turns, played.messages
    asked = False
    # what smolagents says when its turns are over counts, as in the other suites
    says_it_late = setting.protocol == "smolagents" and played.ending == "out_of_turns"
    answered = played.ending == "answered" or says_it_late
    if answered and not names_in(question.form) <= named_values(answer).keys():
        chat: list[Any] = [
            {"role": "user", "content": request},
            {"role": "assistant", "content": answer or "I do not know."},
            {"role": "user", "content": IN_FORM.format(form=question.form)},
        ]
        try:
            answer, cost = await reply_of(model, chat, setting)
        except (ModelError, TimeoutError) as error:
            return played.model_copy(
                update={"ending": "failed", "strict": False, "success": False, "message": str(error)}
            )
        messages = [*messages, chat[-1], {"role": "assistant", "content": answer}]
        usage, turns, asked = usage + cost, turns + 1, True
    verdicts = grade(answer if answered else "", question.labels)
    return played.model_copy(
        update={
            "strict": all(verdicts.values()),
            "success": all(verdicts.values()),
            "answer": answer,
            "usage": usage,
            "turns": turns,
            "messages": messages,
            "detail": {
                "right": verdicts,
                "concepts": list(question.concepts),
                "asked_for_form": asked,
            },
        }
    )


def _questions(folder: Path) -> list[Question]:
    """Read the questions and their labels.

    Raises
    ------
    UpstreamError
        If a file is missing or has something else.
    """
    try:
        labels = {item["id"]: dict(item["common_answers"]) for item in _lines(folder / "da-dev-labels.jsonl")}
        return [
            Question(
                number=item["id"],
                question=item["question"],
                constraints=item["constraints"],
                form=item["format"],
                file=item["file_name"],
                level=item["level"],
                concepts=tuple(item["concepts"]),
                labels=labels[item["id"]],
            )
            for item in _lines(folder / "da-dev-questions.jsonl")
        ]
    except FileNotFoundError as error:
        raise UpstreamError(
            f"There is no {error.filename}. Give a checkout of InfiAgent with --source."
        ) from error
    except (KeyError, TypeError, ValueError) as error:
        raise UpstreamError(f"The questions in {folder} are not as expected: {error!r}.") from error


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _notes(questions: Sequence[Question], present: set[str]) -> tuple[str, ...]:
    missing = sorted({each.file for each in questions} - present)
    if not missing:
        return ()
    count = sum(each.file in missing for each in questions)
    return (
        f"The checkout lacks {len(missing)} of the tables ({', '.join(missing)}): "
        f"{count} of {len(questions)} questions are left out.",
    )
