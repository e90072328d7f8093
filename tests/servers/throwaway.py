"""The frame of every throw-away server: a folder of its own, starting, waiting, ending."""

import os
import shutil
import signal
import subprocess
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

from tests.servers import process


class Throwaway(ABC):
    """A server of the system's packages; ports and data outlive `stop` and `kill`, so that it can
    come back.
    """

    name: ClassVar[str]
    logs: ClassVar[tuple[str, ...]] = ("out",)
    stopping: ClassVar[signal.Signals] = signal.SIGTERM
    killing: ClassVar[signal.Signals] = signal.SIGKILL

    def __init__(self, *, in_memory: bool = False) -> None:
        self.base = process.temporary_folder(self.name.lower(), in_memory=in_memory)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            if self._user:
                os.chown(self.base, *process.unprivileged()[1:])
            self._make()
            self.start()
        except BaseException:
            self._forget()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        # Nobody needs what it would still tidy up.
        self.kill()
        self._forget()

    def _forget(self) -> None:
        shutil.rmtree(self.base, ignore_errors=True)

    @abstractmethod
    def _make(self) -> None:
        """Make what is made once, however often the server is started."""

    @abstractmethod
    def _command(self) -> list[str]:
        """Return the program that is the server, and its arguments."""

    @abstractmethod
    def _greets(self) -> bool:
        """Tell whether it can be worked with."""

    @property
    def log(self) -> str:
        files = [self.base / name for name in self.logs]
        return "".join(it.read_text(errors="replace") for it in files if it.exists())

    @property
    def _user(self) -> dict[str, Any]:
        """As whom its programs are run: most refuse to run as root."""
        _, uid, gid = process.unprivileged()
        return {"user": uid, "group": gid, "extra_groups": []} if os.getuid() == 0 else {}

    @property
    def _around(self) -> dict[str, Any]:
        """As whom, where and with which environment its programs are run."""
        # Where we keep what is temporary, that user may not write.
        around = {"PATH": os.environ["PATH"], "HOME": str(self.base), "TMPDIR": str(self.base)}
        return {**self._user, "cwd": self.base, "env": around}

    def start(self) -> None:
        """Start (again); return when it answers."""
        self._launch()
        try:
            process.wait_until(self._answers, 30, f"{self.name} answers")
        except AssertionError as error:
            self.kill()
            raise RuntimeError(f"{self.name} did not start:\n{self.log}") from error

    def _launch(self) -> None:
        with (self.base / "out").open("ab") as out:
            self._process = subprocess.Popen(
                [*process.dies_with_us(self.stopping), *self._command()],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                **self._around,
            )

    def _answers(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise AssertionError(f"{self.name} ended at once")
        return self._greets()

    def stop(self) -> None:
        """End in an orderly way."""
        self._end(self.stopping)

    def kill(self) -> None:
        """Die with all children, as in a power cut."""
        self._end(self.killing)

    def _end(self, sig: signal.Signals) -> None:
        if self._process is not None:
            process.end(self._process, sig)
            self._process = None
