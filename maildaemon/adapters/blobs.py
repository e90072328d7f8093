"""Content-addressed files. The name is the sha256 of the content, never a name from a mail."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock

from maildaemon.errors import OperatorError, StoreUnavailableError

# A file system writes down what several wait for in one go; more of them gain nothing.
_AT_ONCE = 4
_NAME = 64
_UNFINISHED = ".new-"


class FileBlobStore:
    """`ports.BlobStore` in a folder: `ab/abcdef…`, mode 0600, in folders of mode 0700."""

    def __init__(self, root: Path) -> None:
        """Nothing is made before the first `put`."""
        self._root = root
        # What is wanted again must not be dropped between the look at its age and its end.
        self._dropping = Lock()

    def put_all(self, contents: Sequence[bytes]) -> list[str]:
        """Keep them all and return their sha256s: see `put`. The disk is waited for together."""
        if len(contents) <= 1:
            return [self.put(one) for one in contents]
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fsync") as threads:
            return list(threads.map(self.put, contents))

    def put(self, content: bytes) -> str:
        """Keep the content and return its sha256; once it returns, a power cut takes nothing.

        If the process dies meanwhile, a temporary file or an unreferenced blob may remain.
        """
        name = sha256(content).hexdigest()
        path = self.path_of(name)
        try:
            if self._is_there(path):
                # Whoever wrote it may have died before its name was safe.
                _sync_folder(path.parent)
            else:
                self._write(path, content)
        except PermissionError as error:
            raise OperatorError(
                f"cannot write: {error.strerror}",
                where=str(path.parent),
                advice="give the user that runs maildaemon the right to write there",
            ) from error
        except OSError as error:
            # A full disk: the mail is safe on the server until there is room.
            raise StoreUnavailableError(f"cannot write {path}: {error.strerror}") from error
        return name

    def _is_there(self, path: Path) -> bool:
        """Tell whether it is kept already; if so, it counts as new from now on."""
        with self._dropping:
            if not path.exists():
                return False
            os.utime(path)
            return True

    def _write(self, path: Path, content: bytes) -> None:
        is_new = not path.parent.is_dir()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=_UNFINISHED)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).rename(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        # The name must survive as well as the content; so must a new folder's own name.
        _sync_folder(path.parent)
        if is_new:
            _sync_folder(path.parent.parent)

    def get(self, sha256: str) -> bytes:
        """Return the content; KeyError if it is not there.

        Raises OperatorError if we may not read it, StoreUnavailableError if the disk fails: no
        message is to be blamed for that.
        """
        path = self.path_of(sha256)
        try:
            return path.read_bytes()
        except FileNotFoundError as error:
            raise KeyError(f"the file {sha256} is missing in {self._root}") from error
        except PermissionError as error:
            raise OperatorError(
                f"cannot read: {error.strerror}",
                where=str(path),
                advice="give it to the user that runs maildaemon",
            ) from error
        except OSError as error:
            raise StoreUnavailableError(f"cannot read {path}: {error.strerror}") from error

    def has(self, sha256: str) -> bool:
        """Tell whether the content is there."""
        return self.path_of(sha256).exists()

    def remove(self, sha256: str, before: datetime) -> bool:
        """See `BlobStore.remove`; OperatorError if we may not."""
        path = self.path_of(sha256)
        try:
            with self._dropping:
                if path.stat().st_mtime >= before.timestamp():
                    return False
                path.unlink()
        except FileNotFoundError:
            return True
        except OSError as error:
            raise OperatorError(
                f"cannot be removed: {(error.strerror or str(error)).lower()}",
                where=str(path),
                advice="give it to the user that runs maildaemon",
            ) from error
        return True

    def names(self) -> Iterator[str]:
        """See `BlobStore.names`."""
        for path in self._root.glob("??/*"):
            if len(path.name) == _NAME and not path.name.startswith("."):
                yield path.name

    def drop_unfinished(self, before: datetime) -> int:
        """See `BlobStore.drop_unfinished`."""
        dropped = 0
        for path in self._root.glob(f"??/{_UNFINISHED}*"):
            with suppress(FileNotFoundError):  # it was finished meanwhile
                if path.stat().st_mtime < before.timestamp():
                    path.unlink()
                    dropped += 1
        return dropped

    def path_of(self, sha256: str) -> Path:
        """Return where the content is or would be."""
        if len(sha256) != _NAME or not set(sha256) <= set("0123456789abcdef"):
            raise ValueError(f"{sha256!r} is no sha256")
        return self._root / sha256[:2] / sha256


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
