"""`maildaemon demo`: the real daemon on throw-away servers, and a morning's mail.

It is a check as well: each letter knows what must become of it.
"""

from importlib.util import find_spec

from maildaemon.cli.exits import Exit
from maildaemon.errors import OperatorError

_EXTRA = ("aiosmtpd", "pymap")


def missing() -> list[str]:
    """Return which of the servers that it needs are not installed: a wheel alone brings none."""
    return [name for name in _EXTRA if find_spec(name) is None]


def demo() -> int:
    """Run the demonstration; return 0 if everything came out as it should, else 1.

    Nothing of it is left at the end, also after Ctrl-C. OperatorError without the extra `demo`.
    """
    if absent := missing():
        raise OperatorError(
            f"the demonstration needs mail servers of its own ({' and '.join(absent)})",
            advice="in the folder with maildaemon's source: make demo, or pip install '.[demo]'",
        )
    from maildaemon.cli.demo.play import play

    return Exit.OK if play() else 1
