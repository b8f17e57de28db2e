"""The journal: every event of every conversation, and its views."""

from .store import JournalError, SqliteJournal, default_path

__all__ = ["JournalError", "SqliteJournal", "default_path"]
