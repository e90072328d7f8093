"""What a message costs does not grow with what is stored: every look-up runs along an index."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from maildaemon.adapters.sql.digests import digest
from maildaemon.adapters.sql.tables import metadata
from maildaemon.domain.reading import NumberPattern
from maildaemon.domain.spans import parse_span
from maildaemon.domain.timepolicy import Promise, TimePolicy
from maildaemon.domain.understanding import Priority
from tests.databases import backend, is_sqlite
from tests.service.shop import EXE, START, Shop, a_mail
from tests.service.test_spine import a_bounce

# These hold a row or two a mailbox.
_SMALL = frozenset({"mailbox", "folder", "account", "brake"})
_GROWING = (
    "inbound message citation thread participant attachment outbox ledger settlement event "
    "earlier gap order_number timer".split()
)
# All rows of a mailbox, of a folder, or with one verdict: that is as good as all.
_WIDE: tuple[set[str], ...] = ({"mailbox_id"}, {"folder_id"}, {"verdict"}, {"state"})
# What one message, and one timer, may ask of the database: each more is paid by every shop.
MESSAGE_ASKS, TIMER_ASKS = 39, 28
TOOL = (("tool.exe", "application/x-dosexec", EXE),)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path, order_numbers=(NumberPattern("order", r"\b(\d{6})\b"),))
    opened.start()
    yield opened
    opened.close()


def a_busy_day(shop: Shop) -> None:
    """Everything that can happen to a message or a mail, at least once."""
    shop.write(a_mail(files=TOOL))
    shop.account.withhold("INBOX", 2)
    shop.write(a_mail(sender="w@x.example", message_id="w@x.example"))
    shop.write(a_mail(sender="robot@x.example", message_id="r@x.example", List_Id="<x.x>"))
    shop.round()
    ours = str(shop.customers_got[0]["Message-ID"])
    cited = f"<p1@x> <p2@x> <c1@customer.example> {ours}"
    shop.wait(hours=1)
    shop.write(a_mail("And?", message_id="c2@x.example", References=cited, files=TOOL))
    shop.write(a_mail("Tagged", message_id="c3@x.example", subject="Re: [#K7F3-Q2] My order"))
    shop.write(a_bounce("clara@customer.example", ours))
    shop.write(
        a_mail(
            sender="support@shop.example",
            to="clara@customer.example",
            message_id="staff1@shop.example",
            In_Reply_To="<c1@customer.example>",
        ),
        "Sent",
    )
    shop.transport.plan("DOT", "accept_then_drop")
    shop.write(a_mail(sender="d@x.example", message_id="d@x.example"))
    shop.transport.plan("RCPT", "", "", "550 5.1.1 no such user", "451 later")
    for number in range(3):
        shop.write(a_mail(sender=f"e{number}@x.example", message_id=f"e{number}@x.example"))
    for _ in range(8):
        shop.round()
        shop.wait(minutes=8)


@contextmanager
def statements(shop: Shop) -> Iterator[dict[str, Any]]:
    """Collect each statement that is executed, with one set of its values."""
    seen: dict[str, Any] = {}

    def note(_c: Any, _cursor: Any, statement: str, values: Any, _x: Any, many: bool) -> None:
        seen.setdefault(statement, values[0] if many else values)

    event.listen(shop.sql.engine, "before_cursor_execute", note)
    yield seen
    event.remove(shop.sql.engine, "before_cursor_execute", note)


def slow_steps(shop: Shop, statement: str, values: Any) -> list[str]:
    """Return the steps of a query's plan that visit rows in proportion to what is stored."""
    with shop.sql.engine.connect() as connection:
        if is_sqlite():
            plan = connection.exec_driver_sql(f"explain query plan {statement}", values)
            return [row[3] for row in plan if is_slow(row[3])]
        if backend() == "mariadb":
            (plan,) = connection.exec_driver_sql(f"explain format=json {statement}", values).one()
            return list(tables_of(json.loads(plan)))
        return [
            *dict.fromkeys(it for plan in plans_of(connection, statement, values) for it in plan)
        ]


def plans_of(connection: Connection, statement: str, values: Any) -> Iterator[list[str]]:
    """Yield what PostgreSQL visits too much of when it knows the values, and with the plan that it
    keeps for whatever values, once it has met a statement a few times.
    """
    (plan,) = connection.exec_driver_sql(f"explain (format json) {statement}", values).one()
    yield list(steps_of(plan[0]["Plan"]))
    places = {name: f"${place}" for place, name in enumerate(values, 1)}
    kept, given = statement % places, f"({','.join(['null'] * len(places))})" if places else ""
    connection.exec_driver_sql("set local plan_cache_mode = force_generic_plan")
    connection.exec_driver_sql(f"prepare kept as {kept.replace('%', '%%')}")
    (plan,) = connection.exec_driver_sql(f"explain (format json) execute kept{given}").one()
    connection.exec_driver_sql("deallocate kept")
    yield list(steps_of(plan[0]["Plan"]))


