"""A bare Debian in a folder, and processes in it that see nothing else of this machine's files.

Needs root, and `debootstrap`. The network is this machine's own, and so is what it takes to install
from its package index: the certificates, and the environment of pip.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

MIRROR = "http://deb.debian.org/debian"
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_OF_THIS_MACHINE = [Path("/etc/resolv.conf"), Path("/etc/hosts"), _CERTIFICATES]
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def require_root() -> None:
    """End with a clear word where this cannot work."""
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        sys.exit("this needs root, and Debian's package `debootstrap`")


def make(root: Path, suite: str, packages: Sequence[str]) -> None:
    """Put a Debian there with no more than these packages; one that stands there is taken."""
    if (root / "made").exists():
        return
    shutil.rmtree(root, ignore_errors=True)
    include = ",".join(packages)
    command = ["debootstrap", "--variant=minbase", f"--include={include}", suite, str(root), MIRROR]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    (root / "made").touch()


def of_the_index() -> dict[str, str]:
    """Return what pip and uv need to reach the package index from here."""
    found = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_"))}
    found.pop("PIP_FIND_LINKS", None)
    return {**found, "SSL_CERT_FILE": str(_CERTIFICATES), "PIP_CERT": str(_CERTIFICATES)}


def inside(
    root: Path,
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: str = "/",
    user: str = "root",
    writable: Mapping[str, Path] | None = None,
) -> list[str]:
    """Return the command that runs this inside of the root, alone with its own processes.

    `writable`: None, the root can be written to; else it cannot, but for these folders, which lie
    elsewhere, and `/tmp`, which is empty; and nothing there can gain a power that `user` has not.
    """
    binds = [item for path in _OF_THIS_MACHINE for item in ("--ro-bind", str(path), str(path))]
    variables = {"PATH": PATH, "HOME": "/", "LANG": "C.UTF-8", **environment}
    if writable is None:
        ground = ["--bind", str(root), "/"]
    else:
        ground = ["--ro-bind", str(root), "/", "--tmpfs", "/tmp"]
        binds += [item for at, path in writable.items() for item in ("--bind", str(path), at)]
    drop = [
        "setpriv",
        f"--reuid={user}",
        f"--regid={user}",
        "--clear-groups",
        "--bounding-set=-all",
    ]
    as_user = [] if user == "root" else [*drop, "--no-new-privs", "--inh-caps=-all", "--"]
    return [
        *("bwrap", *ground, "--proc", "/proc", "--dev", "/dev", *binds),
        *("--unshare-pid", "--unshare-ipc", "--die-with-parent", "--chdir", folder, "--clearenv"),
        *(item for name, value in variables.items() for item in ("--setenv", name, value)),
        *("--", *as_user, *command),
    ]
