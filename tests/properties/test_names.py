"""S1, S2: whatever a file is called, nothing is written but where it belongs."""

import random
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maildaemon.cli.new_file import safe_name
from maildaemon.domain.filenames import (
    escapes,
    extension_of,
    hides_something,
    is_dotfile,
    read_extensions,
)
from maildaemon.mail.names import sanitise
from tests.service.shop import Shop, a_mail

_PIECES = (
    *("..", ".", "/", "\\", "..%2f", "%00", "\x00", "\u202e", "\u200b", ":", "::$DATA", "C:", "~"),
    *(
        "CON",
        "nul",
        "COM1.txt",
        ".htaccess",
        "tool.exe",
        "\uff0e",
        "\uff0fetc",
        "a" * 300,
        " ",
        "\n",
    ),
    *(
        "$(id)",
        "`id`",
        "|",
        "*",
        "?",
        "-rf",
        "\\\\host\\share",
        "file:///",
        "\u2024",
        "é",
        "\U0001f4a9",
    ),
)
TWO_THOUSAND = [
    "".join(random.Random(number).choices(_PIECES, k=1 + number % 6)) for number in range(2000)
]


@pytest.mark.sqlite
def test_s01_s02_none_of_two_thousand_names_leads_out_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)

    for number, name in enumerate(TWO_THOUSAND):
        path = folder / f"{number}"
        path.mkdir()
        (path / safe_name(sanitise(name))).write_bytes(b"x")
        (path / f"_{safe_name(name)}").write_bytes(b"x")

    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) == 4000
    assert all(path.resolve().parent.parent == folder for path in written)


def test_s01_s02_what_is_stored_is_called_by_its_content_only(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "deep" / "shop")
    shop.start()
    for at in range(0, 400, 40):
        files = tuple(
            (name.replace("\n", " ") or "x", "text/plain", f"{at} {number}".encode())
            for number, name in enumerate(TWO_THOUSAND[at : at + 40])
        )
        shop.write(a_mail(files=files, message_id=f"m{at}@customer.example"))
    shop.round()

    assert shop.rows("select count(*) from attachment") == [(400,)]
    ((names,),) = shop.rows("select count(*) from attachment where filename like '%/%'")
    assert names == 0
    stored = [path for path in (shop.folder / "files").rglob("*") if path.is_file()]
    assert {len(path.name) for path in stored} == {64}
    assert {path.stat().st_mode & 0o777 for path in stored} == {0o600}
    assert {path.name for path in tmp_path.iterdir()} == {"deep"}
    shop.close()


@pytest.mark.sqlite
@settings(max_examples=300)
@given(st.text(max_size=300))
def test_s02_any_name_stays_under_its_root(name: str) -> None:
    root = Path("/somewhere/safe")

    for safe in (safe_name(name), safe_name(sanitise(name))):
        assert (root / safe).resolve().parent == root
        assert len(safe.encode("utf-8", "replace")) <= 200
        assert safe not in {"", ".", ".."}


@pytest.mark.sqlite
@settings(max_examples=300)
@given(st.text(max_size=100))
def test_judging_a_name_never_fails_and_sees_what_is_shown(name: str) -> None:
    escapes(name)
    hides_something(name)
    is_dotfile(name)

    # Some systems store a name in its compatible form: `²` as `2`, `℀` as `a/c`.
    plain = unicodedata.normalize("NFKC", sanitise(name)).replace("\u3002", ".")
    last = re.split(r"[/\\:]", plain)[-1]
    if last.strip(" ."):
        assert extension_of(last) in read_extensions(sanitise(name))


@pytest.mark.sqlite
@pytest.mark.parametrize("name", ["CON", "con.txt", "NUL.tar.gz", "com1", "LPT9.pdf", "aux "])
def test_a_name_of_a_device_is_none_any_more(name: str) -> None:
    assert safe_name(name).startswith("_")
    assert safe_name("console.txt") == "console.txt"
