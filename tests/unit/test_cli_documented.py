"""docs/cli.md names every command and every key of the listings."""

import dataclasses
import re
from pathlib import Path

from maildaemon.adapters.sql import lines
from maildaemon.adapters.sql.reading import newest_revision
from maildaemon.adapters.sql.schema import revisions
from maildaemon.adapters.sql.store import open_engine
from maildaemon.cli import program
from maildaemon.domain import standing

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()


def test_every_command_is_documented() -> None:
    for name in program.list_commands(None):  # type: ignore[arg-type]
        assert re.search(rf"(?m)^\| `{name}\b", PAGE), name


def test_every_key_is_documented() -> None:
    rows = [one for one in vars(lines).values() if dataclasses.is_dataclass(one)]
    counts = [one for one in vars(standing).values() if dataclasses.is_dataclass(one)]
    assert len(rows) > 8

    # What the file says is held against what runs, and shown by nobody.
    for row in (*rows, *(one for one in counts if one is not standing.Written)):
        assert [f.name for f in dataclasses.fields(row) if f"`{f.name}`" not in PAGE] == []


def test_the_newest_revision_is_found_without_loading_the_migrations() -> None:
    engine = open_engine("sqlite://")

    assert newest_revision() == revisions(engine)[1]
    engine.dispose()
