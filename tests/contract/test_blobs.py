"""Files by their content: what is kept outlives a death, and trouble with the disk is no fault of a mail."""

from pathlib import Path

import pytest

from maildaemon.adapters import blobs
from maildaemon.adapters.blobs import FileBlobStore
from maildaemon.adapters.sql import kept
from maildaemon.adapters.sql.store import SqlStore
from maildaemon.errors import OperatorError, StoreUnavailableError


@pytest.mark.parametrize(
    ("trouble", "meaning"),
    [(PermissionError(13, "denied"), OperatorError), (OSError(5, "I/O"), StoreUnavailableError)],
)
def test_a_file_that_cannot_be_read_is_no_fault_of_the_message(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trouble: OSError,
    meaning: type[Exception],
) -> None:
    store = FileBlobStore(tmp_path)
    name = store.put(b"content")

    def fail(_: Path) -> bytes:
        raise trouble

    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(meaning):
        store.get(name)


def test_what_a_dead_process_wrote_is_made_safe_before_it_is_counted_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FileBlobStore(tmp_path)
    name = store.put(b"content")
    synced: list[Path] = []
    monkeypatch.setattr(blobs, "_sync_folder", synced.append)

    assert store.put(b"content") == name
    assert synced == [store.path_of(name).parent]


def test_files_that_are_kept_together_are_kept_each_under_its_own_name(tmp_path: Path) -> None:
    store = FileBlobStore(tmp_path)
    contents = [f"content {number % 30}".encode() for number in range(40)]

    names = store.put_all(contents)

    assert [store.get(name) for name in names] == contents
    assert store.put_all([]) == []
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 30


def test_trouble_with_one_of_many_files_is_told_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FileBlobStore(tmp_path)

    def fail(_: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(blobs, "_sync_folder", fail)
    with pytest.raises(StoreUnavailableError, match="No space left"):
        store.put_all([b"one", b"two"])


def test_that_no_connection_is_free_is_an_outage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_AT_ONCE", 1)
    monkeypatch.setattr(kept, "_PATIENCE", 0)
    store = SqlStore(f"sqlite:///{tmp_path}/mail.db")

    with store.read(), pytest.raises(StoreUnavailableError), store.read():
        pass
    with store.read():
        pass
    store.close()
