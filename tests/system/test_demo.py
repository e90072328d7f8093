"""`maildaemon demo` shows the real daemon at work, notices when it is wrong, and leaves nothing."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

_MARK = "MAILDAEMON_TEST_RUN"
_A_MINUTE = 60
_DEMO = ("-m", "maildaemon", "demo")


@dataclass(frozen=True)
class Site:
    """A temporary folder, and a mark in the environment that every process of the run inherits."""

    folder: Path
    mark: str

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, *arguments],
            env={**os.environ, "TMPDIR": str(self.folder), _MARK: self.mark, "COLUMNS": "80"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        process = self.start(*arguments)
        output, errors = process.communicate(timeout=2 * _A_MINUTE)
        return process.returncode, output, errors

    def left_over(self) -> list[str]:
        """Return the files and the processes that are still there."""
        files = [str(path) for path in self.folder.rglob("*")]
        return files + [str(process) for process in _marked_processes(self.mark)]


def _marked_processes(mark: str) -> Iterator[Path]:
    wanted = f"{_MARK}={mark}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
        except OSError:
            continue  # it has just ended, or is not ours
        if wanted in environment.split(b"\0"):
            yield process


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path, uuid.uuid4().hex)


@dataclass(frozen=True)
class Performance:
    """One undisturbed run, looked at by several tests."""

    code: int
    output: str
    errors: str
    seconds: float
    left_over: list[str]


@pytest.fixture(scope="module")
def performance(tmp_path_factory: pytest.TempPathFactory) -> Performance:
    site = Site(tmp_path_factory.mktemp("demo"), uuid.uuid4().hex)
    began_at = time.monotonic()
    code, output, errors = site.run(*_DEMO)
    return Performance(code, output, errors, time.monotonic() - began_at, site.left_over())


def test_the_demo_comes_out_as_it_should(performance: Performance) -> None:
    assert (performance.code, performance.errors) == (0, ""), performance.output
    assert "15 of 15 messages were dealt with as expected" in performance.output


def test_the_demo_takes_less_than_a_minute_and_leaves_nothing(performance: Performance) -> None:
    assert performance.seconds < _A_MINUTE
    assert performance.left_over == []


def test_the_demo_is_plain_text_of_80_columns_where_there_is_no_terminal(
    performance: Performance,
) -> None:
    lines = performance.output.splitlines()

    assert "Where to look next" in lines
    assert [line for line in lines if len(line) > 80 or not line.isprintable()] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing(site: Site, number: signal.Signals) -> None:
    process = site.start(*_DEMO)
    assert process.stdout
    while not process.stdout.readline().startswith("The scenery"):
        assert process.poll() is None, process.communicate()
    assert site.left_over()

    process.send_signal(number)
    process.communicate(timeout=_A_MINUTE)

    assert process.returncode == 128 + signal.SIGINT
    assert site.left_over() == []


def test_the_demo_fails_loudly_when_the_daemon_does_something_else(site: Site) -> None:
    # The play now wants an answer to the newsletter.
    script = """
import sys
from dataclasses import replace
from maildaemon.cli import main
from maildaemon.cli.demo import play
from maildaemon.domain.delivery import Section

def first_act(plot=play.first_act):
    for letter in plot():
        if letter.title == "A newsletter":
            wanted = replace(letter.expected, silence=None, response=(Section.ACKNOWLEDGEMENT,))
            letter = replace(letter, expected=wanted)
        yield letter

play.first_act = lambda: tuple(first_act())
main(["demo"])
"""
    code, output, _ = site.run("-c", script)

    assert code == 1
    assert "MISMATCH  ✗ silence: expected nothing, found bulk" in output
    assert "NOT everything came out as it should" in output
    assert site.left_over() == []


def test_without_the_extra_the_demo_says_how_to_install_it(site: Site) -> None:
    script = (
        "import sys; sys.modules['pymap'] = None; from maildaemon.cli import main; main(['demo'])"
    )

    code, output, errors = site.run("-c", script)

    assert (code, output) == (78, "")
    assert "pip install '.[demo]'" in errors


@pytest.mark.parametrize(("absent", "listed"), [("", True), ("sys.modules['pymap'] = None", False)])
def test_it_is_listed_where_it_can_be_run(site: Site, absent: str, *, listed: bool) -> None:
    script = f"import sys; {absent}\nfrom maildaemon.cli import main; main(['--help'])"

    code, output, errors = site.run("-c", script)

    assert (code, errors) == (0, "")
    assert ("\n  demo " in output) is listed
    assert "\n  completion " in output
