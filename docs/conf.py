"""How Sphinx builds these pages: ``make docs``."""

from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

project = "jupyter-codeact"
author = "The jupyter-codeact developers"
project_copyright = "the jupyter-codeact developers"
version = release = version_of("jupyter-codeact")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_click"]
exclude_patterns = ["_build", "_generated"]
html_theme = "furo"
html_title = "jupyter-codeact"
html_favicon = "../labextension/style/icons/codeact.svg"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

default_role = "code"  # docstrings write names between single back-ticks
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "exclude-members": "model_config"}
napoleon_google_docstring = False
napoleon_use_rtype = False


def write_configuration(_app: Any) -> None:
    """Write down the server's settings, as traitlets describes them."""
    from jupyter_codeact.server.configuration import CodeActConfiguration
    from jupyter_codeact.server.extension import CodeActExtension
    from jupyter_codeact.traits import ServersTraits, SettingsTraits

    generated = Path(__file__).parent / "_generated"
    generated.mkdir(exist_ok=True)
    traits = CodeActExtension.class_traits(config=True).values()
    own = sorted(
        (
            trait
            for trait in traits
            if trait.this_class in (CodeActConfiguration, ServersTraits, SettingsTraits)
        ),
        key=lambda one: one.name,
    )
    entries = []
    for trait in own:
        default = trait.default_value_repr()
        entries.append(
            f"``{trait.name}`` : {type(trait).__name__}, default ``{default}``\n    {trait.help}\n"
        )
    (generated / "configuration.rst").write_text("\n".join(entries))


def write_hooks(_app: Any) -> None:
    """Write the table of hooks, as their docstrings describe them."""
    from jupyter_codeact.agent.hooks import HOOKS

    rows = ["| hook | group | guidance | what it does |", "|---|---|---|---|"]
    for hook in HOOKS:
        guidance = "small, capable" if hook.for_capable else "small"
        rows.append(
            f"| `{hook.name}` | {hook.group} | {guidance} | {' '.join((hook.__doc__ or '').split())} |"
        )
    generated = Path(__file__).parent / "_generated"
    generated.mkdir(exist_ok=True)
    (generated / "hooks.md").write_text("\n".join(rows) + "\n")


def setup(app: Any) -> None:
    """Extend Sphinx."""
    app.connect("builder-inited", write_configuration)
    app.connect("builder-inited", write_hooks)
