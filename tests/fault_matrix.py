"""What goes wrong, where the user asked: what happens then, and the tests that hold it.

``docs/faults.md`` shows it to readers; ``python -m tests.fault_matrix`` writes that page anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FRONTENDS = ("command line", "page", "%codeact")
PAGE = Path(__file__).parents[1] / "docs" / "faults.md"

CLI = "cli/test_faults.py::test_a_run_ends_with_a_sentence_a_record_and_a_valid_notebook"
CLI_KILLED = "cli/test_faults.py::test_a_command_that_is_killed_leaves_a_record_that_the_next_one_ends"
ON_PAGE = "server/test_faults.py::test_a_run_ends_with_a_sentence_and_a_record_and_the_kernel_goes_on"
IN_SHELL = "shell/test_faults.py::test_a_run_ends_with_a_sentence_and_a_record_and_the_kernel_goes_on"
SERVER_KILLED = (
    "server/test_killed.py::test_what_the_page_was_told_is_there_after_a_kill_and_the_run_has_an_end"
)
SHELL_KILLED = "shell/test_faults.py::test_a_kernel_that_is_killed_leaves_a_record_with_an_end"
SHELL_NO_JOURNAL = "shell/test_faults.py::test_without_a_journal_the_user_is_told_once_and_runs_go_on"
SHELL_UNWRITABLE = (
    "shell/test_faults.py::test_a_journal_that_cannot_be_written_ends_the_run_and_the_next_one_works"
)
FLOOD = "ui/test_live.py::test_a_cell_that_shows_more_than_it_can_keep_is_stopped_and_page_and_server_go_on"
ENGINE = (
    "models/test_supervisor.py::test_a_reply_whose_engine_dies_is_asked_for_again_of_a_new_one",
    "models/test_local.py::test_an_engine_killed_in_mid_reply_is_said_and_the_next_reply_has_a_new_one",
    "models/test_hosting.py::test_the_engine_ends_with_its_parent_however_that_ends",
)
"""The engine is below all frontends: what is not mended there reaches them as any error of an endpoint."""


@dataclass(frozen=True)
class Held:
    """What happens, and the tests that hold it, below ``tests/``."""

    what: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Impossible:
    """Why it cannot happen there."""

    why: str


Cell = Held | Impossible

NO_PAGE = Impossible("It has no page.")
IN_NO_FILE = Impossible("Its cells are in no file of CodeAct's; Jupyter saves the notebook.")
ITS_KERNEL = Held(
    "The run is part of the kernel's process: both end, and the record, which has all until then, gets an end "
    "when the conversation is shown.",
    (SHELL_KILLED,),
)
SERVED = Held(
    "The page says that it cannot reach the server. When it is back, the conversation is there with all that "
    "was shown, the run has an end, and the next task works.",
    (
        SERVER_KILLED,
        "ui/test_trouble.py::test_a_server_that_goes_away_is_missed_and_its_conversation_comes_back",
    ),
)
CUT_OFF = Held(
    "The command is gone, and its kernel ends with it. The notebook has the cells until a moment before; `--resume` goes "
    "on in it, and says that the run was cut off.",
    (CLI_KILLED,),
)


def all_alike(what: str, *tests: str) -> dict[str, Cell]:
    return dict.fromkeys(FRONTENDS, Held(what, tests))


def each(command_line: Cell, page: Cell, magic: Cell) -> dict[str, Cell]:
    return dict(zip(FRONTENDS, (command_line, page, magic), strict=True))


MATRIX: dict[str, dict[str, Cell]] = {
    "The kernel is killed": each(
        Held(
            "The run ends and says that the kernel died; the notebook keeps what was printed.",
            (CLI, "cli/test_run.py::test_when_the_kernel_dies_the_notebook_is_valid_and_the_reason_is_told"),
        ),
        Held(
            "The run ends and says that the kernel died; the cell keeps its output. With a new kernel, the next "
            "task works.",
            (
                "ui/test_trouble.py::test_a_kernel_killed_in_the_agents_cell_ends_the_run_and_its_successor_works",
                "server/test_reconnect.py::"
                "test_a_kernel_that_is_shut_down_while_no_page_is_there_ends_the_run",
            ),
        ),
        ITS_KERNEL,
    ),
    "The kernel is restarted": each(
        Held(
            "Nobody else can restart the kernel of a run. When a cell ends it, the next one gets a fresh kernel, "
            "and the model is told.",
            (
                "notebooks/test_kernel_life.py::"
                "test_when_the_kernel_dies_what_it_printed_is_kept_and_the_next_cell_gets_a_fresh_one",
            ),
        ),
        Held(
            "The run goes on, and the model is told that the variables are gone.",
            ("ui/test_reconnect.py::test_a_kernel_restarted_in_mid_run_is_told_to_the_model",),
        ),
        Held(
            "The run ends with the process, as when it is killed. In the new one, the next task works.",
            ("shell/test_faults.py::test_after_a_restart_the_next_task_works",),
        ),
    ),
    "The page is gone": each(
        NO_PAGE,
        Held(
            "The run goes on, and its cell runs to its end; a page that opens the notebook shows what was missed. "
            "A run whose page does not come back stops, and frees the kernel.",
            (
                "server/test_reconnect.py::"
                "test_a_result_that_came_while_no_page_was_there_is_in_the_next_one",
                "server/test_reconnect.py::TestWithAShortReconnectTime::"
                "test_a_run_whose_page_does_not_come_back_ends_and_frees_the_kernel",
                "server/test_reconnect.py::TestWithAShortReconnectTime::"
                "test_a_question_that_nobody_answers_ends_the_run",
                "ui/test_reconnect.py::test_a_page_reloaded_in_mid_cell_picks_up_the_cell_and_its_result",
            ),
        ),
        Held(
            "A task that a page took up is a run of that page (see there); one inside the cell goes on in the "
            "kernel, which needs no page.",
            (
                "server/test_reconnect.py::"
                "test_a_result_that_came_while_no_page_was_there_is_in_the_next_one",
                "shell/test_magic.py::test_nbconvert_runs_it_inside_the_cell_in_the_users_namespace",
            ),
        ),
    ),
    "Two pages (or two commands) on one notebook": each(
        Held(
            "The cells of both are in the file; what cannot be merged goes beside it, and both are said.",
            (
                "notebooks/test_merging.py::test_two_runs_with_one_output_have_both_their_cells_in_it",
                "notebooks/test_merging.py::test_two_notebooks_that_write_at_once_lose_nothing",
            ),
        ),
        Held(
            "Both show the run, and each can stop it. A cell runs once, on one page; when that one goes, the "
            "other takes over.",
            (
                "server/test_reconnect.py::"
                "test_a_second_page_takes_over_when_the_first_goes_and_no_cell_runs_twice",
                "ui/test_reconnect.py::"
                "test_two_pages_on_one_notebook_run_a_cell_once_and_one_takes_over_from_the_other",
                "ui/test_trouble.py::test_a_second_page_sees_the_run_and_can_stop_it",
            ),
        ),
        Impossible("The page that executed the cell takes the task up; then it is a run of that page."),
    ),
    "The engine is killed": all_alike(
        "Another is started, and the reply asked for again; if that fails, too, the run ends and says so. No "
        "engine outlives the program that started it.",
        *ENGINE,
    ),
    "Killed with `kill -9`, asking the model": each(CUT_OFF, SERVED, ITS_KERNEL),
    "Killed with `kill -9`, while a reply streams": each(CUT_OFF, SERVED, ITS_KERNEL),
    "Killed with `kill -9`, waiting for approval": each(CUT_OFF, SERVED, ITS_KERNEL),
    "Killed with `kill -9`, while a cell runs": each(CUT_OFF, SERVED, ITS_KERNEL),
    "Killed with `kill -9`, writing the notebook": each(
        Held(
            "The file is the old one or the new one, whole: it is replaced in one step.",
            (
                "notebooks/test_headless.py::test_the_file_is_valid_at_every_moment",
                "notebooks/test_document.py::test_while_a_file_is_being_written_its_folder_shows_nothing_of_it",
            ),
        ),
        SERVED,
        IN_NO_FILE,
    ),
    "The terminal is closed (SIGHUP)": each(
        Held(
            "The run stops as with Ctrl-C, and is recorded; with `nohup` it goes on.",
            ("cli/test_faults.py::test_a_terminal_that_is_closed_stops_the_run_which_is_recorded",),
        ),
        Impossible("The server has the run, and the page no terminal."),
        Impossible("IPython has the terminal; to its end, the run is part of it."),
    ),
    "Standard output is full or closed": each(
        Held(
            "The run stops, says why on standard error, and is recorded.",
            (
                "cli/test_faults.py::test_output_on_a_full_disk_stops_the_run_which_is_recorded",
                "cli/test_signals.py::test_a_reader_that_goes_away_stops_the_run_quietly",
            ),
        ),
        Impossible("It writes to no standard output."),
        Impossible("The cell's output goes to Jupyter, not to a file."),
    ),
    "The disk is full: the notebook": each(
        Held(
            "The run ends before the first cell runs, and says so; a file that was there stays as it was.",
            (
                "agent/test_shared_file.py::test_a_full_disk_is_found_out_before_anything_runs",
                "notebooks/test_document.py::"
                "test_when_the_disk_is_full_the_file_stays_as_it_was_and_nothing_is_left_behind",
            ),
        ),
        Impossible("JupyterLab saves the notebook, and says itself when it cannot."),
        IN_NO_FILE,
    ),
    "The disk is full: the journal": each(
        Held(
            "The run ends before more is done, and says to make room; what was recorded stays.",
            ("cli/test_faults.py::test_a_journal_on_a_full_disk_ends_the_run_before_more_is_done",),
        ),
        Held(
            "The run ends before more is done, and says to make room; what was recorded stays, and with room "
            "the next task works.",
            ("server/test_faults.py::test_a_journal_on_a_full_disk_ends_the_run_before_more_is_done",),
        ),
        Held(
            "The run ends before more is done, and says to make room; what was recorded stays, and with room "
            "the next task works.",
            (SHELL_UNWRITABLE,),
        ),
    ),
    "The journal is locked": each(
        Held(
            "After 10 s the command ends, and says that another program uses the file; nothing was done.",
            (
                "cli/test_faults.py::"
                "test_a_journal_that_another_program_locks_is_told_before_anything_is_done",
            ),
        ),
        Held(
            "The run waits, and can be stopped; everything else is answered meanwhile.",
            (
                "server/test_journal.py::test_while_another_program_locks_the_journal_pages_are_answered_and_"
                "a_run_can_be_stopped",
            ),
        ),
        Held(
            "After 10 s the run ends, and says that another program uses the file; the next one works.",
            (SHELL_UNWRITABLE,),
        ),
    ),
    "The journal is damaged": each(
        Held(
            "It says so and what to do, and works without keeping the conversation; the file is left alone.",
            ("cli/test_faults.py::test_a_damaged_journal_is_told_and_the_run_goes_on_without_it",),
        ),
        Held(
            "It says so and what to do, and works without keeping conversations; the file is left alone.",
            ("server/test_faults.py::test_a_damaged_journal_is_told_and_the_run_goes_on_without_it",),
        ),
        Held(
            "It says so, once, and works without keeping the conversation; the file is left alone.",
            (SHELL_NO_JOURNAL,),
        ),
    ),
    "The journal cannot be written (read-only)": each(
        Held(
            "It says so, and works without keeping the conversation.",
            ("cli/test_faults.py::test_with_a_read_only_folder_the_run_goes_on_without_a_journal",),
        ),
        Held(
            "It says so, and works without keeping conversations.",
            (
                "server/test_journal.py::"
                "test_without_a_journal_the_page_is_told_and_conversations_work_from_memory",
            ),
        ),
        Held(
            "It says so, once, and works without keeping the conversation.",
            (SHELL_NO_JOURNAL,),
        ),
    ),
    "The endpoint answers 429": each(
        *(
            Held("It is asked again if it names a short wait; else the run ends with its words.", (test,))
            for test in (CLI, ON_PAGE, IN_SHELL)
        )
    ),
    "The endpoint answers 500": each(
        *(
            Held("It is asked again, up to four times; then the run ends with its words.", (test,))
            for test in (CLI, ON_PAGE, IN_SHELL)
        )
    ),
    "The endpoint hangs": each(
        Held("The run ends when its `--timeout` is out, or with Ctrl-C, and leaves the connection.", (CLI,)),
        Held("Stop ends the run, and the connection with it.", (ON_PAGE,)),
        Held(
            "Ctrl-C (or Interrupt Kernel) ends the run, and the connection with it.",
            ("shell/test_faults.py::test_an_endpoint_that_hangs_is_left_with_ctrl_c",),
        ),
    ),
    "The endpoint breaks off in the middle": each(
        *(Held("The reply is asked for again and begins anew.", (test,)) for test in (CLI, ON_PAGE, IN_SHELL))
    ),
    "The endpoint answers garbage": each(
        *(
            Held("The run ends with the beginning of what it said, and advice on the address.", (test,))
            for test in (CLI, ON_PAGE, IN_SHELL)
        )
    ),
    "A cell prints without end": each(
        Held("It is interrupted when the time of the run is out; the file keeps a part.", (CLI,)),
        Held(
            "Stop interrupts it; the page keeps what came.",
            (ON_PAGE, FLOOD),
        ),
        Held("Ctrl-C interrupts it; the run ends, and the kernel goes on.", (IN_SHELL,)),
    ),
    "A cell shows a huge image": each(
        *(
            Held("The notebook has it; a model that cannot see it is told in words.", (test,))
            for test in (CLI, ON_PAGE, IN_SHELL)
        )
    ),
    "A cell calls `input()`": each(
        Held("Nobody is there: it fails at once, and the model is told.", (CLI,)),
        Held(
            "The cell asks below itself, and the panel says that it does.",
            ("ui/test_manners.py::test_a_cell_that_asks_for_input_is_answered_by_the_user",),
        ),
        Held("It asks as any cell does; where nobody can, it fails, and the model is told.", (IN_SHELL,)),
    ),
    "The notebook is deleted": each(
        Held("It is written again, with all cells.", (CLI,)),
        Held(
            "The run stops, and says so; the next one begins afresh.",
            (
                "server/test_renaming.py::"
                "test_a_run_whose_notebook_is_deleted_stops_and_the_next_starts_afresh",
            ),
        ),
        IN_NO_FILE,
    ),
    "The notebook is renamed": each(
        Held("The result is written under the name that was asked for; the renamed file stays.", (CLI,)),
        Held(
            "The run goes on, and the conversation follows the notebook.",
            (
                "server/test_renaming.py::test_a_run_goes_on_while_its_notebook_is_renamed",
                "server/test_renaming.py::test_a_conversation_follows_its_renamed_notebook",
            ),
        ),
        IN_NO_FILE,
    ),
    "The clock is set back": each(
        Held(
            "The run goes on; its record is in order, and `--resume` finds it.",
            ("cli/test_faults.py::test_a_run_goes_on_when_the_clock_is_set_back",),
        ),
        Held(
            "The run goes on; its record is in order.",
            ("server/test_faults.py::test_a_run_goes_on_when_the_clock_is_set_back",),
        ),
        Held("The run goes on; its record is in order.", (IN_SHELL,)),
    ),
}
"""What goes wrong → where the user asked → what happens."""

HEAD = """\
# When something goes wrong

What happens to a run, and what you read, when something around it fails. In every case the run has an end, a sentence says
why where you look, what the journal has acknowledged is not lost, no process is left behind, and the notebook is a valid
file. Each line is held by tests, which `tests/fault_matrix.py` names; where it says —, the case cannot occur, and why.
"""


def document() -> str:
    """Return the page for readers."""
    parts = [HEAD]
    for fault, cells in MATRIX.items():
        lines = [f"## {fault}", ""]
        if len(set(cells.values())) == 1 and isinstance(one := next(iter(cells.values())), Held):
            lines.append(one.what)
        elif len({cell.what for cell in cells.values() if isinstance(cell, Held)}) == 1 and all(
            isinstance(cell, Held) for cell in cells.values()
        ):
            lines.append(next(cell.what for cell in cells.values() if isinstance(cell, Held)))
        else:
            for frontend, cell in cells.items():
                said = cell.what if isinstance(cell, Held) else f"— {cell.why}"
                name = f"`{frontend}`" if frontend.startswith("%") else frontend.capitalize()
                lines.append(f"- **{name}**: {said}")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(document(), encoding="utf-8")
