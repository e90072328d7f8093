"""The file in the data folder that remembers whom to forget."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from maildaemon.domain.erasure import Tombstone
from maildaemon.errors import OperatorError


class TombstoneFile:
    """`ports.persons.Graves`: one line an erasure, added and never changed (0600).

    It stands beside the database: what is restored, or made anew, is held against it.
    """

    def __init__(self, data_dir: Path) -> None:
        """Nothing is read or written yet."""
        self._path = data_dir / "erased"

    def read(self) -> tuple[Tombstone, ...]:
        """See `Graves.read`; OperatorError if they cannot be read: then nobody may be brought back
        by accident.
        """
        try:
            lines = self._path.read_text("ascii").splitlines()
        except FileNotFoundError:
            return ()
        except (OSError, ValueError) as error:
            raise self._unusable(error) from error
        return tuple(self._stones(lines))

    def _stones(self, lines: list[str]) -> Iterator[Tombstone]:
        for at, line in enumerate(lines, 1):
            try:
                found = json.loads(line)
                erased_at = datetime.fromisoformat(found.pop("erased_at"))
                yield Tombstone(erased_at, **{name: tuple(one) for name, one in found.items()})
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                if at == len(lines):
                    return  # a power cut has left half of it; the erasure was not done
                raise self._unusable(error) from error

    def add(self, stone: Tombstone) -> None:
        """See `Graves.add`."""
        told = {**asdict(stone), "erased_at": stone.erased_at.isoformat()}
        line = json.dumps({name: one for name, one in told.items() if one}) + "\n"
        try:
            self._drop_half_a_line()
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise self._unusable(error) from error

    def _drop_half_a_line(self) -> None:
        """Cut off what a power cut has left of the last line: the next one is whole."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return
        if not content.endswith(b"\n"):
            os.truncate(self._path, content.rfind(b"\n") + 1)

    def _unusable(self, error: Exception) -> OperatorError:
        why = error.strerror if isinstance(error, OSError) else str(error)
        return OperatorError(
            f"the list of whom to forget cannot be used: {why}",
            where=str(self._path),
            advice="restore it from the newest backup; without it, whoever was erased comes back",
        )
