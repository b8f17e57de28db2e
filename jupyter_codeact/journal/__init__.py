"""The journal: every event of every conversation, and its views."""

from .database import JournalError
from .store import SqliteJournal, default_path, open_journal

__all__ = ["JournalError", "SqliteJournal", "default_path", "open_journal"]
