"""Finds what is shipped beside the code: templates, example configurations, migrations."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def shipped(name: str) -> Path:
    """Return the folder `config` or `migrations`, in an installed wheel or in a source tree."""
    installed = _PACKAGE / "_shipped" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name
