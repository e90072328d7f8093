"""Values reach the database as values."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import maildaemon
from tests.service.shop import PNG, Shop, a_mail

SOURCE = Path(maildaemon.__file__).parent

# Where a statement is put together, it is of what stands in the source: numbers of locks, names of
# settings, of functions and of our own tables, which no placeholder can stand for.
OF_OUR_OWN = {
    "adapters/sql/postgresql.py": {"WRITER_LOCK", "setting", "take", "RUN_LOCK"},
    "adapters/sql/mariadb.py": {
        "_SCHEMA_LOCK",
        "_YEAR",
        "_UNFINISHED",
        "each",
        "lock",
        "used",
        "before",
    },
    "adapters/sql/store.py": {"'ON' if reading else 'OFF'", "_BUSY_SECONDS * 1000"},
}
EXECUTES = frozenset(("text", "exec_driver_sql", "execute", "executemany", "executescript"))


def put_together(tree: ast.AST) -> Iterator[str]:
    """Yield what a statement is put together of, where it is not one constant."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        if called not in EXECUTES:
            continue
        for part in ast.walk(node.args[0]):
            if isinstance(part, ast.FormattedValue):
                yield ast.unparse(part.value)
            elif isinstance(part, ast.BinOp | ast.Attribute) and any(map(_is_text, _sides(part))):
                yield ast.unparse(part)


def _sides(part: ast.BinOp | ast.Attribute) -> tuple[ast.expr, ...]:
    return (part.left, part.right) if isinstance(part, ast.BinOp) else (part.value,)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def test_s24_no_statement_is_made_of_values() -> None:
    found = {
        str(path.relative_to(SOURCE)): set(put_together(ast.parse(path.read_text("utf-8"))))
        for path in SOURCE.rglob("*.py")
    }

    assert {
        name: parts for name, parts in found.items() if parts - OF_OUR_OWN.get(name, set())
    } == {}


EVIL = """x'); DROP TABLE message; -- " ' \\' %s %(x)s :name ?1 $1 ` /* */"""


@pytest.mark.sqlite
@pytest.mark.postgresql
@pytest.mark.mariadb
def test_s24_what_looks_like_a_statement_is_stored_as_it_is(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    shop.start()
    fields: dict[str, Any] = {
        "message_id": "x'--@customer.example",
        "sender": "\"x'); DROP TABLE thread; --\" <o'brien@customer.example>",
        "In_Reply_To": "<x' OR '1'='1@x>",
        "List_Id": "<x' OR '1'='1>",
    }
    shop.write(a_mail(EVIL, subject=EVIL, files=((f"{EVIL}.png", "image/png", PNG),), **fields))
    shop.round()

    ((subject, text, sender, message_id),) = shop.rows(
        "select subject, text, from_address, message_id from message"
    )
    assert (subject, text.strip()) == (EVIL, EVIL)
    assert (sender, message_id) == ("o'brien@customer.example", "x'--@customer.example")
    assert shop.rows("select count(*) from thread") == [(1,)]
    assert len(shop.rows("select filename from attachment")) == 1
    shop.close()
