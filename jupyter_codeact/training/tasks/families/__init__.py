"""The kinds, a file for each family; to import them registers them."""

from __future__ import annotations

from . import cleaning, dates, files, functions, joins, models, plots, reshaping, sql, statistics, text, wrangling

__all__ = ["cleaning", "dates", "files", "functions", "joins", "models", "plots", "reshaping", "sql", "statistics", "text", "wrangling"]
