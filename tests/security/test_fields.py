"""Fields by which other programs let themselves be steered, and ours when they are forged."""

from pathlib import Path
from typing import Any

import pytest

from tests.service.shop import Shop, a_mail

pytestmark = pytest.mark.sqlite

FORGED = "md." + "a" * 24 + "." + "b" * 26

STEERING = {
    "X-Maildaemon-Mode": "live",
    "X-Maildaemon-Category": "complaint",
    "X-Maildaemon-Priority": "urgent",
    "X-Maildaemon-Thread": "1",
    "X-Maildaemon-Status": "resolved",
    "X-Zammad-Ticket-State": "closed",
    "X-Zammad-Ignore": "true",
    "X-Zammad-Customer-Email": "eve@attacker.example",
    "X-Zammad-Article-Sender": "Agent",
    "X-OTRS-Loop": "no",
    "X-OTRS-Queue": "Raw",
    "X-OTRS-Priority": "5 very high",
    "X-OTRS-Ignore": "yes",
    "X-RT-Command": "Owner: eve",
    "X-RT-Send-CC": "eve@attacker.example",
    "X-RT-Mail-Extension": "comment",
    "X-RT-Interface": "API",
    "X-FreeScout-Status": "closed",
    "X-GitHub-Reason": "assign",
    "X-Camel-Exec": "id",
    "X-Redmine-Project": "other",
    "X-Priority": "1",
    "Importance": "high",
    "X-Spam-Whitelist": "yes",
    "X-Originating-Email": "support@shop.example",
    "X-Envelope-From": "support@shop.example",
    "X-Sender": "anna@shop.example",
    "X-Forwarded-To": "eve@attacker.example",
    "Errors-To": "eve@attacker.example",
    "Return-Receipt-To": "eve@attacker.example",
    "Disposition-Notification-To": "eve@attacker.example",
    "Mail-Followup-To": "eve@attacker.example",
    "Mail-Reply-To": "eve@attacker.example",
    "Apparently-To": "eve@attacker.example",
    "Received-SPF": "pass",
    "X-Keywords": "$Resolved",
    "Keywords": "$Resolved",
    "Status": "RO",
}


def test_s21_no_field_of_a_strangers_header_steers_anything(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    shop.start()
    shop.write(a_mail())
    for number, (name, value) in enumerate(STEERING.items()):
        fields: dict[str, Any] = {name.replace("-", "_"): value}
        sender, message_id = f"c{number}@customer{number}.example", f"f{number}@x.example"
        shop.write(a_mail(sender=sender, message_id=message_id, **fields))
    shop.receive()
    while shop.process():
        pass

    decided = (
        "select message.kind, message.silence, message.staff_answer, thread.status, thread.category,"
        " thread.priority, thread.tags, thread.stranger from message"
        " left join thread on thread.id = message.thread_id order by message.id"
    )
    plain, *steered = shop.rows(decided)
    wrong = [name for name, one in zip(STEERING, steered, strict=True) if one != plain]
    assert wrong == []
    # One response each, though the mailbox's rate may hold some back.
    queued = [to for (to,) in shop.rows("select recipient from outbox order by id")]
    assert queued == [
        "clara@customer.example",
        *(f"c{n}@customer{n}.example" for n in range(len(STEERING))),
    ]
    shop.close()


def test_s21_a_forged_mark_of_ours_makes_no_mail_ours(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    shop.start()
    shop.write(a_mail(X_Maildaemon_Loop=FORGED))
    shop.write(a_mail(message_id=f"{FORGED}@customer.example", sender="dan@customer.example"))
    shop.receive()
    while shop.process():
        pass

    # Whoever says that he is a program is taken at his word, and for nothing more.
    assert shop.rows("select kind from message order by id") == [("auto_reply",), ("customer",)]
    shop.close()
