"""The repository's pages mention files that exist, and no file names a package registry."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.test_faults import names_in

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
DOT = "."
REGISTRIES = [
    DOT.join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("conda", "anaconda", "org"),
        ("proxy", "golang", "org"),
    )
]


def tracked() -> list[Path]:
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
    files = [ROOT / name for name in names.stdout.split("\0") if name]
    return [file for file in files if file.is_file()]


def test_no_file_names_the_host_of_a_package_registry():
    files = tracked()
    assert ROOT / "pyproject.toml" in files
    naming = {
        (str(file.relative_to(ROOT)), host)
        for file in files
        for host in REGISTRIES
        if host.encode() in file.read_bytes()
    }
    assert naming == set()


def test_the_lock_file_names_packages_without_urls():
    lock = (ROOT / "package-lock.json").read_text()
    assert '"integrity"' in lock
    assert '"resolved"' not in lock


def links_of(text: str) -> list[str]:
    """Return where the links of a page lead: those in the text, and those that it lists at its end."""
    return re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"^\[[^]]+\]: (\S+)$", text, re.MULTILINE)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_every_file_that_a_page_mentions_exists(page: str):
    text = (ROOT / page).read_text()
    ours = re.compile(
        r"https://(?:github|raw\.githubusercontent)\.com/jupyter-codeact/jupyter-codeact/(?:blob/)?main/"
    )
    links = [ours.sub("", link).partition("#")[0] for link in links_of(text)]
    named = set(re.findall(r"`((?:[\w-]+/)+[\w.-]*)`", text))
    here = {name for name in named if (ROOT / name).exists() or (ROOT / "jupyter_codeact" / name).exists()}
    assert named == here
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


def test_the_readme_works_where_the_package_is_shown_without_the_repository():
    assert [link for link in links_of(README) if "://" not in link] == []


def test_the_tests_that_hold_the_promises_of_security_md_exist():
    named = re.findall(
        r"`((?:src/)?[\w./]*(?:\.py|\.ts|gate)(?:::\w+)*)`", (ROOT / "SECURITY.md").read_text()
    )
    assert sum("::" in name for name in named) > 30
    for name in named:
        file, _, test = name.partition("::")
        path = ROOT / file if file.startswith("src/") else ROOT / "tests" / file
        assert path.exists(), name
        assert not test or test in names_in(path), name


def test_every_promise_of_security_md_has_a_test():
    promises = re.findall(r"^\| \d\. .*$", (ROOT / "SECURITY.md").read_text(), re.MULTILINE)
    assert len(promises) == 6
    assert [promise for promise in promises if "::test_" not in promise] == []
