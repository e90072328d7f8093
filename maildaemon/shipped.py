"""Finds what is shipped beside the code: templates, example configurations, migrations, pages."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def shipped(name: str) -> Path:
    """Return the folder `config`, `docs` or `migrations`, in an installed wheel or in a source
    tree.
    """
    installed = _PACKAGE / "_shipped" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def page(name: str) -> str:
    """Return where a page of the documentation stands on this machine, for whoever is told of it:
    most people have installed a wheel, and no folder with the source.
    """
    return str(shipped("docs") / f"{name}.md")
