"""docs/log.md tells of every event that the code logs, and of no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from maildaemon.services.deliver import _PAST

ROOT = Path(__file__).parents[2]
_LOGGING = {"log", "_tell", "_refused"}
_EVENT = re.compile(r"[a-z]+\.[a-z_]+")
_ROW = re.compile(r"^\| ((?:`[a-z]+\.[a-z_]+` ?)+)\|(.+)\|$", re.MULTILINE)


def texts_in(node: ast.AST) -> Iterator[str]:
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and _EVENT.fullmatch(str(one.value)):
            yield str(one.value)


def test_every_event_of_the_log_stands_in_the_page_and_no_other_does() -> None:
    logged, named = set[str](), {f"outbox.{past}" for past in _PAST.values()}
    for path in (ROOT / "maildaemon").rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        named |= {*texts_in(tree)}
        for call in ast.walk(tree):
            what = getattr(call, "func", None)
            name = getattr(what, "id", getattr(what, "attr", None))
            if isinstance(call, ast.Call) and name in _LOGGING:
                logged |= {text for word in call.args for text in texts_in(word)}
    rows = _ROW.findall((ROOT / "docs" / "log.md").read_text("utf-8"))
    documented = [event for events, _ in rows for event in _EVENT.findall(events)]

    assert len(logged) > 70
    assert sorted(documented) == sorted({*documented}), "each stands there once"
    assert logged - {*documented} == set(), "are logged, and stand in no row"
    assert {*documented} - named == set(), "stand in a row, and are not in the code"
    assert all(meaning.strip() for _, meaning in rows)
