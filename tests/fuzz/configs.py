"""Configuration files as people, editors and half-finished copies leave them."""

import re
import tempfile
from pathlib import Path

from maildaemon.errors import ConfigError
from maildaemon.settings import example, minimal, read_settings, show
from maildaemon.settings.policy import make_policy
from maildaemon.shipped import shipped

# An empty folder of its own: what a file names beside itself is not there.
_FOLDER = Path(tempfile.gettempdir()) / "maildaemon-fuzz-none"
_SECRET = "kanarienvogel"
_INLINE = re.sub(
    r"password: [{][^}]*[}]",
    f"password: {_SECRET}",
    minimal("support@shop.example", "localhost", "localhost"),
)

Shape = tuple[object, ...]


def check_config(raw: bytes) -> tuple[list[str], Shape]:
    """Return what is wrong with the answer to a file: settings, or problems with their places."""
    text = raw.decode("utf-8", "replace")
    lines = len(re.split(r"\r\n|[\r\n\x85\u2028\u2029]", text))
    try:
        settings = read_settings(text, _FOLDER / "maildaemon.yaml")
    except ConfigError as refused:
        flaws = [
            f"a place that is none: line {one.line}, column {one.column}, of {lines} lines"
            for one in refused.problems
            if one.file.endswith("maildaemon.yaml")
            and not (0 < one.line <= lines and one.column > 0)
        ]
        if not refused.problems:
            flaws.append("refused without a problem")
        told = [str(one) for one in refused.problems]
        flaws += [
            f"a problem of several lines: {one[:200]!r}" for one in told if not one.isprintable()
        ]
        return flaws, tuple(sorted({_kind(one.message) for one in refused.problems})[:6])
    policies = [make_policy(settings, one) for one in settings.mailboxes]
    flaws = ["what is shown holds the password"] if _SECRET in show(settings) else []
    return flaws, ("read", len(policies), len(settings.warnings))


def _kind(message: str) -> str:
    return re.sub(r"[0-9`\"'“”][^ ]*|\d", "", message)[:30]


def configs() -> list[bytes]:
    """Return the example, the shops, the smallest file, and pieces of the larger ones."""
    shops = [
        path.read_text("utf-8") for path in sorted((shipped("config") / "shops").glob("*.yaml"))
    ]
    whole = [example(), *shops, _INLINE, minimal("a@b.example", "localhost", "localhost")]
    # The comments are most of the example: a damage in them changes nothing.
    bare = [re.sub(r"(?m)^ *#.*\n", "", one) for one in whole]
    sections = re.split(r"(?m)^(?=[a-z_]+:)", bare[1])[1:]
    pieces = [whole[-1] + "".join(sections[at : at + 3]) for at in range(2, len(sections), 3)]
    return [one.encode() for one in (*bare, *pieces)]
