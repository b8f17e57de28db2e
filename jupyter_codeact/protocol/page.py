"""What a page sends to the server: a user's requests, and answers to commands."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from ..agent.contracts import Execution, Frozen, ModelSettings, NotebookState
from ..agent.events import Attachment
from ..agent.gate.setting import Approval
from ..agent.run_limits import Guidance
from .preferences import Preferences


class Request(Frozen):
    """A user's request; `Refused` echoes its ``id``, which the page chooses."""

    id: str


class NotebookRequest(Request):
    """A user's request about a notebook; ``notebook`` is its path in Jupyter's contents."""

    notebook: str


class Open(NotebookRequest):
    """The page shows a notebook; the server answers with `History`.

    Sent again whenever the notebook is renamed, or its kernel changes or restarts. ``kernel_id`` is
    ``None`` without a kernel; ``notebook`` names the notebook in all further messages. ``approval`` is the
    user's default where neither they nor the model has another; empty for the server's, ``None`` if the page
    does not know it.
    """

    type: Literal["open"] = "open"
    kernel_id: str | None = None
    approval: Approval | Literal[""] | None = None


class Close(NotebookRequest):
    """The page no longer shows a notebook."""

    type: Literal["close"] = "close"


class Ask(NotebookRequest):
    """The user gives a task for a notebook this page has open."""

    type: Literal["ask"] = "ask"
    task: str
    attachments: list[Attachment] = Field(default_factory=list)
    replaces: str | None = Field(None, description="run that this one replaces; see RunStarted")
    model: str | None = Field(None, description="a model's name for this run; None for the chosen one")
    approval: Approval | None = Field(None, description="approval for this run; None for the notebook's")
    below: str | None = Field(None, description="cell to work below, or in if empty; None for the active one")
    asked_in: str | None = Field(None, description="cell whose %codeact asks; see RunStarted")
    target: str | None = Field(None, description="cell to rewrite; see RunStarted")
    max_turns: int | None = Field(None, ge=1, description="replies this run may take; None for the default")
    settings: ModelSettings | None = None
    guidance: Guidance | None = Field(None, description="None for what suits the model")
    instructions: str = Field("", description="what the model is to heed in every task")


class Attend(NotebookRequest):
    """The user may ask soon, below this cell: the panel is in view, and the notebook is quiet."""

    type: Literal["attend"] = "attend"
    below: str | None = Field(None, description="cell that a run would work below; None for the active one")
    guidance: Guidance | None = Field(None, description="as in Ask")
    instructions: str = Field("", description="as in Ask")


class Stop(NotebookRequest):
    """The user stops the run of a notebook."""

    type: Literal["stop"] = "stop"


class MakeWay(NotebookRequest):
    """The user has a task for CodeAct: the run of another agent ends after the call under way."""

    type: Literal["make_way"] = "make_way"


class NewConversation(NotebookRequest):
    """The user starts afresh; the old conversation stays in the journal."""

    type: Literal["new_conversation"] = "new_conversation"


class ListConversations(NotebookRequest):
    """The user wants to see a notebook's conversations; answered by `ConversationList`."""

    type: Literal["list_conversations"] = "list_conversations"


class OpenConversation(NotebookRequest):
    """The user goes on with an earlier conversation of the notebook; answered by `History`."""

    type: Literal["open_conversation"] = "open_conversation"
    conversation: str


class RenameConversation(NotebookRequest):
    """The user gives a conversation a title; answered by `ConversationList`."""

    type: Literal["rename_conversation"] = "rename_conversation"
    conversation: str
    title: str


class DeleteConversation(NotebookRequest):
    """The user deletes a conversation for good; answered by `ConversationList`."""

    type: Literal["delete_conversation"] = "delete_conversation"
    conversation: str


class ResolveApproval(NotebookRequest):
    """The user's answer to `events.ApprovalRequested`, bound to the source they were asked about.

    ``source`` is what the cell holds now, which is what will run. ``rest`` approves the rest of the run too.
    ``comment`` tells the model why the cell is skipped, or what to do instead.
    """

    type: Literal["resolve_approval"] = "resolve_approval"
    run: str
    sha256: str
    approved: bool
    source: str
    rest: bool = False
    comment: str = ""


class AnswerQuestion(NotebookRequest):
    """The user's answer to `events.QuestionAsked`; ``None`` lets the model decide."""

    type: Literal["answer_question"] = "answer_question"
    run: str
    answer: str | None


class SetApproval(NotebookRequest):
    """The user chooses which cells wait for approval in this notebook; answered by `ApprovalChanged`."""

    type: Literal["set_approval"] = "set_approval"
    approval: Approval


class Undo(NotebookRequest):
    """The user undoes a run, or ``cells`` of it; answered by the event `RunUndone`, or `Refused`."""

    type: Literal["undo"] = "undo"
    run: str | None = Field(None, description="the last one that changed a cell if None")
    cells: list[str] | None = None


class Redo(NotebookRequest):
    """The user brings back what was undone of a run, or of ``cells`` of it; answered by `RunRedone`."""

    type: Literal["redo"] = "redo"
    run: str
    cells: list[str] | None = None