def steps_of(node: dict[str, Any]) -> Iterator[str]:
    """Return what a step of PostgreSQL's plan visits too much of, and those beneath it."""
    if node.get("Relation Name") in _GROWING and node["Node Type"].endswith("Scan"):
        found = node.get("Index Cond") or node.get("Recheck Cond") or ""
        columns = set(re.findall(r"\b(\w+)\)?(?:::\w+)? (?:=|<=|>=|>|<|IS(?! NOT NULL)) ", found))
        if not columns or columns in _WIDE:
            yield f"{node['Node Type']} {node['Relation Name']} {found}"
    for child in node.get("Plans", ()):
        yield from steps_of(child)


def tables_of(node: Any) -> Iterator[str]:
    """Return what MariaDB's plan visits too much of, in a step or those beneath it."""
    if isinstance(node, list):
        for one in node:
            yield from tables_of(one)
    elif isinstance(node, dict):
        table = re.sub(r"_\d+$", "", node.get("table_name", ""))
        columns = set(node.get("used_key_parts", ()))
        if table in _GROWING and (
            not columns or columns in _WIDE or node["access_type"] == "index"
        ):
            yield f"{node['access_type']} {table} {node.get('key')} {sorted(columns)}"
        for one in node.values():
            yield from tables_of(one)


def is_slow(step: str) -> bool:
    """Tell whether a step of a query plan visits rows in proportion to what is stored."""
    table = next(iter(re.findall(r"^(?:SCAN|SEARCH) (\w+)", step)), "")
    if table not in _GROWING:
        return False
    columns = re.findall(r"\((.*)\)$", step)
    wide = [f"{name}=?" for names in _WIDE for name in names]
    return step.startswith("SCAN") or (len(columns) == 1 and columns[0] in wide)


def test_every_look_up_for_a_message_runs_along_an_index(shop: Shop) -> None:
    if not is_sqlite():
        # It looks at how much there is before it decides how to look it up.
        fill(shop, 3000)
        with shop.sql.engine.begin() as connection:
            tables = f" table {','.join(_GROWING)}" if backend() == "mariadb" else ""
            connection.exec_driver_sql(f"analyze{tables}").close()
    with statements(shop) as executed:
        a_busy_day(shop)

    slow = []
    for statement, values in executed.items():
        if re.match("SELECT (?!pg_)|UPDATE|DELETE", statement):
            slow += [(step, statement) for step in slow_steps(shop, statement, values)]

    assert len(executed) > 70
    assert slow == [], "\n".join(f"{step}: {it}" for step, it in slow)


