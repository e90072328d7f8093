"""Staff steer by keywords and folders of their mail client, and see there how things stand."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from maildaemon.domain.control import Control
from maildaemon.domain.threads import Status
from maildaemon.errors import MailboxRefusedError, MailboxUnavailableError
from maildaemon.services.by_hand import mute, set_status, unmute
from maildaemon.services.marks import BY, show_marks
from tests.service.clients import Letter
from tests.service.shop import Shop, a_mail

# What is decided is the same everywhere; the marked ones bring all statements to PostgreSQL too.
pytestmark = pytest.mark.sqlite

OURS = ("$Overdue", "$Waiting", "$Working", "$Resolved", "$NoAuto", "$Urgent")


class Desk:
    """A shop whose staff steer from their mail client."""

    def __init__(self, folder: Path, **control: bool) -> None:
        self.shop = Shop(folder, control=Control(**control))
        self.shop.round()
        self.shop.settle()

    def customer(self, message_id: str = "c1@customer.example", **options: Any) -> int:
        uid = self.shop.write(a_mail(message_id=message_id, date=self.shop.at, **options))
        self.round()
        return uid

    def staff(self) -> int:
        uid = self.shop.write(Letter("Thunderbird", self.shop.at).raw, "Sent")
        self.round()
        return uid

    def round(self) -> None:
        """Let a while pass; what is shown is looked at again at the end."""
        self.shop.wait(minutes=15)
        self.shop.round()
        self.shop.round()

    def shown(self, uid: int = 1, folder: str = "INBOX") -> list[str]:
        flags = self.shop.account.folder(folder).messages[uid].flags
        return sorted(one for one in flags if one in OURS)

    def flag(self, *flags: str, uid: int = 1, folder: str = "INBOX") -> None:
        for flag in flags:
            self.shop.account.flag(folder, uid, flag)
        self.round()

    def unflag(self, *flags: str, uid: int = 1, folder: str = "INBOX") -> None:
        for flag in flags:
            self.shop.account.unflag(folder, uid, flag)
        self.round()

    def move(self, folder: str, uid: int, target: str) -> int:
        new = self.shop.account.move(folder, uid, target)
        self.round()
        return new

    @property
    def status(self) -> str:
        return str(self.shop.rows("select status from thread order by id")[0][0])

    @property
    def muted(self) -> bool:
        return self.shop.rows("select muted_until from thread order by id")[0][0] is not None

    @property
    def priority(self) -> str:
        return str(self.shop.rows("select priority from thread order by id")[0][0])

    def events(self) -> list[str]:
        names = ("thread_%", "priority%")
        found = self.shop.rows("select event from event order by id")
        return [row[0] for row in found if row[0].startswith(names[0][:-1])]


@pytest.fixture(params=[True, False], ids=["condstore", "plain"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(tmp_path, keywords=True)
    opened.shop.account.counts_changes = request.param
    yield opened
    opened.shop.close()


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(tmp_path, folders=True)
    yield opened
    opened.shop.close()


# --- what is shown -------------------------------------------------------------------------


def test_what_waits_for_us_shows_it_until_somebody_answers(desk: Desk) -> None:
    desk.customer()
    assert desk.shown() == ["$Waiting"]
    desk.staff()
    assert desk.shown() == []


def test_the_customers_newest_message_shows_how_things_stand(desk: Desk) -> None:
    desk.customer()
    desk.staff()
    desk.customer("c2@customer.example", In_Reply_To="<c1@customer.example>")

    assert (desk.shown(1), desk.shown(2)) == ([], ["$Waiting"])


def test_what_is_said_on_the_command_line_is_shown(desk: Desk) -> None:
    desk.customer()
    [[reference]] = desk.shop.rows("select reference from thread")
    with desk.shop.store.begin() as tx:
        thread = tx.by_hand.thread(reference)
        assert thread is not None
        set_status(tx, thread, Status.WORKING, "anna", desk.shop.now())
        mute(tx, thread, desk.shop.now() + timedelta(days=1), "anna", desk.shop.now())
    desk.round()
    assert desk.shown() == ["$NoAuto", "$Working"]
    with desk.shop.store.begin() as tx:
        thread = tx.by_hand.thread(reference)
        assert thread is not None
        unmute(tx, thread, "anna", desk.shop.now())
    desk.round()

    assert desk.shown() == ["$Working"]


@pytest.mark.postgresql
def test_a_broken_promise_shows_until_somebody_answers(desk: Desk) -> None:
    desk.customer()
    with desk.shop.store.begin() as tx:
        tx.records.note(1, "promise_broken", desk.shop.now(), thread_id=1)
    desk.round()
    assert desk.shown() == ["$Overdue", "$Waiting"]
    desk.staff()

    assert desk.shown() == []


def test_read_and_unread_and_the_flags_of_others_are_left_alone(desk: Desk) -> None:
    desk.customer()
    desk.flag("\\Seen", "$label1", "Important")
    desk.flag("$Working")
    flags = desk.shop.account.folder("INBOX").messages[1].flags

    assert flags == {"\\Seen", "$label1", "Important", "$Working"}


def test_while_it_is_off_nothing_is_written_to_the_mailbox(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.customer()
    desk.flag("$Working", "$NoAuto")

    assert (desk.status, desk.muted) == ("open", False)
    assert desk.shown() == ["$NoAuto", "$Working"]
    assert not {"mark", "flags", "make_folders"} & {name for name, _ in desk.shop.account.calls}
    assert not [name for name in desk.shop.account.folders() if name.startswith("Support")]
    desk.shop.close()


# --- what people say -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keyword", "status"),
    [("$Working", "working"), ("$Resolved", "resolved"), ("$working", "working")],
)
def test_a_keyword_says_whose_turn_it_is_and_taking_it_off_undoes_that(
    desk: Desk, keyword: str, status: str
) -> None:
    desk.customer()
    desk.flag(keyword)
    assert desk.status == status
    assert "$Waiting" not in desk.shown()
    desk.unflag(keyword, *desk.shown())

    assert (desk.status, desk.shown()) == ("open", ["$Waiting"])


def test_a_resolution_that_is_taken_back_is_none_for_the_clocks_either(desk: Desk) -> None:
    desk.customer()
    desk.staff()
    desk.flag("$Resolved")
    with desk.shop.store.read() as tx:
        assert tx.timers.history(1).resolved_at is not None
    desk.unflag("$Resolved")
    with desk.shop.store.read() as tx:
        assert (desk.status, tx.timers.history(1).resolved_at) == ("pending", None)


def test_what_is_taken_back_after_an_answer_is_the_customers_turn_again(desk: Desk) -> None:
    desk.customer()
    desk.staff()
    desk.flag("$Working")
    assert desk.status == "working"
    desk.unflag("$Working")

    assert desk.status == "pending"


@pytest.mark.postgresql
def test_no_automatic_mail_while_the_keyword_stands(desk: Desk) -> None:
    desk.shop.write(a_mail())
    desk.shop.receive()
    desk.shop.process()
    desk.shop.account.flag("INBOX", 1, "$NoAuto")
    desk.shop.receive()
    desk.round()
    assert (desk.shop.outbox, desk.muted) == (["cancelled"], True)
    desk.unflag("$NoAuto")

    assert (desk.muted, desk.shown()) == (False, ["$Waiting"])


def test_urgent_and_back(desk: Desk) -> None:
    desk.customer()
    desk.flag("$Urgent")
    assert (desk.priority, desk.status) == ("urgent", "open")
    desk.unflag("$Urgent")

    assert (desk.priority, desk.shown()) == ("normal", ["$Waiting"])


def test_a_person_can_say_that_it_waits_for_us(desk: Desk) -> None:
    desk.customer()
    desk.staff()
    desk.flag("$Waiting")

    assert (desk.status, desk.shown()) == ("open", ["$Waiting"])


def test_what_only_the_clock_can_say_is_taken_off_again(desk: Desk) -> None:
    desk.customer()
    desk.flag("$Overdue")

    assert (desk.status, desk.shown()) == ("open", ["$Waiting"])


def test_what_shows_that_it_waits_comes_back_until_it_is_answered(desk: Desk) -> None:
    desk.customer()
    desk.unflag("$Waiting")

    assert (desk.status, desk.shown()) == ("open", ["$Waiting"])


def test_a_keyword_on_our_own_answer_keeps_the_matter_in_work(desk: Desk) -> None:
    desk.customer()
    uid = desk.staff()
    desk.flag("$Working", uid=uid, folder="Sent")
    assert (desk.status, desk.shown(uid, "Sent"), desk.shown()) == (
        "working",
        ["$Working"],
        ["$Working"],
    )
    # Taken off where it was set, it goes everywhere.
    desk.unflag("$Working", uid=uid, folder="Sent")

    assert (desk.status, desk.shown()) == ("pending", [])


def test_what_a_person_keeps_in_work_stays_so_through_an_interim_answer(desk: Desk) -> None:
    desk.customer()
    desk.flag("$Working")
    desk.staff()
    assert (desk.status, desk.shown()) == ("working", ["$Working"])
    desk.unflag("$Working")

    # It was open when it was said; by now it is answered.
    assert desk.status == "pending"


def test_a_customer_who_writes_again_ends_what_was_said(desk: Desk) -> None:
    desk.customer()
    desk.flag("$Resolved")
    desk.customer("c2@customer.example", In_Reply_To="<c1@customer.example>")

    assert desk.status == "open"
    assert (desk.shown(1), desk.shown(2)) == ([], ["$Waiting"])


@pytest.mark.postgresql
def test_each_word_stands_in_the_history_once_with_who_said_it(desk: Desk) -> None:
    desk.customer()
    desk.flag("$Resolved")
    for _ in range(3):
        desk.round()

    rows = desk.shop.rows("select detail from event where event = 'thread_resolved'")
    assert len(rows) == 1
    assert BY in str(rows[0][0])


# --- deaths and servers --------------------------------------------------------------------


def test_what_we_were_writing_when_we_died_is_no_persons_word(desk: Desk) -> None:
    shop = desk.shop
    desk.customer()
    desk.flag("$Working")
    real = shop.mailbox.mark

    def dies_afterwards(*given: Any) -> bool:
        real(*given)
        raise MailboxUnavailableError("gone before anybody knew")

    # The matter is answered and done; what shows that it is ours is being taken off.
    desk.shop.mailbox.mark = dies_afterwards  # type: ignore[method-assign, assignment]
    [[reference]] = shop.rows("select reference from thread")
    with shop.store.begin() as tx:
        thread = tx.by_hand.thread(reference)
        assert thread is not None
        set_status(tx, thread, Status.RESOLVED, "anna", shop.now())
    with pytest.raises(MailboxUnavailableError):
        show_marks(shop.store, shop.mailbox, shop.desk, shop.now)
    shop.mailbox.mark = real  # type: ignore[method-assign]
    # Meanwhile the customer writes: what stands there is old.
    shop.write(a_mail(message_id="c2@customer.example", In_Reply_To="<c1@customer.example>"))
    desk.round()

    assert (desk.status, desk.shown(1), desk.shown(2)) == ("open", [], ["$Waiting"])


def test_a_server_that_keeps_no_keywords_is_told_of_and_not_asked_again(desk: Desk) -> None:
    desk.shop.account.keeps_keywords = False
    desk.customer()
    for _ in range(3):
        desk.round()

    assert desk.shown() == []
    [[what]] = desk.shop.rows("select what from concern")
    assert "keeps no keywords" in what
    assert [name for name, _ in desk.shop.account.calls].count("mark") == 1


def test_a_folder_that_is_not_ours_to_write_to_is_tried_again_later(desk: Desk) -> None:
    desk.shop.account.fail(MailboxRefusedError("no permission"), on="mark")
    desk.customer()
    assert desk.shown() == []
    desk.round()

    assert desk.shown() == ["$Waiting"]


def test_what_has_been_moved_keeps_what_it_shows(desk: Desk) -> None:
    from tests.fakes.mailbox import FakeMailbox

    desk.shop.account.create("Done")
    desk.shop.mailbox = FakeMailbox(desk.shop.account, others=("Done",))
    desk.customer()
    uid = desk.move("INBOX", 1, "Done")
    assert (desk.status, desk.shown(uid, "Done")) == ("open", ["$Waiting"])
    desk.staff()

    assert (desk.status, desk.shown(uid, "Done")) == ("pending", [])


# --- folders -------------------------------------------------------------------------------

FOLDERS = ["Support/No-auto", "Support/Resolved", "Support/Urgent", "Support/Working"]


def test_the_folders_are_made_once(folders: Desk) -> None:
    made = [name for name in folders.shop.account.folders() if name.startswith("Support")]
    assert made == FOLDERS
    folders.round()
    folders.shop.account.delete("Support/Urgent")
    folders.round()

    assert "Support/Urgent" not in folders.shop.account.folders()


@pytest.mark.parametrize(("folder", "status"), [("Working", "working"), ("Resolved", "resolved")])
def test_moving_a_message_says_whose_turn_it_is_and_moving_it_back_undoes_that(
    folders: Desk, folder: str, status: str
) -> None:
    folders.customer()
    uid = folders.move("INBOX", 1, f"Support/{folder}")
    assert folders.status == status
    folders.move(f"Support/{folder}", uid, "INBOX")

    assert folders.status == "open"


@pytest.mark.postgresql
def test_no_auto_and_urgent_by_moving(folders: Desk) -> None:
    folders.customer()
    uid = folders.move("INBOX", 1, "Support/No-auto")
    assert (folders.muted, folders.status) == (True, "open")
    uid = folders.move("Support/No-auto", uid, "Support/Urgent")
    assert (folders.muted, folders.priority) == (False, "urgent")
    folders.move("Support/Urgent", uid, "INBOX")

    assert (folders.muted, folders.priority) == (False, "normal")


def test_from_work_to_done_and_back_to_the_inbox_it_is_open(folders: Desk) -> None:
    folders.customer()
    uid = folders.move("INBOX", 1, "Support/Working")
    uid = folders.move("Support/Working", uid, "Support/Resolved")
    assert folders.status == "resolved"
    folders.move("Support/Resolved", uid, "INBOX")

    assert folders.status == "open"


def test_what_is_moved_before_we_have_seen_it_says_the_same(folders: Desk) -> None:
    folders.round()
    uid = folders.shop.write(a_mail())
    folders.shop.account.move("INBOX", uid, "Support/Resolved")
    folders.round()

    assert folders.status == "resolved"
    assert folders.shop.customers_got == []


def test_a_server_that_refuses_the_folders_is_told_of_until_somebody_makes_them(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path, control=Control(folders=True))
    shop.account.fail(MailboxRefusedError("no permission"), on="make_folders")
    for _ in range(3):
        shop.round()
    [[what]] = shop.rows("select what from concern")
    assert "refuses to make the folders" in what
    assert [name for name, _ in shop.account.calls].count("make_folders") == 1
    for name in FOLDERS:
        shop.account.create(name)
    shop.round()
    shop.round()

    assert shop.rows("select what from concern") == []
    shop.close()
