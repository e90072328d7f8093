"""Writes the sentences that customers read into a folder of the shop's own, to be changed."""

from pathlib import Path

from maildaemon.cli.output import note
from maildaemon.errors import OperatorError
from maildaemon.shipped import page, shipped

_HEAD = """\
# The sentences of mails in this language. Take the `# ` from the front of a line to say it in your
# own words; what stays behind it is said as shipped, also when a new version says it better.
# `maildaemon check` tries what you write. More: {page}

"""


def write_words(folder: Path) -> None:
    """Write a `words.txt` for each language, in which nothing is changed yet. What is there stays.

    Raises OperatorError if that is not possible.
    """
    head = _HEAD.format(page=page("texts"))
    try:
        for path in sorted((shipped("config") / "templates").glob("*/words.txt")):
            own = folder / path.parent.name / path.name
            if own.exists():
                note(f"{own} is there already, and stays as it is")
                continue
            own.parent.mkdir(parents=True, exist_ok=True)
            lines = path.read_text("utf-8").splitlines()
            said = (f"# {line}" if line and not line.startswith("#") else line for line in lines)
            own.write_text(head + "\n".join(said) + "\n", "utf-8")
    except OSError as error:
        raise OperatorError(
            f"cannot be written: {(error.strerror or str(error)).lower()}",
            where=str(folder),
            advice="leave --templates out, or name a file in another folder: --output FILE",
        ) from error
