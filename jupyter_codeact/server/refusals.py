"""Why a request is refused."""

from __future__ import annotations

from ..agent.contracts import CodeActError

NOT_OPEN = "This notebook is not open here. Reload the page and ask again."
DELETED = "The notebook was deleted, so the run stopped."
UNDER_WAY = "A run is under way in this notebook. Stop it, or wait until it is done."
OTHER_AGENT = "{agent} is working in this notebook. Stop it, or wait until it is done."
STOP_FIRST = "Stop the run first, then {what}."
UNDOING = "A run is being undone in this notebook. Ask again in a moment."
CHECKING = "This notebook is being checked already."
UNKNOWN = "This conversation is not one of this notebook's. It may have been deleted."
NO_QUESTION = "No question waits for your answer any more."
NOT_WAITING = "This cell is not waiting for your approval any more."


class RefusalError(CodeActError):
    """A request cannot be met; the message says why, and what to do."""
