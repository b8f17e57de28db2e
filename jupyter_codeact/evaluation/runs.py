"""Runs: episodes that one model played with one setting, and the names that tell runs apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .records import Episode, Setting

ALL_HOOKS = "all its hooks"


@dataclass(frozen=True)
class Run:
    """Episodes of one model with one setting, under a name that tells them from other runs."""

    name: str
    episodes: Sequence[Episode]

    @property
    def agents(self) -> str:
        """Which agents have played, by commit or version."""
        return agents(self.episodes)


def agents(episodes: Sequence[Episode]) -> str:
    """Return which agents have played these episodes, by commit or version; of many, the first and last."""
    names = list(dict.fromkeys(one.agent for one in sorted(episodes, key=lambda one: one.began)))
    return ", ".join(names) if len(names) < 3 else f"{names[0]} to {names[-1]}"


def hooks(setting: Setting) -> str:
    """Return which hooks were on, empty if all that suit the model, and whether errors are carried on."""
    parts = [setting.guidance or "", *(f"without {name}" for name in setting.without)]
    parts += ["own errors carried on"] if setting.propagate_errors else []
    return ", ".join(filter(None, parts))


def runs_of(files: Mapping[str, Sequence[Episode]]) -> list[Run]:
    """Return the runs in files of results, which are given by their names.

    A run's name is whatever is not the same for all: the model, the protocol, the format, the hooks, other
    parts of the setting, or the file.
    """
    groups: dict[tuple[str, str, str], list[Episode]] = defaultdict(list)
    for file, episodes in files.items():
        for episode in sorted(episodes, key=lambda one: one.place):  # the first of two settings first
            groups[file, episode.model, episode.setting.model_dump_json()].append(episode)
    facts = [_facts(file, group[0]) for (file, _model, _setting), group in groups.items()]
    names = {name for fact in facts for name in fact}
    telling = [name for name in _order(names) if len({fact.get(name) for fact in facts}) > 1]
    if "file" in telling and len({_without_file(fact, telling) for fact in facts}) == len(facts):
        telling.remove("file")
    named = []
    for number, (fact, group) in enumerate(zip(facts, groups.values(), strict=True), 1):
        parts = [fact[name] for name in telling if fact.get(name)]
        named.append(Run(", ".join(parts) or f"run {number}", group))
    return named


def limits(setting: Setting) -> dict[str, str]:
    """Return the other parts of a setting, such as ``turns 10``, by their names."""
    rest = setting.model_dump(exclude={"protocol", "format", "guidance", "without", "propagate_errors"})
    return {name: f"{name} {value}" for name, value in rest.items()}


def _facts(file: str, episode: Episode) -> dict[str, str]:
    setting = episode.setting
    return {
        "file": file,
        "model": episode.model,
        "protocol": setting.protocol,
        "format": setting.format,
        "hooks": hooks(setting) or (ALL_HOOKS if setting.protocol == "agent" else ""),
        **limits(setting),
    }


def _order(names: set[str]) -> list[str]:
    first = ["file", "model", "protocol", "format", "hooks"]
    return first + sorted(names - set(first))


def _without_file(fact: Mapping[str, str], telling: Sequence[str]) -> tuple[str | None, ...]:
    return tuple(fact.get(name) for name in telling if name != "file")
