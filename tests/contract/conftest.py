"""A database that is empty, on whichever database a test is run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from maildaemon.adapters.sql.store import SqlStore
from tests.databases import database_url


@pytest.fixture
def url(tmp_path: Path) -> str:
    return database_url(tmp_path)


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    opened = SqlStore(url)
    yield opened
    opened.close()
