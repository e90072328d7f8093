"""Installs it as a service on a bare Debian that its own systemd runs, as the README says, and tries it.

Systemd itself applies every restriction of the unit. The service must say that it is at work, answer a
mail, take over a changed configuration, come back after `kill -9`, end in order, be able to write to
its data folder and to no other, and have no power beside its user's.

python -m tests.install.systemd --root /var/tmp/maildaemon-systemd
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from tests.campaigns.table import Table
from tests.install import bare
from tests.install.service import ETC, a_mailbox
from tests.servers.process import wait_until

_SUITE = "bookworm"
_PACKAGES = ("systemd", "systemd-sysv", "dbus", "python3", "python3-venv", "ca-certificates")
_UNIT, _DATA = "maildaemon.service", "/var/lib/maildaemon"
_BOOTS_WITHIN, _STARTS_WITHIN = 120, 60
# As the README says, in the folder with the source.
_INSTALL = """
set -e
python3 -m venv /opt/maildaemon
/opt/maildaemon/bin/pip install --quiet --require-hashes -r requirements/runtime.txt
/opt/maildaemon/bin/pip install --quiet --no-deps .
useradd --system --no-create-home maildaemon
cp config/maildaemon.service /etc/systemd/system/
chown root:maildaemon /etc/maildaemon/maildaemon.yaml
chmod 640 /etc/maildaemon/maildaemon.yaml
chmod 600 /etc/maildaemon/password
"""
# What the file of the unit is worth, from 0 (safe) to 10.
_EXPOSED_AT_MOST = 2.0


class Machine:
    """A Debian that has booted in a folder."""

    def __init__(self, nspawn: int) -> None:
        """Take the pid of what runs it."""
        self._nspawn = nspawn

    @property
    def leader(self) -> int:
        """The pid of its systemd; while it is being made ready, of somebody else."""
        children = Path(f"/proc/{self._nspawn}/task/{self._nspawn}/children").read_text("ascii")
        return int(children.split()[0])

    def call(self, *command: str) -> str:
        """Run a command in it as root; return what it says, CalledProcessError if it fails."""
        enter = ["nsenter", f"--target={self.leader}", "--all", "--root", "--wd=/", "--", *command]
        return subprocess.run(enter, check=True, capture_output=True, text=True).stdout.strip()

    def shows(self, name: str) -> str:
        """Return a property of the service."""
        return self.call("systemctl", "show", "--property", name, "--value", _UNIT)

    @property
    def log(self) -> str:
        """What the service has logged."""
        return self.call("journalctl", "--quiet", "--unit", _UNIT, "--output=cat")

    def is_up(self) -> bool:
        """Tell whether it takes orders."""
        try:
            self.call("systemctl", "show", "--property", "Version")
        except (subprocess.CalledProcessError, IndexError):
            return False
        return True


@contextmanager
def booted(root: Path) -> Iterator[Machine]:
    """Boot it; it is gone at the end of the block."""
    command = ["systemd-nspawn", "--boot", "--quiet", "--register=no", "--keep-unit"]
    with (root.parent / "boot.log").open("wb") as log:
        running = subprocess.Popen(
            [*command, "--directory", root],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        machine = Machine(running.pid)
        try:
            wait_until(machine.is_up, _BOOTS_WITHIN, "it takes orders")
            yield machine
        finally:
            with suppress(subprocess.CalledProcessError, IndexError):
                (root.parent / "service.log").write_text(machine.log, "utf-8")
            # With its first process all of it dies; that outlives who has started it.
            with suppress(IndexError, ProcessLookupError):
                os.kill(machine.leader, signal.SIGKILL)
            running.kill()
            running.wait()


def try_it(root: Path) -> Table:
    """Install, boot and try; return what came of it."""
    table = Table("the service, under the restrictions of its unit")
    etc = root / ETC.lstrip("/")
    with a_mailbox(root.parent) as mailbox:
        mailbox.configure(etc, _DATA)
        (etc / "password").write_text(f"SUPPORT_PASSWORD={mailbox.account.password}\n", "utf-8")
        _install(root)
        with booted(root) as machine:
            machine.call("systemctl", "enable", "--now", _UNIT)
            # `Type=notify`: this returned because the service said that it is at work.
            table.fact("systemctl status", machine.shows("StatusText"))
            # What came before its first look would be history.
            begun = partial(_says, machine, "mailbox.started")
            wait_until(begun, _STARTS_WITHIN, "it has begun with the mailbox")
            mailbox.ask("anna")
            table.fact("a mail was acknowledged", 1)
            _look_at_powers(table, machine)
            _reload(table, machine, etc)
            mailbox.ask("bert")
            _die(table, machine)
            mailbox.ask("carla")
            asked = machine.call(
                "setpriv",
                "--reuid=maildaemon",
                "--regid=maildaemon",
                "--clear-groups",
                "/opt/maildaemon/bin/maildaemon",
                "--config",
                f"{ETC}/maildaemon.yaml",
                "status",
            )
            table.fact("maildaemon status", asked.splitlines()[0])
            machine.call("systemctl", "stop", _UNIT)
            result = machine.shows("Result")
            table.promise("how it ended", result, result == "success", "success")
            table.none(
                "denied or failed, by its log",
                re.findall("(?i).*(?:denied|critical).*", machine.log),
            )
    exposed = _exposure(root)
    kept = exposed <= _EXPOSED_AT_MOST
    table.promise("systemd-analyze security", exposed, kept, f"at most {_EXPOSED_AT_MOST}")
    return table


def _install(root: Path) -> None:
    source = root / "root/source"
    shutil.rmtree(source, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files", "-z"], check=True, capture_output=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(name, source / name)
    command = ["sh", "-c", _INSTALL]
    env = bare.of_the_index()
    subprocess.run(bare.inside(root, command, environment=env, folder="/root/source"), check=True)


def _look_at_powers(table: Table, machine: Machine) -> None:
    pid = machine.shows("MainPID")
    status = dict(
        line.split(":\t") for line in machine.call("cat", f"/proc/{pid}/status").splitlines()
    )
    for name, promised in (("NoNewPrivs", "1"), ("CapEff", "0" * 16), ("Seccomp", "2")):
        table.promise(name, status[name], status[name] == promised, promised)
    script = f"for x in / /etc /opt/maildaemon {ETC} /usr/bin /var/tmp /dev/shm {_DATA}; do "
    script += 'touch "$x/tried" 2>/dev/null && echo "$x"; done; exit 0'
    # In what the service sees, as its user.
    tried = machine.call(
        "nsenter",
        f"--target={pid}",
        "--mount",
        "setpriv",
        "--reuid=maildaemon",
        "--regid=maildaemon",
        "--clear-groups",
        "--bounding-set=-all",
        "--no-new-privs",
        "--",
        "sh",
        "-c",
        script,
    ).split()
    outside = {one for one in tried if one not in {_DATA, "/var/tmp"}}  # private
    table.none("folders outside its own that took a file", outside)
    table.promise("its own took one", _DATA in tried, _DATA in tried, "True")


def _reload(table: Table, machine: Machine, etc: Path) -> None:
    path = etc / "maildaemon.yaml"
    path.write_text(path.read_text("utf-8") + "limits: {per_thread: 3 in 24 hours}\n", "utf-8")
    pid = machine.shows("MainPID")
    machine.call("systemctl", "reload", _UNIT)
    reloaded = partial(_says, machine, "config.reloaded")
    wait_until(reloaded, _STARTS_WITHIN, "the new configuration is in force")
    same = machine.shows("MainPID") == pid
    table.promise("reload in the same process", same, same, "True")


def _die(table: Table, machine: Machine) -> None:
    pid = machine.shows("MainPID")
    machine.call("sh", "-c", f"kill -9 {pid}")
    wait_until(
        lambda: machine.shows("ActiveState") == "active" and machine.shows("MainPID") != pid,
        _STARTS_WITHIN,
        "it is started anew",
    )
    table.fact("started anew after kill -9", machine.shows("NRestarts"))


def _says(machine: Machine, event: str) -> bool:
    return event in machine.log


def _exposure(root: Path) -> float:
    unit = root / "etc/systemd/system" / _UNIT
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(said.split("Overall exposure level for", 1)[1].split(": ")[1].split()[0])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--root", type=Path, required=True, help="a folder for a GB of systems")
    given = parser.parse_args()
    bare.require_root()
    if shutil.which("systemd-nspawn") is None:
        sys.exit("this needs Debian's package `systemd-container`")
    os.umask(0o022)  # else nobody but root may read what is installed
    bare.make(given.root / "base", _SUITE, _PACKAGES)
    root = given.root / "machine"
    shutil.rmtree(root, ignore_errors=True)
    subprocess.run(["cp", "-a", given.root / "base", root], check=True)
    # An installed Debian has one.
    shutil.copy("/etc/hosts", root / "etc/hosts")
    table = try_it(root)
    print(table)
    return 1 if table.broken else 0


if __name__ == "__main__":
    sys.exit(main())
