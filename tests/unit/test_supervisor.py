"""What the supervisor that has started us is told, and that none of it can hurt."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from maildaemon.adapters.supervisor import Supervisor


@pytest.fixture(params=["path", "abstract"])
def listening(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[str, socket.socket]]:
    abstract = request.param == "abstract"
    address = f"@maildaemon-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address.replace("@", "\0"))
        listener.settimeout(5)
        yield address, listener


def test_it_hears_how_we_are(listening: tuple[str, socket.socket]) -> None:
    address, listener = listening
    supervisor = Supervisor(address)

    supervisor.ready("has yet to read support (live)")
    supervisor.status("watches support (live)")
    supervisor.alive()
    supervisor.reloading()
    supervisor.stopping()

    heard = [listener.recv(999).decode().split("\n") for _ in range(5)]
    assert heard[:3] == [
        ["READY=1", "STATUS=has yet to read support (live)"],
        ["STATUS=watches support (live)"],
        ["WATCHDOG=1"],
    ]
    assert heard[3][0] == "RELOADING=1"
    assert heard[3][1].removeprefix("MONOTONIC_USEC=").isdecimal()
    assert heard[4][0] == "STOPPING=1"


def test_no_process_that_we_start_can_speak_for_us(tmp_path: Path) -> None:
    environment = {"NOTIFY_SOCKET": str(tmp_path / "nobody"), "HOME": "/"}
    Supervisor.of(environment).alive()  # nobody listens there
    assert environment == {"HOME": "/"}


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": ""}])
def test_without_a_supervisor_nobody_is_told(environment: dict[str, str]) -> None:
    Supervisor.of(environment).ready("at work")


def test_one_that_does_not_listen_any_more_holds_nobody_up(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        supervisor = Supervisor(str(tmp_path / "notify"))
        for _ in range(5000):
            supervisor.alive()
