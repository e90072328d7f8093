"""Two installations on one mailbox: noticed by what the other one sends, and by nothing else."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from maildaemon.domain.brakes import Brake
from maildaemon.domain.tokens import is_of_another, issue_loop_token, issue_message_id
from maildaemon.services.brakes import release
from tests.service.shop import KEY, Shop, a_mail

# Decisions: what they ask of a database is asked on every one elsewhere.
pytestmark = pytest.mark.sqlite

THEIRS = bytes(32)
SERVER = "mx.shop.example"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path, authserv_id=SERVER)
    opened.start()
    opened.wait(minutes=10)
    yield opened
    opened.close()


def automatic(shop: Shop, cause: str = "a cause", **fields: Any) -> bytes:
    """Return an acknowledgement as an installation with this key sends it."""
    marks: dict[str, Any] = {
        "message_id": issue_message_id(THEIRS, cause, "shop.example"),
        "X_Maildaemon_Loop": issue_loop_token(THEIRS, cause),
        "Auto_Submitted": "auto-replied",
        "date": shop.now(),
        "sender": "support@shop.example",
        "to": "clara@customer.example",
    }
    return a_mail("We have received your message.", **{**marks, **fields})


def read(shop: Shop) -> list[Brake]:
    """Read what is new; return the brakes that are on."""
    shop.receive()
    while shop.process():
        pass
    with shop.store.read() as tx:
        return [one.brake for one in tx.brakes.on(shop.desk.mailbox_id)]


def alarms(shop: Shop) -> list[str]:
    return [row[0] for row in shop.rows("select text from alert order by id")]


def test_mail_of_another_installation_in_sent_stops_ours_with_one_alarm(shop: Shop) -> None:
    shop.write(automatic(shop), "Sent")
    shop.write(automatic(shop, "another cause"), "Sent")

    assert read(shop) == [Brake.OTHER_INSTALLATION]
    (alarm,) = alarms(shop)
    assert "lies in sent" in alarm
    assert "Stop one of the two" in alarm
    shop.write(a_mail())
    shop.round()
    assert (shop.outbox, shop.customers_got) == (["queued"], [])


def test_resume_lets_mail_flow_until_the_other_one_sends_again(shop: Shop) -> None:
    shop.write(automatic(shop), "Sent")
    read(shop)
    late = automatic(shop, "filed late")
    shop.wait(minutes=1)
    with shop.store.begin() as tx:
        release(tx, shop.desk.mailbox_id, "support", shop.now())

    shop.write(late, "Sent")
    assert read(shop) == []
    shop.wait(minutes=1)
    shop.write(automatic(shop, "it goes on"), "Sent")
    assert read(shop) == [Brake.OTHER_INSTALLATION]


def test_what_a_customer_forges_stops_nothing(shop: Shop) -> None:
    shop.write(automatic(shop, sender="clara@customer.example", to="support@shop.example"))
    shop.write(automatic(shop, "as if from us", to="support@shop.example"))
    claims = {"Authentication_Results": "mx.evil.example; dmarc=pass header.from=shop.example"}
    shop.write(automatic(shop, "vouched for by himself", to="support@shop.example", **claims))

    assert read(shop) == []


def test_what_our_own_server_vouches_for_is_from_our_address(shop: Shop) -> None:
    vouched = {"Authentication_Results": f"{SERVER}; dmarc=pass header.from=shop.example"}
    shop.write(automatic(shop, to="support@shop.example", **vouched))

    assert read(shop) == [Brake.OTHER_INSTALLATION]


def test_an_acknowledgement_of_another_shop_that_we_pass_on_is_not_ours(shop: Shop) -> None:
    shop.write(automatic(shop, sender="support@another.example"), "Sent")

    assert read(shop) == []


def test_an_installation_that_was_here_before_us_is_gone(shop: Shop) -> None:
    shop.write(automatic(shop, date=shop.now() - timedelta(minutes=30)), "Sent")

    assert read(shop) == []


def test_what_we_have_sent_with_a_key_that_was_lost_is_ours(shop: Shop) -> None:
    shop.write(a_mail())
    shop.round()
    (sent,) = shop.transport.accepted
    shop.desk = replace(shop.desk, key=THEIRS)
    shop.write(sent.raw, "Sent")
    # Some servers give what they file another id.
    renamed = sent.raw.replace(b"Message-ID: <md.", b"Message-ID: <ses.0102.")
    shop.write(renamed, "Sent")

    assert read(shop) == []


def test_a_signature_tells_whose_it_is() -> None:
    ours, theirs = (issue_loop_token(key, "cause") for key in (KEY, THEIRS))

    assert [is_of_another(KEY, one) for one in (ours, theirs)] == [False, True]
    assert [is_of_another(KEY, one) for one in ("md.a.b", "", "a@b")] == [False] * 3
