"""Another program at the same mailbox, in a virtual environment of its own: django-mailbox, the
quickest of those that can be had from PyPI.
"""

from collections.abc import Callable
from pathlib import Path

from benchmarks.elsewhere import installed_elsewhere

NAME = "django-mailbox 4.10.1"


def installed_peer(say: Callable[[str], None]) -> Path:
    """Return a Python that has the program, which is installed first if it is not."""
    return installed_elsewhere(NAME, "peers", say) / "python"
