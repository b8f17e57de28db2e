"""What lies around a notebook for every agent: instructions, nearest last, and skills."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_codeact.notebooks.project import CHARACTERS, ProjectFolders

BOMB = b"---\nx0: &x0 [lol]\n"
BOMB += b"".join(b"x%d: &x%d [%s]\n" % (n, n, b", ".join([b"*x%d" % (n - 1)] * 10)) for n in range(1, 12))
BOMB += b"description: *x11\n---\n"
"""Ten references to ten references, and so on: as text, more than there is memory."""


def write(file: Path, text: str | bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode() if isinstance(text, str) else text)


def skill(folder: Path, name: str, front: str, body: str = "Do this.") -> None:
    write(folder / ".agents" / "skills" / name / "SKILL.md", f"---\n{front}\n---\n{body}\n")


async def test_the_files_up_to_the_root_are_read_and_none_above_it(tmp_path: Path) -> None:
    root, work = tmp_path / "root", tmp_path / "root" / "a" / "b"
    work.mkdir(parents=True)
    for folder, text in ((tmp_path, "Above."), (root, "Root."), (work, "\ufeffNear.\n")):
        write(folder / "AGENTS.md", text)
    found = await ProjectFolders(root).read(work)
    assert [(file.path, file.text) for file in found.files] == [
        (os.path.join("..", "..", "AGENTS.md"), "Root."),
        ("AGENTS.md", "Near."),
    ]
    assert [file.text for file in (await ProjectFolders(root).read(tmp_path)).files] == ["Above."]


async def test_without_a_root_the_way_up_ends_where_version_control_begins(tmp_path: Path) -> None:
    work = tmp_path / "repository" / "notebooks"
    work.mkdir(parents=True)
    for folder in (tmp_path, tmp_path / "repository"):
        write(folder / "AGENTS.md", folder.name)
    assert (await ProjectFolders().read(work)).files == []
    (tmp_path / "repository" / ".git").mkdir()
    assert [file.text for file in (await ProjectFolders().read(work)).files] == ["repository"]


async def test_the_nearest_skill_of_a_name_counts_and_the_users_own_last(tmp_path: Path) -> None:
    root, home = tmp_path / "root", tmp_path / "home"
    work = root / "a"
    work.mkdir(parents=True)
    skill(work, "plots", "name: plots\ndescription: >\n  How we\n  draw.")
    skill(root, "plots", "name: plots\ndescription: Older.")
    skill(home, "plots", "name: plots\ndescription: Mine.")
    skill(home, "sql", "description: How to query.")
    found = (await ProjectFolders(root, home).read(work)).skills
    assert [(each.name, each.description) for each in found] == [
        ("plots", "How we draw."),
        ("sql", "How to query."),  # named like its folder
    ]
    assert found[0].path == os.path.join(".agents", "skills", "plots", "SKILL.md")
    assert (work / found[1].path).read_text().startswith("---\ndescription: How to query.")


@pytest.mark.parametrize(
    "text",
    [
        b"no front matter",
        b"---\nname: x\n",
        b"---\n- a list\n---\n",
        b"---\nname: [\n---\n",
        b"---\nname: x\n---\nno description",
        b"---\nname: !!python/object/apply:os.system [x]\n---\n",
        b"---\ndescription: [Not, text]\n---\n",
        b"---\n" + b"[" * 19_000 + b"\n---\n",
        BOMB,
        b"\xff\xfe\x00",
    ],
)
async def test_a_skill_that_cannot_be_read_is_left_out(tmp_path: Path, text: bytes) -> None:
    write(tmp_path / ".agents" / "skills" / "x" / "SKILL.md", text)
    skill(tmp_path, "good", "description: Good.")
    found = await ProjectFolders(tmp_path).read(tmp_path)
    assert [each.name for each in found.skills] == ["good"]
    assert found.left_out == ([] if b"\0" in text else [os.path.join(".agents", "skills", "x", "SKILL.md")])


async def test_a_file_that_is_none_and_one_without_end_hold_up_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    os.mkfifo(tmp_path / "AGENTS.md")
    write(tmp_path / "a" / "AGENTS.md", b"\xe9" + b"x" * 10 * CHARACTERS)
    [file] = (await ProjectFolders(tmp_path).read(tmp_path / "a")).files
    assert file.text == "\ufffd" + "x" * (CHARACTERS - 1)


async def test_a_link_out_of_the_project_is_not_followed(tmp_path: Path) -> None:
    home, root, work = tmp_path / "home", tmp_path / "root", tmp_path / "root" / "a"
    work.mkdir(parents=True)
    write(home / "key", "A private key.")
    skill(home, "mine", "description: Mine.")
    (root / "AGENTS.md").symlink_to(home / "key")
    write(root / "CLAUDE.md", "Use polars.")
    (work / "AGENTS.md").symlink_to(root / "CLAUDE.md")
    skill(root / "more", "ours", "description: Ours.")
    (root / ".agents").symlink_to(root / "more" / ".agents")
    (work / ".agents").symlink_to(home / ".agents")
    found = await ProjectFolders(root).read(work)
    assert [(file.path, file.text) for file in found.files] == [("AGENTS.md", "Use polars.")]
    assert [each.name for each in found.skills] == ["ours"]
    (tmp_path / "link").symlink_to(root)
    linked = await ProjectFolders(tmp_path / "link").read(tmp_path / "link" / "a")
    assert [file.text for file in linked.files] == ["Use polars."]
    (tmp_path / "dotfiles").symlink_to(home)
    found = await ProjectFolders(root, home=tmp_path / "dotfiles").read(work)
    assert [each.name for each in found.skills] == ["mine", "ours"]


async def test_a_file_that_is_no_text_is_left_out(tmp_path: Path) -> None:
    write(tmp_path / "AGENTS.md", b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR")
    assert (await ProjectFolders(tmp_path).read(tmp_path)).files == []
