"""The learning curve as a picture: the loss of each step, and that on held-out tasks.

It is drawn as SVG with nothing but text, so that no plotting library has to be installed; any browser and
JupyterLab show it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from .errors import writing

CURVE = "curve.svg"
_WIDTH, _HEIGHT = 760, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 24, 36, 52
_ENTRY, _COLUMN = 20, 340
"""Height and width of an entry of the legend, of which two stand side by side."""
# Okabe and Ito's colours, which colour-blind people tell apart.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")


def write_curve(folder: Path, log: Sequence[Mapping[str, Any]], title: str) -> None:
    """Draw the log of a training into its folder.

    Raises
    ------
    TrainingError
        If it cannot be written.
    """
    with writing(folder):
        (folder / CURVE).write_text(draw(log, title), encoding="utf-8")


def draw(log: Sequence[Mapping[str, Any]], title: str) -> str:
    """Return the learning curve as SVG."""
    steps = [(line["step"], line["loss"]) for line in log if "loss" in line]
    measured: dict[str, list[tuple[float, float]]] = {}
    for line in log:
        for name, loss in line.get("held_out", {}).items():
            measured.setdefault(name, []).append((line["step"], loss))
    if len(measured) == 2:  # of one source, that is all
        measured = {"all": measured["all"]}
    points = [*steps, *(point for line in measured.values() for point in line)]
    if not points:
        points = [(0.0, 1.0)]
    most_steps = max(1.0, max(step for step, _ in points))
    highest = max(0.01, _nice(max(loss for _, loss in points)))

    def at(point: tuple[float, float]) -> str:
        x = _LEFT + (_WIDTH - _LEFT - _RIGHT) * point[0] / most_steps
        y = _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * min(1.0, point[1] / highest)
        return f"{x:.1f},{y:.1f}"

    height = _HEIGHT + _ENTRY * ((len(measured) + 2) // 2)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}"'
        ' font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="22" font-size="15" fill="#222">{escape(title)}</text>',
        *_axes(most_steps, highest, at),
    ]
    colour = "#999"
    parts.append(_line(steps, colour, 1.0, at, opacity=0.5))
    parts.append(_line(_smooth(steps), "#444", 1.8, at))
    entries = [("#444", "training")] if steps else []
    for (name, course), colour in zip(sorted(measured.items()), _COLOURS, strict=False):
        parts.append(_line(course, colour, 2.2, at))
        parts += [
            f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>'
            for x, y in (at(point).split(",") for point in course)
        ]
        words = "held-out tasks" if len(measured) == 1 else f"held-out, {name}"
        entries.append((colour, f"{words}: {course[0][1]:.3f} → {course[-1][1]:.3f}"))
    parts += _legend(entries)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _axes(most_steps: float, highest: float, at: Any) -> list[str]:
    parts = []
    for n in range(6):
        loss = highest * n / 5
        x, y = at((0, loss)).split(",")
        parts.append(f'<line x1="{x}" y1="{y}" x2="{_WIDTH - _RIGHT}" y2="{y}" stroke="#e4e4e4"/>')
        parts.append(
            f'<text x="{_LEFT - 8}" y="{float(y) + 4:.1f}" text-anchor="end" fill="#555">{loss:.2g}</text>'
        )
    ticks = sorted({round(most_steps * n / 5) for n in range(6)})
    for step in ticks:
        x, y = at((step, 0)).split(",")
        parts.append(f'<text x="{x}" y="{float(y) + 18:.1f}" text-anchor="middle" fill="#555">{step}</text>')
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{_HEIGHT - 12}" text-anchor="middle" fill="#333">step</text>')
    across = (_TOP + _HEIGHT - _BOTTOM) / 2
    turned = f'transform="rotate(-90 16 {across})"'
    parts.append(
        f'<text x="16" y="{across}" text-anchor="middle" fill="#333" {turned}>loss, nats a token</text>'
    )
    return parts


def _line(
    points: Sequence[tuple[float, float]], colour: str, width: float, at: Any, opacity: float = 1
) -> str:
    path = " ".join(at(point) for point in points)
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"'
        f' stroke-opacity="{opacity}" stroke-linejoin="round"/>'
    )


def _legend(entries: Sequence[tuple[str, str]]) -> list[str]:
    parts = []
    for index, (colour, words) in enumerate(entries):
        x, y = _LEFT + _COLUMN * (index % 2), _HEIGHT + _ENTRY * (index // 2)
        parts.append(f'<line x1="{x}" y1="{y}" x2="{x + 18}" y2="{y}" stroke="{colour}" stroke-width="3"/>')
        parts.append(f'<text x="{x + 24}" y="{y + 4}" fill="#333">{escape(words)}</text>')
    return parts


def _smooth(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the mean of a tenth of the steps around each step."""
    reach = max(1, len(points) // 20)
    smoothed = []
    for index, (step, _) in enumerate(points):
        near = [loss for _, loss in points[max(0, index - reach) : index + reach + 1]]
        smoothed.append((step, sum(near) / len(near)))
    return smoothed


def _nice(value: float) -> float:
    """Return a round number that is not below ``value``."""
    scale = 10.0 ** (len(str(int(value))) - 1) if value >= 1 else 0.1
    return scale * next(n for n in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if n * scale >= value)
