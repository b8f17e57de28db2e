"""The kinds, a file for each family; to import them registers them."""

from __future__ import annotations

from . import wrangling

__all__ = ["wrangling"]
