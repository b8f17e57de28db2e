"""The journal: every event of every conversation, and its views."""

from .database import JournalError
from .store import SqliteJournal, default_path, open_journal
from .upgrade import read_events

__all__ = ["JournalError", "SqliteJournal", "default_path", "open_journal", "read_events"]
