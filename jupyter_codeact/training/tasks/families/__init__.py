"""The kinds, a file for each family; to import them registers them."""

from __future__ import annotations

from . import cleaning, dates, joins, plots, reshaping, statistics, text, wrangling

__all__ = ["cleaning", "dates", "joins", "plots", "reshaping", "statistics", "text", "wrangling"]
