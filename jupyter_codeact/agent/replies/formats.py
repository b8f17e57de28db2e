"""All action formats by name."""

from __future__ import annotations

from collections.abc import Mapping

from .execute import ExecuteFormat
from .markdown import MarkdownFormat
from .reply import ActionFormat
from .tool_calls import ToolsFormat

FORMATS: Mapping[str, ActionFormat] = {
    "markdown": MarkdownFormat(),
    "execute": ExecuteFormat(),
    "tools": ToolsFormat(),
}
"""Every format, by its name in the configuration."""