def fill(shop: Shop, count: int) -> None:
    """Store so many messages with all that belongs to them; all cite one other."""
    at = START - timedelta(days=5)
    numbers = range(1000, 1000 + count)

    def insert(table: str, values: Callable[[int], dict[str, Any]]) -> None:
        rows = [values(number) for number in numbers]
        connection.execute(metadata.tables[table].insert(), rows)

    with shop.sql.engine.begin() as connection:
        if is_sqlite():
            connection.exec_driver_sql("pragma defer_foreign_keys=on")
        insert(
            "thread",
            lambda n: dict(
                **dict.fromkeys(("subject", "bare_subject"), "my order"),
                **dict.fromkeys(("opened_at", "last_message_at"), at),
                id=n,
                mailbox_id=1,
                reference=f"R{n}",
                status="open",
            ),
        )
        insert(
            "message",
            lambda n: dict(
                **dict.fromkeys(("from_name", "text", "reply_text", "why_match"), "x"),
                **{name: [] for name in ("evidence", "recipients", "defects")},
                **dict.fromkeys(("subject", "bare_subject"), "my order"),
                received_at=at,
                # A tenth of it has just been caught up with.
                recorded_at=at if n % 9 else START,
                id=n,
                mailbox_id=1,
                identity=digest(f"i{n}"),
                size=9,
                message_id=f"m{n}@x",
                message_id_sha256=digest(f"m{n}@x"),
                thread_id=n,
                kind="customer" if n % 9 == 0 else "bounce" if n % 2 else "bulk",
                from_address=f"c{n}@x",
                # A program writes a third of it.
                sender_sha256=digest("robot@x.example" if n % 3 == 1 else f"c{n}@x"),
                match="new",
            ),
        )
        insert(
            "event",
            lambda n: {
                "mailbox_id": 1,
                "thread_id": n,
                "message_id": n,
                "at": at,
                "event": "message_received",
                "detail": {},
            },
        )
        insert(
            "timer",
            lambda n: dict(
                **dict.fromkeys(("since", "due_at", "fired_at"), at),
                mailbox_id=1,
                thread_id=n,
                key=f"late:{n}",
                kind="late",
                state="fired",
            ),
        )
        insert(
            "inbound",
            lambda n: dict(
                mailbox_id=1,
                folder_id=1 + n % 3,
                uidvalidity=7,
                uid=n,
                state="done",
                size=9,
                message_id=n,
                attempts=1,
                **dict.fromkeys(("received_at", "recorded_at"), at),
            ),
        )
        insert(
            "outbox",
            lambda n: dict(
                id=n,
                mailbox_id=1,
                thread_id=n,
                cause_id=n,
                kind="response",
                message_id=f"md.{n}.x@shop.example",
                sections=[],
                language="en",
                reverse_path="s@x",
                recipient="c@x",
                raw=b"x" * 2000,
                state="sent",
                phase="waiting",
                attempts=1,
                concluded_at=at + timedelta(seconds=n),
                **dict.fromkeys(("queued_at", "expires_at"), at),
            ),
        )
        insert(
            "citation", lambda n: {"mailbox_id": 1, "cited_sha256": digest("p1@x"), "message_id": n}
        )
        insert(
            "attachment",
            lambda n: {
                "message_id": n,
                "position": 0,
                "filename": "a",
                "names": [],
                "size": 9,
                "declared_type": "a/b",
                "sha256": "0" * 64,
                "findings": [],
                "verdict": "refused",
                "reason": "macro",
                "told_at": at,
            },
        )
        insert(
            "ledger",
            lambda n: {
                "key": f"k{n}",
                "mailbox_id": 1,
                "thread_id": n,
                "at": at,
                "recipient_sha256": digest(f"c{n}@x"),
            },
        )
        insert(
            "participant",
            lambda n: {
                "thread_id": n,
                "address": f"c{n}@x",
                "address_sha256": digest(f"c{n}@x"),
                "name": "",
                "role": "customer",
            },
        )
        insert(
            "order_number",
            lambda n: {
                "mailbox_id": 1,
                "thread_id": n,
                "message_id": n,
                "name": "order",
                "number": f"{n:06}",
                "number_sha256": digest(f"{n:06}"),
            },
        )
        insert(
            "earlier",
            lambda n: {
                "mailbox_id": 1,
                "message_id_sha256": digest(f"e{n}@x"),
                "sender_sha256": digest(f"c{n}@x"),
            },
        )
        insert(
            "gap",
            lambda n: {
                "folder_id": 1 + n % 3,
                "uidvalidity": 7,
                "uid": n,
                "seen_at": at,
                "state": "closed",
            },
        )
        insert(
            "settlement",
            lambda n: {
                "mailbox_id": 1,
                "verb": "file_copy",
                "outbox_id": n,
                "state": "done",
                "attempts": 1,
            },
        )


def asked(shop: Shop) -> Callable[[], int]:
    """Return a function that tells how many statements there were since it was asked last."""
    count = 0

    def note(*_: Any) -> None:
        nonlocal count
        count += 1

    def since() -> int:
        nonlocal count
        told, count = count, 0
        return told

    event.listen(shop.sql.engine, "before_cursor_execute", note)
    return since


@pytest.mark.sqlite
def test_what_a_message_and_a_timer_ask_of_the_database_is_counted(tmp_path: Path) -> None:
    promise = Promise(update_every=parse_span("1 day"))
    shop = Shop(tmp_path, time=TimePolicy(promises=((Priority.NORMAL, promise),)))
    shop.start()
    shop.write(a_mail())
    shop.round()
    since = asked(shop)

    shop.write(a_mail("And?", message_id="c2@x.example", In_Reply_To="<c1@customer.example>"))
    shop.receive()
    since()
    shop.process()
    shop.fire()  # plans what follows from it
    message = since()
    shop.wait(days=1)
    shop.receive()
    since()
    shop.fire()
    timer = since()

    assert shop.rows("select count(*) from timer where state='fired'") == [(1,)]
    assert message <= MESSAGE_ASKS
    assert timer <= TIMER_ASKS
    shop.close()


def work_of(shop: Shop) -> int:
    """Return what a busy day takes, in the database's own steps (thousands)."""
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    def count(_c: Any, cursor: Any, _s: str, _v: Any, _x: Any, _m: bool) -> None:
        cursor.connection.set_progress_handler(step, 100)

    event.listen(shop.sql.engine, "before_cursor_execute", count)
    a_busy_day(shop)
    return steps


@pytest.mark.campaign
@pytest.mark.sqlite
def test_a_message_costs_the_same_among_a_hundred_and_among_ten_thousand(tmp_path: Path) -> None:
    costs = []
    for count in (100, 10_000):
        shop = Shop(tmp_path / str(count))
        shop.start()
        fill(shop, count)
        costs.append(work_of(shop))
        shop.close()

    few, many = costs
    assert few > 20
    assert many < 1.2 * few
