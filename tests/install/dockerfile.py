"""Does every step of the Dockerfile, without Docker, on a bare Debian, and tries what came of it.

The base image is a Debian with its own Python. The result runs as its user, with a root that cannot be
written to, against a real Dovecot and a real SMTP server: a mail must be acknowledged, the health
check must be content, and SIGTERM must end it in order.

python -m tests.install.dockerfile --root /var/tmp/maildaemon-image
"""

import argparse
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import partial
from pathlib import Path

from tests.campaigns.table import Table
from tests.install import bare
from tests.install.service import ETC, a_mailbox
from tests.servers.process import wait_until

_SUITE = "trixie"
_PYTHON = ("python3", "python3-venv", "python3-pip", "ca-certificates")
_CONTEXT = Path()
_STARTS_WITHIN, _ENDS_WITHIN = 60, 30


@dataclass
class Stage:
    """What a stage of the file has come to."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "root"
    volumes: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    entry: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)

    def inside(self, command: list[str], volumes: dict[str, Path] | None = None) -> list[str]:
        """Return the command that runs this in it; see `bare.inside` for `volumes`."""
        env = self.environment if volumes is not None else bare.of_the_index() | self.environment
        return bare.inside(
            self.root,
            command,
            environment=env,
            folder=self.folder,
            user=self.user,
            writable=volumes,
        )


class Builder:
    """Does the instructions, one after another."""

    def __init__(self, base: Path, folder: Path) -> None:
        """Build every stage in a folder of its own, on a copy of the base."""
        self._base, self._folder = base, folder
        self._stages: dict[str, Stage] = {}

    def build(self, text: str) -> Stage:
        """Return what the last stage has come to; CalledProcessError if a step fails."""
        stage: Stage | None = None
        for name, words in _instructions(text):
            print(f"{name} {words}"[:100], flush=True)
            if name == "FROM":
                stage = self._begin(words)
            else:
                assert stage is not None, "FROM comes first"
                self._do(stage, name, words)
        assert stage is not None
        return stage

    def _begin(self, words: str) -> Stage:
        image, *named = words.split()
        assert image.startswith("python:"), image
        name = named[1] if named else "result"
        root = self._folder / name
        shutil.rmtree(root, ignore_errors=True)
        subprocess.run(["cp", "-a", self._base, root], check=True)
        self._stages[name] = Stage(root)
        return self._stages[name]

    def _do(self, stage: Stage, name: str, words: str) -> None:
        match name:
            case "RUN":
                subprocess.run(stage.inside(["sh", "-c", words]), check=True)
            case "COPY":
                self._copy(stage, words.split())
            case "WORKDIR":
                stage.folder = words
                (stage.root / words.lstrip("/")).mkdir(parents=True, exist_ok=True)
            case "ENV":
                for pair in shlex.split(words):
                    key, _, value = pair.partition("=")
                    path = stage.environment.get("PATH", bare.PATH)
                    stage.environment[key] = value.replace("$PATH", path)
            case "USER":
                stage.user = words
            case "VOLUME":
                stage.volumes.append(words)
            case "HEALTHCHECK":
                stage.health = json.loads(words.partition("CMD ")[2])
            case "ENTRYPOINT":
                stage.entry = json.loads(words)
            case "CMD":
                stage.command = json.loads(words)
            case "STOPSIGNAL":
                assert words == "SIGTERM", words
            case _:
                raise ValueError(f"what does {name} mean?")

    def _copy(self, stage: Stage, words: list[str]) -> None:
        source = _CONTEXT
        if words[0].startswith("--from="):
            source = self._stages[words.pop(0).removeprefix("--from=")].root
        *what, where = words
        target = stage.root / (Path(stage.folder) / where).relative_to("/")
        for one in what:
            found = source / one.lstrip("/")
            allowed = _allowed if source == _CONTEXT else None
            shutil.copytree(found, target, symlinks=True, dirs_exist_ok=True, ignore=allowed)


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, words = line.strip().partition(" ")
            yield name, " ".join(words.split())


def _allowed(folder: str, names: list[str]) -> set[str]:
    """Return what `.dockerignore` leaves out."""
    rules = [one for one in Path(".dockerignore").read_text("utf-8").split("\n") if one]
    left_out = set()
    for name in names:
        path = str(Path(folder) / name)
        out = False
        for rule in (one for one in rules if not one.startswith("#")):
            pattern = rule.removeprefix("!").removeprefix("**/")
            inner = path if "**/" not in rule else name
            if fnmatch(inner, pattern):
                out = not rule.startswith("!")
            elif rule.startswith("!") and path.startswith(f"{pattern}/"):
                out = False
        if out:
            left_out.add(name)
    return left_out


def try_it(image: Stage, folder: Path) -> Table:
    """Run what was built as its container would run; return what came of it."""
    table = Table("the image, built and run without Docker")
    (volume,) = image.volumes
    where = {volume: folder / "volume", ETC: folder / "etc"}
    (folder / "volume").mkdir()
    shutil.copystat(image.root / volume.lstrip("/"), folder / "volume")
    owner = (image.root / volume.lstrip("/")).stat()
    os.chown(folder / "volume", owner.st_uid, owner.st_gid)
    for place in where:
        (image.root / place.lstrip("/")).mkdir(exist_ok=True)
    before = _files(image.root)
    with a_mailbox(folder) as mailbox, (folder / "log").open("wb") as log:
        mailbox.configure(folder / "etc", volume)
        image.environment["SUPPORT_PASSWORD"] = mailbox.account.password
        command = image.inside([*image.entry, *image.command], where)
        with subprocess.Popen(command, stdout=log, stderr=log) as running:
            try:
                begun = partial(_says, folder / "log", b"mailbox.started")
                wait_until(begun, _STARTS_WITHIN, "it has begun with the mailbox")
                mailbox.ask("anna")
                table.fact("a mail was acknowledged", 1)
                _look_inside(table, image, where)
            finally:
                _end(running)
    code = running.returncode
    table.promise("exit code after SIGTERM", code, code == 0, "0")
    table.none("changed outside of the volume", {name for name, _ in _files(image.root) ^ before})
    return table


def _look_inside(table: Table, image: Stage, where: dict[str, Path]) -> None:
    healthy = subprocess.run(image.inside(image.health, where), check=False).returncode
    table.promise("exit code of the health check", healthy, healthy == 0, "0")
    script = "id -u; for x in / /opt/maildaemon /etc/maildaemon; do touch $x/x 2>&1; done | wc -l"
    ran = subprocess.run(
        image.inside(["sh", "-c", script], where), check=True, capture_output=True, text=True
    )
    user, refused = ran.stdout.split()
    table.promise("runs as user", user, user == "990", "990")
    table.promise("folders that refuse a file", refused, refused == "3", "3")


def _says(log: Path, word: bytes) -> bool:
    return word in log.read_bytes()


def _end(running: "subprocess.Popen[bytes]") -> None:
    """Send the signal to the first process of the container, as Docker does."""
    for child in _children(running.pid):
        for first in _children(child):
            os.kill(first, signal.SIGTERM)
    try:
        running.wait(_ENDS_WITHIN)
    except subprocess.TimeoutExpired:
        running.kill()


def _children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(one) for one in path.read_text("ascii").split()] if path.exists() else []


def _files(root: Path) -> set[tuple[str, int]]:
    return {
        (str(path.relative_to(root)), path.lstat().st_mtime_ns)
        for path in root.rglob("*")
        if not path.is_dir()
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--root", type=Path, required=True, help="a folder for a few GB of systems")
    given = parser.parse_args()
    bare.require_root()
    base = given.root / "base"
    bare.make(base, _SUITE, _PYTHON)
    _as_the_image_has_it(base)
    image = Builder(base, given.root).build(Path("Dockerfile").read_text("utf-8"))
    folder = given.root / "run"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    table = try_it(image, folder)
    print(table)
    return 1 if table.broken else 0


def _as_the_image_has_it(base: Path) -> None:
    """Give it a Python and a pip that are nobody's but the image's own, in /usr/local."""
    if not (base / "usr/local/bin/pip").exists():
        command = ["/usr/bin/python3", "-m", "venv", "/usr/local"]
        subprocess.run(bare.inside(base, command, environment={}), check=True)


if __name__ == "__main__":
    sys.exit(main())
