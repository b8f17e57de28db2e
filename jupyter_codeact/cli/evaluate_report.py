"""``jupyter codeact eval report`` and ``show``: what came of an evaluation, counted and read."""

from __future__ import annotations

from pathlib import Path

import click

_RESULTS = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("report")
@click.argument("results", nargs=-1, required=True, type=_RESULTS)
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values instead of Markdown.")
@click.option(
    "--html",
    "page",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a page instead: figures, and all runs side by side, by family and task, with trajectories.",
)
@click.option("--families/--no-families", default=True, help="Whether to list each family of tasks too.")
@click.option(
    "--compare", is_flag=True, help="Compare two runs on the tasks they share: of two files, or both in one."
)
def report(results: tuple[Path, ...], as_csv: bool, page: Path | None, families: bool, compare: bool) -> None:
    """Summarize RESULTS."""
    from ..evaluation import comparison
    from ..evaluation import report as reports
    from ..evaluation.records import load
    from ..evaluation.runs import runs_of

    files = {str(path): list(load([path])) for path in results}
    episodes = [episode for each in files.values() for episode in each]
    if not episodes:
        raise click.UsageError("There is no episode in these files.")
    if compare:
        sides = list(files.values())
        names = ["the first", "the second"]
        if len(files) == 1:
            runs = runs_of(files)
            sides, names = [list(run.episodes) for run in runs], [f"“{run.name}”" for run in runs]
        if len(sides) != 2:
            raise click.UsageError("--compare takes two runs: two files, or one that has both.")
        click.echo(comparison.compare(*sides).sentences(*names))
        return
    if page:
        from ..evaluation.page import html
        from ..notebooks.saving import reason, replace_file

        try:
            replace_file(page, html(files).encode())
        except OSError as error:
            raise click.ClickException(f"The report cannot be written to {page}: {reason(error)}.") from error
        click.echo(f"The report is in {page}.")
        return
    click.echo(
        reports.as_csv(episodes) if as_csv else reports.markdown(episodes, families=families), nl=False
    )


@click.command("show")
@click.argument("results", type=_RESULTS)
@click.argument("task")
def show(results: Path, task: str) -> None:
    """Print the trajectories of TASK in RESULTS: what the model saw and said, and what ran.

    TASK is a task's name, or a part of it.
    """
    from ..evaluation.reading import as_text
    from ..evaluation.records import load

    episodes = list(load([results]))
    found = [one for one in episodes if one.case.name == task] or [
        one for one in episodes if task.lower() in f"{one.case.family}/{one.case.name}".lower()
    ]
    names = sorted({one.case.name for one in found})
    if not found:
        raise click.UsageError(f"{results} has no task like “{task}”.")
    if len(names) > 1:
        raise click.UsageError(f"“{task}” may be {', '.join(names[:10])}{' …' if len(names) > 10 else ''}.")
    for episode in found:
        click.echo(as_text(episode))