class Keep(NotebookRequest):
    """The user keeps what a run changed, or ``cells`` of it; answered by the event `RunKept`."""

    type: Literal["keep"] = "keep"
    run: str
    cells: list[str] | None = None


class Check(NotebookRequest):
    """The user checks whether the notebook reproduces in a fresh kernel; answered by several `Checking`."""

    type: Literal["check"] = "check"


class StopCheck(NotebookRequest):
    """End a check under way."""

    type: Literal["stop_check"] = "stop_check"


class ListInstructions(NotebookRequest):
    """The user wants to see what the project tells the model; answered by `InstructionList`."""

    type: Literal["list_instructions"] = "list_instructions"


class ListVariables(NotebookRequest):
    """The user wants to see what there is in the notebook's kernel; answered by `VariableList`."""

    type: Literal["list_variables"] = "list_variables"


class ConfirmServers(NotebookRequest):
    """The user confirms the servers of a `ServerProposal`; answered by `ServerList`."""

    type: Literal["confirm_servers"] = "confirm_servers"
    digest: str


class ExportConversation(NotebookRequest):
    """The user wants a conversation of the notebook as a file; answered by `ConversationFile`."""

    type: Literal["export_conversation"] = "export_conversation"
    conversation: str


class ListModels(Request):
    """The user wants to choose a model; answered by `ModelList`."""

    type: Literal["list_models"] = "list_models"


class ChooseModel(Request):
    """The user chooses what the server's runs use from now on; answered by `ModelList` to every page."""

    type: Literal["choose_model"] = "choose_model"
    choice: str = Field(description="id of a ModelChoice")


class SetPreferences(Request):
    """The user sets how a model works, in place of what was set; answered by `ModelList` to every page.

    ``model`` is one of an endpoint's models; empty for all of them, and for a model of this machine.
    """

    type: Literal["set_preferences"] = "set_preferences"
    choice: str = Field(description="id of a ModelChoice")
    model: str = ""
    preferences: Preferences


class SaveEndpoint(Request, Preferences):
    """The user adds an endpoint, or changes the one of that name; answered by `ModelList` to every page.

    The key goes to the server and never comes back; ``None`` keeps the one there is, empty removes it. The
    other fields replace what was set: ``None`` leaves them to the endpoint, and what is not sent stays.
    """

    type: Literal["save_endpoint"] = "save_endpoint"
    name: str
    url: str
    model: str = ""
    api_key: str | None = None


class TestEndpoint(Request):
    """The user wants to know whether an endpoint answers; answered by `EndpointTested`, or `Refused`.

    It need not be saved. Without a key, the one that the endpoint ``name`` has is used, if the address is
    that server's.
    """

    __test__ = False  # no test of pytest's

    type: Literal["test_endpoint"] = "test_endpoint"
    name: str = ""
    url: str
    model: str = ""
    api_key: str | None = None


class RemoveEndpoint(Request):
    """The user removes an endpoint and its key; answered by `ModelList` to every page."""

    type: Literal["remove_endpoint"] = "remove_endpoint"
    name: str


class ControlModel(Request):
    """The user starts (downloads, loads, retries) or stops the chosen model; `ModelStatus` follows."""

    type: Literal["control_model"] = "control_model"
    action: Literal["start", "stop"]


class Began(Frozen):
    """The page has sent the kernel the execution that `RunCell` number ``id`` asked for.

    ``message`` is the kernel request's id, with which the server can follow it when the page goes away.
    """

    type: Literal["began"] = "began"
    id: int
    message: str


class Done(Frozen):
    """The page did what a command asked; the command's type decides which field is set."""

    type: Literal["done"] = "done"
    id: int
    state: NotebookState | None = None
    cell: dict[str, Any] | None = Field(None, description="as nbformat spells it")
    cell_id: str | None = None
    execution: Execution | None = None


class Failed(Frozen):
    """The page could not do what a command asked; ``message`` is a sentence for the user.

    ``running`` says that the kernel may still be running the cell, and that nobody can see it any more.
    """

    type: Literal["failed"] = "failed"
    id: int
    message: str
    running: bool = False


ModelRequest = (
    ListModels | ChooseModel | SetPreferences | SaveEndpoint | TestEndpoint | RemoveEndpoint | ControlModel
)
"""The requests about models, which are the server's and no notebook's."""

FromPage = Annotated[
    Open
    | Close
    | Ask
    | Attend
    | Stop
    | MakeWay
    | NewConversation
    | ListConversations
    | OpenConversation
    | RenameConversation
    | DeleteConversation
    | ResolveApproval
    | AnswerQuestion
    | SetApproval
    | Undo
    | Redo
    | Keep
    | Check
    | StopCheck
    | ListInstructions
    | ListVariables
    | ConfirmServers
    | ExportConversation
    | ListModels
    | ChooseModel
    | SetPreferences
    | SaveEndpoint
    | TestEndpoint
    | RemoveEndpoint
    | ControlModel
    | Began
    | Done
    | Failed,
    Field(discriminator="type"),
]

FROM_PAGE: TypeAdapter[FromPage] = TypeAdapter(FromPage)
