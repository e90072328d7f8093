"""Somebody who follows a page: writes what it says to write, types what it says to type."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from tests.pages import ROOT, Block
from tests.servers.dovecot import Account
from tests.servers.process import wait_until
from tests.servers.sink import SmtpSink
from tests.system.installation import (
    A_FILE_IN_A_LETTER,
    Installation,
    Outcome,
    a_config,
    a_letter,
    end,
    imap_of,
    smtp_of,
)

_WITHIN = 60
# What needs a shell; everything else of ours is typed without one, which is faster.
_SHELL = re.compile(r"[|&;<>$`\"'(]")
_REFERENCE = re.compile(r"\b[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{2}\b")
_START = {"maildaemon run", "sudo systemctl start maildaemon"}
_STOP = "sudo systemctl stop maildaemon"

# What is not typed here, by how it begins, and who does type it.
ELSEWHERE: Mapping[str, str] = {
    "make demo": "tests/system/test_demo.py",
    "make ": "is how the tests themselves are run",
    "python3 -m venv": "make proof: from nothing, on a bare Debian",
    "~/maildaemon-venv/bin/pip": "make proof: from nothing, on a bare Debian",
    "export PATH=": "make proof: from nothing, on a bare Debian",
    "sudo -u maildaemon": "make proof: as a service of systemd",
    "sudo useradd": "make proof: as a service of systemd",
    "sudo cp": "make proof: as a service of systemd",
    "sudo chown": "make proof: as a service of systemd",
    "sudo chmod": "make proof: as a service of systemd",
    "sudo systemctl daemon-reload": "make proof: as a service of systemd",
    "sudo systemctl enable": "make proof: as a service of systemd",
    "sudo systemctl reload": "make proof: as a service; tests/system/test_cli_reload.py: the signal",
    "journalctl": "needs systemd; make proof reads the log of the service by it",
    "docker ": "needs Docker; make proof does each step of the Dockerfile",
    "maildaemon init": "asks on a terminal: the tests of `init`",
    "read -rs": "asks on a terminal: the password is in the environment of every test",
}
# The first bytes of a program, as they stand in the letter, and those of an archive.
_EXE, _RAR = "TVqQAAMAAAAEAAAA//8AALgAAAAAAAAAQAAAAAAAAAAAAAAA", "UmFyIRoHAM+QcwAADQAAAAAAAAA="


def typed_elsewhere(command: str) -> str | None:
    """Return who types this command, None if it is typed by whoever follows its page."""
    return next((who for start, who in ELSEWHERE.items() if command.startswith(start)), None)


@dataclass(slots=True)
class Reader:
    """What is typed stands in `typed`, what was printed last in `told`."""

    here: Installation
    typed: list[str] = field(default_factory=list)
    told: str = ""
    _at: Path = Path()
    _running: ExitStack | None = None
    _daemon: object = None

    def follow(self, *blocks: Block) -> str:
        """Do what the blocks say; return all that was printed.

        What stands below commands, without a name, must have been printed by them, line by line,
        with other lines between them at the most; references are others each time.
        """
        printed = []
        for block in blocks:
            match block.kind:
                case "yaml":
                    self.configure(block.text)
                case "sh":
                    self._at = self.here.folder
                    self.told = "".join(self._type(one) for one in block.commands)
                    printed.append(self.told)
                case _:
                    assert block.kind == "", f"nobody can follow {block.kind}"
                    missing = why_not_told(block.text, self.told)
                    assert missing is None, f"{missing!r} is not told in\n{self.told}"
        return "".join(printed)

    def configure(self, text: str) -> None:
        """Write these sections in the place of those that are there."""
        config = yaml.load(self.here.config.read_text("utf-8"), yaml.BaseLoader)
        config |= yaml.load(text, yaml.BaseLoader)
        self.here.config.write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")

    def _type(self, command: str) -> str:
        if typed_elsewhere(command):
            return ""
        self.typed.append(command)
        if command in _START:
            return self.start()
        if command == _STOP:
            return self.stop()
        if command.startswith("cd "):
            self._at = self._at / command.removeprefix("cd ")
            return ""
        outcome = self._run(command)
        assert outcome.code == 0, f"{command}: {outcome}"
        return outcome.out

    def _run(self, command: str) -> Outcome:
        home = str(self.here.folder / "home")
        if command.startswith("maildaemon ") and not _SHELL.search(command):
            words = (one.replace("~/", f"{home}/") for one in command.split()[1:])
            expanded = [it for one in words for it in self._files(one)]
            return replace(self.here, folder=self._at).call(*expanded)
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        done = subprocess.run(
            ["sh", "-ec", command],
            cwd=self._at,
            env=self.here.environment_with({"PATH": path, "HOME": home}),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def _files(self, word: str) -> list[str]:
        """Return what a shell makes of a pattern."""
        return sorted(map(str, self._at.glob(word))) if "*" in word else [word]

    def start(self) -> str:
        """Start the daemon, and wait until it is at work."""
        assert self._running is None, "it runs already"
        before = self.here.log.count("daemon.started") if self._has_log() else 0
        self._running = ExitStack()
        self._daemon = self._running.enter_context(self.here.running())
        wait_until(
            lambda: self.here.log.count("daemon.started") > before, _WITHIN, "the daemon starts"
        )
        return ""

    def stop(self) -> str:
        """Stop the daemon as a service is stopped, if it runs."""
        if self._running is not None:
            with self._running:
                assert end(self._daemon) == 0  # type: ignore[arg-type]
            self._running = None
        return ""

    def _has_log(self) -> bool:
        return (self.here.folder / "run.log").exists()


def why_not_told(shown: str, told: str) -> str | None:
    """Return the first line of what a page shows that was not printed, in this order, None if all
    was; `…` stands for anything, and each reference for any other.
    """
    lines = iter([_plain(one) for one in told.splitlines()])
    for wanted in filter(None, map(_plain, shown.splitlines())):
        pattern = re.compile(re.escape(wanted).replace("…", ".*"))
        if not any(pattern.search(line) for line in lines):
            return wanted
    return None


def _plain(line: str) -> str:
    return _REFERENCE.sub("K7F3-Q2", " ".join(line.split()))


@contextmanager
def a_shop(folder: Path, account: Account, sink: SmtpSink, *sections: str) -> Iterator[Reader]:
    """A shop that has had mail: one was answered, of one a file was refused, of one a file is held;
    it has mail in folders at home, too. A daemon that still runs at the end is stopped.
    """
    here = Installation(folder)
    here.config.write_text(a_config(imap_of(account), smtp_of(sink, account), *sections))
    letters = {"first": a_letter("first"), "refused": _with_a_file(), "held": _with_a_locked_file()}
    assert here.call("run", "--once").code == 0
    for letter in letters.values():
        account.deliver(letter)
    assert here.call("run", "--once").code == 0
    _keep_mail(folder)
    reader = Reader(here)
    try:
        yield reader
    finally:
        reader.stop()


def _with_a_file() -> bytes:
    mixed = ("MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b")
    return a_letter("refused", "The form", A_FILE_IN_A_LETTER, *mixed)


def _with_a_locked_file() -> bytes:
    """Return a letter with an archive that nobody here can read."""
    rar = A_FILE_IN_A_LETTER.replace("form.exe", "photos.rar").replace(_EXE, _RAR)
    return _with_a_file().replace(A_FILE_IN_A_LETTER.encode(), rar.encode())


def _keep_mail(folder: Path) -> None:
    """Have letters as files, and as folders of a mail program."""
    date = "Date: Sat, 21 Nov 2026 10:00:00 +0000"
    letter = a_letter("q1", "Where is my order?", "Good morning, where is my order?", date)
    (folder / "letter.eml").write_bytes(letter)
    mail = folder / "home" / "Mail" / "support"
    mail.mkdir(parents=True)
    as_mbox = b"From anna@example.net Sat Nov 21 10:00:00 2026\n" + letter.replace(b"\r\n", b"\n")
    for path in (mail / "Inbox", folder / "inbox.mbox"):
        path.write_bytes(as_mbox)
    (folder / "sent.mbox").write_bytes(b"")
    simulated = ROOT / "docs" / "simulated"
    for name, copy in {"shop.yaml": "shop.yaml", "patient.yaml": "new.yaml"}.items():
        shutil.copy(simulated / name, folder / copy)
    shutil.copytree(ROOT / "docs" / "explained", folder / "docs" / "explained")
