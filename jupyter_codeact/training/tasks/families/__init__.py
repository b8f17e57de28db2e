"""The kinds, a file for each family or a part of one; to import them registers them."""

from __future__ import annotations

from . import (
    cleaning,
    dates,
    debugging,
    extraction,
    files,
    folders,
    functions,
    inference,
    joins,
    models,
    plots,
    reshaping,
    sql,
    statistics,
    text,
    times,
    turns,
    unsupervised,
    wrangling,
)

__all__ = [
    "cleaning",
    "dates",
    "debugging",
    "extraction",
    "files",
    "folders",
    "functions",
    "inference",
    "joins",
    "models",
    "plots",
    "reshaping",
    "sql",
    "statistics",
    "text",
    "times",
    "turns",
    "unsupervised",
    "wrangling",
]
