"""What widgets say, from their state at the end of a cell: their text when they were shown is out of date."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbformat import NotebookNode

from ..agent.observations.displays import WIDGET
from ..agent.observations.markup import Markup
from ..agent.observations.observe import brief

OUTPUT_CHARACTERS = 20_000
"""Most characters of what an `Output` widget has captured."""
_REFERENCE = "IPY_MODEL_"
_VALUES = (str, bool, int, float, list)


def update_texts(outputs: list[NotebookNode], states: Mapping[str, Mapping[str, Any]]) -> None:
    """Give widgets among a cell's outputs the text that they have by now.

    Parameters
    ----------
    outputs
        The cell's, in nbformat's form; changed in place.
    states
        The states of all widgets, by their ids.
    """
    for output in outputs:
        view = output.get("data", {}).get(WIDGET)
        if isinstance(view, Mapping) and (text := describe_widget(str(view.get("model_id")), states)):
            output["data"]["text/plain"] = text


def describe_widget(
    widget: str, states: Mapping[str, Mapping[str, Any]], within: frozenset[str] = frozenset()
) -> str:
    """Return what a widget says, with the widgets in it; empty if that is not known.

    ``within`` are the widgets around it, which it cannot contain.
    """
    widget = widget.removeprefix(_REFERENCE)
    state = states.get(widget, {})
    model = str(state.get("_model_name", "")).removesuffix("Model")
    if not model or widget in within:
        return ""
    if model == "Output":
        return brief([dict(output) for output in state.get("outputs", ())], OUTPUT_CHARACTERS)
    children = state.get("children")
    if isinstance(children, list | tuple):
        return _describe_box(model, list(map(str, children)), states, within | {widget})
    text = " ".join(filter(None, [_plain(state.get("description")), _value(model, state)]))
    return "" if model.endswith("Style") else text


def _describe_box(
    model: str, children: list[str], states: Mapping[str, Mapping[str, Any]], within: frozenset[str]
) -> str:
    texts = {child: describe_widget(child, states, within) for child in children}
    # of a progress bar between labels, the labels say more
    labels = [text for child, text in texts.items() if text and not _is_bar(child, states)]
    return (" " if model == "HBox" else "\n").join(labels or filter(None, texts.values()))


def _is_bar(child: str, states: Mapping[str, Mapping[str, Any]]) -> bool:
    return "Progress" in str(states.get(child.removeprefix(_REFERENCE), {}).get("_model_name", ""))


def _value(model: str, state: Mapping[str, Any]) -> str:
    """Return a widget's value as text."""
    value, labels, index = state.get("value"), state.get("_options_labels"), state.get("index")
    if isinstance(labels, list | tuple):
        chosen = index if isinstance(index, list | tuple) else [index]
        return ", ".join(str(labels[one]) for one in chosen if isinstance(one, int) and one < len(labels))
    if "Progress" in model:
        return f"{value} of {state.get('max')}"
    return _plain(value) if isinstance(value, _VALUES) else ""


def _plain(value: Any) -> str:
    return Markup(str(value)).text.strip() if value is not None else ""
