"""What messages and threads are about, as it stands in the database."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from maildaemon.domain.understanding import AfterAnswer, Fact, Matter, Priority, Understanding

_NOTHING = Understanding()


def understood_as_json(understood: Understanding) -> dict[str, Any] | None:
    """Return what is kept with a message, None if nothing is said of it."""
    return None if understood == _NOTHING else asdict(understood)


def matter_as_columns(matter: Matter) -> dict[str, Any]:
    """Return the columns of a thread that say what it is about."""
    return {
        "category": matter.category,
        "priority": matter.priority.value,
        "tags": list(matter.tags),
        "promise": matter.promise.value if matter.promise else None,
        "after_answer": matter.after_answer.value if matter.after_answer else None,
        "facts": [one.value for one in matter.facts],
        "missing": [one.value for one in matter.missing],
        "asked": [one.value for one in matter.asked],
    }


def matter_of(row: Row[Any]) -> Matter:
    """Return what a thread is about, from its row."""
    return Matter(
        category=row.category,
        priority=Priority(row.priority),
        tags=tuple(row.tags),
        promise=Priority(row.promise) if row.promise else None,
        after_answer=AfterAnswer(row.after_answer) if row.after_answer else None,
        facts=tuple(map(Fact, row.facts)),
        missing=tuple(map(Fact, row.missing)),
        asked=tuple(map(Fact, row.asked)),
    )
