"""docs/alarms.md tells of every alarm that the code raises, and of no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Where the event of an alarm stands in what raises it.
_RAISING = {"Alarm": 0, "_alarm": 0, "_raise": 0, "AlertRow": 1}
_EVENT = re.compile(r"[a-z]+\.[a-z]+")


def raised() -> Iterator[str]:
    for path in (ROOT / "maildaemon").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name | ast.Attribute):
                name = call.func.id if isinstance(call.func, ast.Name) else call.func.attr
                # A condition names its alarm, and the one that tells its end.
                places = (0, 1) if name == "Condition" else (_RAISING.get(name, 99),)
                words = [call.args[place] for place in places if place < len(call.args)]
                for word in words:
                    if isinstance(word, ast.Constant):
                        assert _EVENT.fullmatch(str(word.value)), path
                        yield str(word.value)


def test_every_alarm_stands_in_the_page_with_what_to_do_and_no_other_does() -> None:
    rows = re.findall(r"^\| `([a-z]+\.[a-z]+)` \|([^|]+)\|([^|]+)\|", _page(), re.MULTILINE)
    documented = [event for event, _, _ in rows]

    assert len(documented) > 10
    assert sorted(documented) == sorted({*raised()})
    assert all(meaning.strip() and advice.strip() for _, meaning, advice in rows)


def _page() -> str:
    return (ROOT / "docs" / "alarms.md").read_text("utf-8")
