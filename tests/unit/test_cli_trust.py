"""A certificate that a person has confirmed is kept beside the configuration."""

from pathlib import Path

import pytest

from maildaemon.cli.trust import put_beside
from maildaemon.errors import OperatorError


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    file = tmp_path / "kept" / "mail.shop.test"
    file.parent.mkdir()
    file.write_text("a certificate\n")
    return file


def test_it_takes_the_first_name_that_is_free_and_no_second_one(tmp_path: Path, kept: Path) -> None:
    shop = tmp_path / "shop"
    name = f"{kept.stem}.pem"
    (shop / name).mkdir(parents=True)

    first, again = put_beside(kept, shop), put_beside(kept, shop)

    assert first == again == f"{kept.stem}-2.pem"
    assert (shop / first).read_text() == "a certificate\n"


def test_where_nothing_can_be_written_it_is_said(tmp_path: Path, kept: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(OperatorError, match="the certificate cannot be written: not a directory"):
        put_beside(kept, tmp_path / "file" / "shop")
