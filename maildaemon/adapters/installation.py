"""The data folder: the key of this installation, and the lock that keeps it to one process."""

import errno
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from maildaemon.errors import (
    AlreadyRunningError,
    MaildaemonError,
    OperatorError,
    StoreUnavailableError,
)
from maildaemon.ports.brakes import Beat

_KEY_BYTES = 32

LOST_KEY = "the key is missing, though there are records"
LOST_KEY_ADVICE = (
    "stop maildaemon and restore the key from the backup; with a new one, mails sent before are no "
    "longer recognised as ours by their signature"
)


def read_key(data_dir: Path) -> bytes:
    """Return the key that signs what leaves us, made at the first start (0600).

    Whoever loses it no longer recognises his own mails: it belongs into the backup.
    """
    path = data_dir / "key"
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        key = _make_key(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    if len(key) != _KEY_BYTES:
        raise OperatorError(
            f"the key has {len(key)} bytes instead of {_KEY_BYTES}",
            where=str(path),
            advice="restore it from the backup; a new one would not recognise our own mails",
        )
    return key


def read_home(data_dir: Path) -> str:
    """Return what tells this data folder from those of other daemons, made at the first start."""
    path = data_dir / "home"
    try:
        if found := path.read_text("ascii", "replace").strip():
            return found
        path.unlink()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        path.write_text(f"{secrets.token_hex(16)}\n", "ascii")
        return path.read_text("ascii").strip()
    except OSError as error:
        raise _unwritable(path, error) from error


def is_home(data_dir: Path, home: str) -> bool:
    """Tell whether this is the data folder of which a daemon has read this; False if we may not
    look.
    """
    try:
        return (data_dir / "home").read_text("ascii", "replace").strip() == home
    except OSError:
        return False


def has_key(data_dir: Path) -> bool:
    """Tell whether there is a key; without one, `read_key` makes it."""
    return (data_dir / "key").exists()


def _make_key(path: Path) -> bytes:
    make_data_dir(path.parent)
    temporary = path.with_name(f".key-{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            # Whoever is first wins; the other one takes the same key.
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    except OSError as error:
        raise _unwritable(path, error) from error
    return path.read_bytes()


def make_data_dir(data_dir: Path) -> None:
    """Make the data folder (0700) if it is missing.

    Raises OperatorError if that is not possible, StoreUnavailableError if the disk is full.
    """
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(data_dir, error) from error
    if not os.access(data_dir, os.W_OK | os.X_OK):
        raise _unwritable(data_dir, PermissionError(13, "permission denied"))


def make_folder_of(database: Path) -> None:
    """Make the folder (0700) of a database that is a file, if it is missing.

    Raises OperatorError, which names both, if that is not possible, StoreUnavailableError if the
    disk is full.
    """
    folder = database.parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StoreUnavailableError(f"cannot make {folder}: {why}") from error
        raise OperatorError(
            f"its folder {folder} is missing, and cannot be made: {why}",
            where=str(database),
            advice=folder_advice(folder, "`database.url`"),
        ) from error


def folder_advice(folder: Path, option: str) -> str:
    """Return what to do about a folder that is missing, or may not be written to."""
    return (
        "give the user that runs maildaemon the right to write there (as root: `install -d -m 700 "
        f"-o USER {folder}`), or set {option} to another folder"
    )


def only_one(data_dir: Path) -> AbstractContextManager[None]:
    """Hold the data folder against every other `run`. The lock ends with the process, however
    it ends. Raises AlreadyRunningError; OperatorError, or StoreUnavailableError on a full disk.
    """
    return _hold(data_dir / "lock", "this data folder", 0o644)


def only_one_with(database: Path) -> AbstractContextManager[None]:
    """Hold the file of a database, as `only_one` does a data folder: that one may be another."""
    return _hold(database.with_name(database.name + ".lock"), "this database", 0o600)


@contextmanager
def _hold(path: Path, what: str, mode: int) -> Iterator[None]:
    make_data_dir(path.parent)
    try:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, mode), "a+")
    except OSError as error:
        raise _unwritable(path, error) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise AlreadyRunningError(
                f"another maildaemon is running (process {file.read().strip() or 'unknown'})",
                where=str(path),
                advice=f"stop it first; only one may work on {what}",
            ) from error
        try:
            path.write_text(f"{os.getpid()}\n")
        except OSError as error:
            raise _unwritable(path, error) from error
        yield


def is_held(data_dir: Path) -> bool | None:
    """Tell whether some process holds the data folder (`only_one`); None if we may not look."""
    try:
        with (data_dir / "lock").open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except OSError:
        return None
    return False


def held_since(data_dir: Path) -> datetime:
    """Return since when it is held by the process that holds it (`is_held`)."""
    return datetime.fromtimestamp((data_dir / "lock").stat().st_mtime, UTC)


def free_space(*folders: Path) -> int:
    """Return how many bytes are left for us in the fullest of these folders.

    Raises StoreUnavailableError if one of them cannot be asked.
    """
    try:
        return min(found.f_bavail * found.f_frsize for found in map(os.statvfs, folders))
    except OSError as error:
        where = ", ".join(map(str, folders))
        raise StoreUnavailableError(f"{where}: {error.strerror or error}") from error


class HeartbeatFile:
    """`ports.brakes.Pulse` in the data folder: what a restored database does not take along."""

    def __init__(self, data_dir: Path) -> None:
        """Nothing is read or written yet."""
        self._path = data_dir / "heartbeat"

    def read(self) -> Beat | None:
        """Return the last one; None if there is none, or none that can be read."""
        try:
            found = json.loads(self._path.read_text("ascii"))
            beat = Beat(int(found["beat"]), datetime.fromisoformat(found["at"]))
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            # A power cut may have left half of it; the next one is whole.
            return None
        return beat if beat.at.tzinfo is not None else None

    def write(self, beat: Beat) -> None:
        """Keep it in place of the last one; StoreUnavailableError or OperatorError if it cannot."""
        text = json.dumps({"beat": beat.number, "at": beat.at.isoformat()})
        temporary = self._path.with_name(".heartbeat")
        try:
            with temporary.open("w", encoding="ascii") as file:
                file.write(text + "\n")
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path)
        except OSError as error:
            raise _unwritable(self._path, error) from error


def _unwritable(path: Path, error: OSError) -> MaildaemonError:
    why = (error.strerror or str(error)).lower()
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StoreUnavailableError(f"cannot write {path}: {why}")
    return OperatorError(
        f"cannot be used: {why}",
        where=str(path),
        advice="make it readable and writable for the user that runs maildaemon, "
        "or set `service.data_dir` to a folder that is",
    )
