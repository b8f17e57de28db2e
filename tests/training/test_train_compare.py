"""A tuned model and its base play the same held-out tasks, and a report tells how they differ."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jupyter_codeact.evaluation.records import Case, Episode, Played, Setting, append
from jupyter_codeact.models.catalog.tuned import BaseModelFacts, Manifest, Tuned
from jupyter_codeact.models.open import open_model
from jupyter_codeact.training.finetune.compare import Part, mark, pairs_of, play_parts, write_report
from jupyter_codeact.training.finetune.curve import draw
from jupyter_codeact.training.finetune.errors import TrainingError
from jupyter_codeact.training.finetune.held_out import HeldOutTasks
from jupyter_codeact.training.finetune.losses import Losses
from jupyter_codeact.training.tasks import draw as draw_tasks
from tests.scripted import ScriptedModel


def episode(model: str, name: str, solved: bool) -> Episode:
    return Episode(
        suite="held-out-kinds",
        case=Case(name=name, family="<b>"),
        sample=0,
        model=model,
        setting=Setting(),
        played=Played(strict=solved, success=solved, ending="answered", turns=2),
        seconds=1,
    )


def test_held_out_tasks_are_played_once_and_judged_in_a_real_kernel(tmp_path: Path) -> None:
    import asyncio

    suite = HeldOutTasks("held-out-parameters", 2, seed=3)
    tasks = list(draw_tasks(2, split="held-out-parameters", seed=3))
    setting = Setting(goes_on=False, turns=3)

    async def play() -> list[Episode]:
        with ScriptedModel() as scripted:
            scripted.script([*["I do not know."] * 12])
            model = open_model("scripted", endpoint=scripted.url, api_key=scripted.api_key)
            try:
                first = await play_parts([Part(suite)], model, setting, tmp_path)
                again = await play_parts([Part(suite)], model, setting, tmp_path)
            finally:
                await model.close()
            assert sorted(e.key for e in first) == sorted(e.key for e in again)
            return again

    played = asyncio.run(play())
    assert {e.case.name for e in played} == {task.name for task in tasks}
    assert not any(e.played.strict for e in played)
    assert all(e.played.message and e.played.ending != "crashed" for e in played)
    assert len((tmp_path / "episodes.jsonl").read_text().splitlines()) == 2


def test_new_parameters_are_of_the_kinds_that_are_named() -> None:
    import asyncio

    suite = HeldOutTasks("held-out-parameters", 4, kinds=["lying-bars", "absent-days"])
    assert {case.family for case in asyncio.run(suite.cases())} == {"lying-bars", "absent-days"}


def test_a_kind_that_does_not_exist_is_named() -> None:
    with pytest.raises(ValueError, match="gc-contents"):
        HeldOutTasks("held-out-parameters", 1, kinds=["gc-contents"])


def test_results_of_an_earlier_training_of_the_same_name_are_not_taken(tmp_path: Path) -> None:
    mark(tmp_path, {"small": "a", "small+it": "b"})
    append(tmp_path / "episodes.jsonl", episode("small+it", "1", True))
    mark(tmp_path, {"small": "a", "small+it": "b"})
    mark(tmp_path, {"small": "a", "small+other": "c"})
    for models in ({"small": "a", "small+it": "d"}, {"small": "d", "small+it": "b"}):
        with pytest.raises(
            TrainingError, match=r"are of an earlier small.* Give another folder with --output"
        ):
            mark(tmp_path, models)
    (tmp_path / "models.json").unlink()  # results of which it is not known what played
    with pytest.raises(TrainingError, match=r"an earlier small\+it"):
        mark(tmp_path, {"small": "a", "small+it": "b"})
    assert (tmp_path / "episodes.jsonl").read_text()


def test_another_training_of_the_same_name_is_another_model(tmp_path: Path) -> None:
    facts = BaseModelFacts(name="small", reference="small", sha256="0" * 64)
    one, other = (
        Tuned("small+it", tmp_path, Manifest(base=facts, method="lora", files={"adapter.gguf": value}))
        for value in ("a", "b")
    )
    assert one.sha256 != other.sha256


def test_the_report_has_the_pairs_and_escapes_what_models_and_tasks_wrote(tmp_path: Path) -> None:
    base = [episode("small", str(n), n < 3) for n in range(10)]
    tuned = [episode("small+it", str(n), n < 8) for n in range(10)]
    facts = BaseModelFacts(name="small", reference="small", sha256="0" * 64)
    model = Tuned("small+it", tmp_path, Manifest(base=facts, method="lora"))
    (tmp_path / "curve.svg").write_text(draw([{"step": 0, "held_out": {"all": 2.0}}], "small+it"))
    pairs = pairs_of([Part(HeldOutTasks("held-out-kinds", 1))], base, tuned)
    losses = Losses(conversations=5, base=1.0, tuned=1.1, difference=0.1, low=0.05, high=0.15)
    text = write_report(tmp_path, model, pairs, [*base, *tuned], losses)
    row = "| held-out-kinds | 10 | 3 (30 %) | 8 (80 %) | +50.0 points | "
    assert row in text
    assert "| 0 : 5 | 0.0625 |" in text
    assert "1.000 → 1.100 nats a token" in text
    page = (tmp_path / "report.html").read_text()
    assert "+50.0 points" in page
    assert "<svg" in page
    assert "<b>" not in re.sub(r"<body.*?>", "", page)


def test_the_curve_shows_each_source_and_nothing_of_an_empty_log_breaks_it() -> None:
    log = [
        {"step": 0, "held_out": {"all": 1.5, "oracle": 1.4, "general": 1.6}},
        *({"step": n, "loss": 2.0 / n, "rate": 1e-4, "tokens": n, "seconds": n} for n in range(1, 40)),
        {"step": 39, "held_out": {"all": 0.5, "oracle": 0.4, "general": 1.7}},
    ]
    picture = draw(log, "a & b")
    assert "a &amp; b" in picture
    assert "held-out, general: 1.600 → 1.700" in picture
    assert picture.count("<polyline") == 5
    assert draw([], "nothing").endswith("</svg>\n")
