"""The virus scanner: a real clamd, and one that does all the wrong things."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from maildaemon.adapters.clamd import ClamdScanner
from maildaemon.errors import FileUnscannableError, ScannerUnavailableError
from maildaemon.services.check import Result, check_scanner
from tests.made_files import zipped
from tests.servers.clamd import EICAR, LARGEST, MARKED, Clamd
from tests.servers.process import HOST, temporary_folder


@pytest.fixture(scope="module")
def clamd() -> Iterator[Clamd]:
    with Clamd() as running:
        yield running


@pytest.fixture(params=["unix", "tcp"])
def scanner(clamd: Clamd, request: pytest.FixtureRequest) -> ClamdScanner:
    address = clamd.socket if request.param == "unix" else (HOST, clamd.port)
    return ClamdScanner(address, rest=0)


def test_what_is_harmful_is_found_by_name_and_what_is_clean_passes(scanner: ClamdScanner) -> None:
    scanner.ping()

    assert "Eicar" in str(scanner.scan(EICAR))
    assert "Marked" in str(scanner.scan(b"before " + MARKED + b" behind"))
    assert scanner.scan(b"Where is my order?") is None
    assert scanner.scan(b"") is None
    assert scanner.scan(bytes(LARGEST - 1000)) is None


def test_what_is_harmful_is_found_in_an_archive(scanner: ClamdScanner) -> None:
    assert "Eicar" in str(scanner.scan(zipped({"a/b.txt": EICAR})))


def test_a_file_that_is_too_large_for_it_is_no_fault_of_the_scanner(scanner: ClamdScanner) -> None:
    with pytest.raises(FileUnscannableError, match=r"(?i)size limit exceeded"):
        scanner.scan(bytes(3 * LARGEST))

    assert scanner.scan(b"small") is None


def test_several_threads_may_ask_at_once(scanner: ClamdScanner) -> None:
    found: list[str | None] = []
    threads = [
        threading.Thread(target=lambda content=content: found.append(scanner.scan(content)))
        for content in [EICAR, b"clean"] * 6
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)

    assert sorted(one is None for one in found) == [False] * 6 + [True] * 6


def test_a_scanner_that_is_killed_is_unavailable_and_comes_back() -> None:
    with Clamd() as clamd:
        scanner = ClamdScanner(clamd.socket, rest=0)
        assert scanner.scan(b"clean") is None
        clamd.kill()
        with pytest.raises(ScannerUnavailableError):
            scanner.scan(b"clean")
        clamd.start()
        assert scanner.scan(EICAR)


def test_a_scanner_that_hangs_is_given_up_in_time() -> None:
    with Clamd() as clamd:
        scanner = ClamdScanner(clamd.socket, seconds=0.3, rest=0)
        clamd.stop_answering()
        began_at = time.monotonic()
        with pytest.raises(ScannerUnavailableError, match=r"no answer within 0\.3 s"):
            scanner.scan(bytes(1_000_000))
        assert time.monotonic() - began_at < 5


@contextmanager
def serving(behave: Callable[[socket.socket], None]) -> Iterator[Path]:
    """A server that does with each connection what it is told to."""
    folder = temporary_folder("scanner")
    path = folder / "socket"
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen()

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            # Who asked may have hung up before all was said: his right, and no fault of a test.
            with connection, suppress(BrokenPipeError, ConnectionResetError):
                behave(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield path
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(10)
        path.unlink()
        folder.rmdir()


def read_all(connection: socket.socket) -> None:
    """Take what is sent, up to the chunk of length 0."""
    connection.settimeout(5)
    data = b""
    while not data.endswith(bytes(4)) and (piece := connection.recv(65_536)):
        data += piece


def answering(words: bytes) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        read_all(connection)
        connection.sendall(words)

    return behave


@pytest.mark.parametrize(
    "words",
    [
        b"",
        b"\0",
        b"OK",
        b"stream: OK",  # and not the end of it
        b"garbage\0",
        b"stream: FOUND\0",
        b"stream: a b c\0",
        b"HTTP/1.1 400 Bad Request\r\n\r\n\0",
        b"\xff\xfe\x00",
        b"x" * 100_000,
        b"UNKNOWN COMMAND\0",
    ],
)
def test_an_answer_that_makes_no_sense_is_no_clean_file(words: bytes) -> None:
    with serving(answering(words)) as path, pytest.raises(ScannerUnavailableError):
        ClamdScanner(path, rest=0).scan(b"content")


def test_a_scanner_that_hangs_up_at_once_is_unavailable() -> None:
    with serving(lambda connection: None) as path, pytest.raises(ScannerUnavailableError):
        ClamdScanner(path, rest=0).scan(bytes(1_000_000))


def test_an_answer_that_trickles_has_one_deadline_for_all_of_it() -> None:
    stop = threading.Event()

    def trickle(connection: socket.socket) -> None:
        read_all(connection)
        while not stop.wait(0.05):
            try:
                connection.sendall(b"x")
            except OSError:
                return

    with serving(trickle) as path:
        began_at = time.monotonic()
        with pytest.raises(ScannerUnavailableError, match="no answer within"):
            ClamdScanner(path, seconds=0.5, rest=0).scan(b"content")
        stop.set()
    assert time.monotonic() - began_at < 5


def test_a_scanner_that_is_not_there_is_unavailable_and_says_where(tmp_path: Path) -> None:
    scanner = ClamdScanner(tmp_path / "nothing")

    with pytest.raises(ScannerUnavailableError, match="nothing: no such file"):
        scanner.scan(b"content")
    with pytest.raises(ScannerUnavailableError):
        scanner.ping()


def test_check_says_whether_the_scanner_answers(clamd: Clamd, tmp_path: Path) -> None:
    well = check_scanner("support", ClamdScanner(clamd.socket))
    ill = check_scanner("support", ClamdScanner(tmp_path / "nothing"))

    assert (well.result, well.what) == (Result.OK, f"virus scanner: {clamd.socket} answers")
    assert ill.result is Result.FAILED
    assert "no such file" in ill.what
    assert "clamd is running" in ill.advice


def test_a_scanner_that_failed_is_left_alone_for_a_while() -> None:
    asked = []

    def behave(connection: socket.socket) -> None:
        asked.append(1)
        answering(b"garbage\0")(connection)

    with serving(behave) as path:
        scanner = ClamdScanner(path, rest=60)
        for _ in range(3):
            with pytest.raises(ScannerUnavailableError):
                scanner.scan(b"content")

    assert len(asked) == 1
