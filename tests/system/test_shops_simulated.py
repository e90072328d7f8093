"""The shops of `config/shops`, each with some weeks of mail as it lies in files, and what `simulate`
tells of it.
"""

import logging
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from textwrap import dedent
from typing import TypeVar

import pytest
from click.testing import CliRunner

from maildaemon.cli import program, simulation
from maildaemon.ports import Parser
from maildaemon.shipped import shipped
from tests.mail_in_files import MailInFiles
from tests.service.shop import EXE, PNG, InProcessParser

Item = TypeVar("Item")
Result = TypeVar("Result")

PHOTO = ("photo.png", "image/png", PNG)
_REFERENCE = re.compile(r"\b[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{2}  ")
# Since when somebody waits, and which year it is, the lines above say as well.
_SAID_ALREADY = re.compile(r" \((\w+ )*since [^)]*\)| \(settled [^)]*\)|\b20\d\d-")
_CONTINUED = re.compile(r"; (?=it promises)| (?=\(written by a partner)")


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A parse process takes longer to start than all of this mail to read."""

    def parse(items: Sequence[Item], read: Callable[[Parser, Item], Result]) -> Iterator[Result]:
        return (read(InProcessParser(), one) for one in items)

    log = logging.getLogger("maildaemon")
    level = log.level
    monkeypatch.setattr(simulation, "parse_ahead", parse)
    yield
    log.setLevel(level)


def told(shop: str, folder: Path, mail: str = "mail", *options: str) -> str:
    """Return what `simulate` prints about the mail in `folder`, in shorter lines."""
    config = str(shutil.copy(shipped("config") / "shops" / f"{shop}.yaml", folder))
    words = ["--config", config, "simulate", *options, str(folder / mail)]
    outcome = CliRunner().invoke(program, words)
    assert outcome.exit_code == 0, outcome.output
    short = _SAID_ALREADY.sub("", _REFERENCE.sub("", outcome.stdout))
    return _CONTINUED.sub("\n      ", short.replace(" " * 24, " " * 6))


def test_a_marketplace_in_several_languages_with_sellers_and_levels(tmp_path: Path) -> None:
    market = MailInFiles("Example Market <support@market.example>", "Europe/Paris")
    claire, zofia = "Claire <claire@post.example>", "Zofia <zofia@post.example>"
    market.comes(
        *("2026-12-01 10:00", "lampe", claire, "Ma lampe est cassée"),
        "Bonjour, la lampe de ma commande 201-1234567-7654321 est arrivée cassée. Que faire ?",
        files=[PHOTO],
    )
    market.comes(
        *("2026-12-01 14:00", "new", "Northern Lamps <orders@northern-lamps.example>"),
        *("Re: Ma lampe est cassée", "We send a new one tomorrow."),
        answers="lampe",
    )
    market.goes("2026-12-01 16:00", "demain", claire, "Une autre part demain.", answers="lampe")
    market.comes(
        *("2026-12-04 09:00", "merci", claire, "Re: Ma lampe est cassée", "Merci beaucoup !"),
        answers="demain",
    )
    market.comes(
        *("2026-12-01 11:00", "paket", "Bernd <bernd@post.example>", "Wo bleibt mein Paket?"),
        "Guten Tag, wo ist mein Paket? Bestellung 100-1234567-7654321. Der Nachweis liegt bei.",
        files=[("nachweis.exe", "application/octet-stream", EXE)],
    )
    market.comes(
        *("2026-12-07 10:00", "oszustwo", zofia, "Oszustwo"),
        "Dzień dobry, składam reklamację: zapłaciłam dwa razy za 100-2222222-3333333. Co teraz?",
    )
    market.goes("2026-12-07 15:00", "bank", zofia, "Sprawdzimy to z bankiem.", answers="oszustwo")
    market.comes(
        *("2026-12-08 09:00", "nie", zofia, "Re: Oszustwo"),
        "To mi nie wystarcza. Kiedy dostanę moje pieniądze?",
        answers="bank",
    )
    market.goes("2026-12-09 18:00", "zwrot", zofia, "Pieniądze wróciły.", answers="nie")
    market.comes(
        *("2026-12-08 12:00", "mesa", "João <joao@post.example>", "A minha encomenda"),
        "Bom dia, onde está a minha encomenda 100-5555555-6666666? Estou à espera.",
    )
    market.goes(
        *("2026-12-08 17:00", "on-its-way", "João <joao@post.example>"),
        "Dear João, it is on its way. Did it come?",
        answers="mesa",
    )
    market.as_maildir(tmp_path / "mail")

    mail = told("marketplace", tmp_path)

    assert mail == dedent(
        """\
        “Ma lampe est cassée”  (damage, urgent; resolved: settled)
          Tue 12-01 10:00  claire@post.example writes: “Ma lampe est cassée”
              → orders@northern-lamps.example: the customer's mail as it came
              → claire@post.example: an acknowledgement and links that may help
              it promises an answer by Wed 12-02 10:00
          Tue 12-01 14:00  orders@northern-lamps.example: “Re: Ma lampe est cassée”
              (written by a partner: never acknowledged, never mailed on)
          Tue 12-01 16:00  we answer (support@market.example)
          Fri 12-04 09:00  claire@post.example writes: “Re: Ma lampe est cassée”
              no automatic mail: acknowledged_already: this thread has been acknowledged
          Fri 12-11 16:00  taken as settled: nothing more has been asked
          Sun 12-13 16:00  → claire@post.example: the question how it went

        “Wo bleibt mein Paket?”  (delivery, normal; open: it is our turn)
          Tue 12-01 11:00  bernd@post.example writes: “Wo bleibt mein Paket?”
              → bernd@post.example: an acknowledgement, why files were refused and links that may help
              it promises an answer by Thu 12-03 11:00
          Wed 12-02 11:00  → support-team@market.example: warned: an answer is due soon
          Thu 12-03 11:00  ✗ no answer by the time that was promised
              → support-team@market.example: warned: a promised answer is late
              → bernd@post.example: an apology for an answer that is late
              → lead@market.example: escalated: somebody who can do more is needed
          Fri 12-04 11:00  → support-team@market.example: warned: the customer should hear how it stands
          Sat 12-05 11:00  → disputes@market.example: escalated: somebody who can do more is needed
              → bernd@post.example: word of who has the matter now
          Sun 12-06 11:00  → disputes@market.example: warned: nor has whom it went to answered in time
          Mon 12-07 11:00  → support-team@market.example: warned: the customer should hear how it stands
              … and 20 times more, the last time Fri 02-05 11:00

        “Oszustwo”  (dispute, high; working: answered, and we owe more)
          Mon 12-07 10:00  zofia@post.example writes: “Oszustwo”
              → zofia@post.example: an acknowledgement
              it promises an answer by Wed 12-09 10:00
          Mon 12-07 15:00  we answer (support@market.example)
          Tue 12-08 09:00  zofia@post.example writes: “Re: Oszustwo”
              no automatic mail: acknowledged_already: this thread has been acknowledged
              → disputes@market.example: escalated: somebody who can do more is needed
              → zofia@post.example: word of who has the matter now
          Wed 12-09 09:00  → support-team@market.example: warned: an answer is due soon
          Wed 12-09 18:00  we answer (support@market.example)
          Sat 12-12 18:00  → support-team@market.example: warned: the customer should hear how it stands
              … and 19 times more, the last time Sun 02-07 18:00

        “A minha encomenda”  (normal; resolved: settled)
          Tue 12-08 12:00  joao@post.example writes: “A minha encomenda”
              → joao@post.example: an acknowledgement
              it promises an answer by Thu 12-10 12:00
          Tue 12-08 17:00  we answer (support@market.example)
          Fri 12-11 17:00  → joao@post.example: a reminder that we wait for an answer
          Tue 12-15 17:00  → joao@post.example: word that the matter will be taken as settled
          Fri 12-18 17:00  taken as settled: nothing more has been asked
          Sun 12-20 17:00  → joao@post.example: the question how it went

        Summary: Tue 12-01 10:00 to Sun 02-07 18:00 (Europe/Paris)
          mode               support: shadow, follow_up: drafts, closing_soon: drafts (judged as if it were live)
          mails              6 written by a customer
                             4 written by one of us
                             1 written by a partner: never acknowledged, never mailed on
          conversations      1 open: it is our turn
                             1 working: answered, and we owe more
                             2 resolved: settled
          answers promised   4 in time, 1 never given
          late               due Thu 12-03 11:00, never given  “Wo bleibt mein Paket?”
          would be sent      2 × word of who has the matter now
                             2 × an acknowledgement
                             2 × the question how it went
                             1 × the customer's mail as it came
                             1 × an acknowledgement and links that may help
                             1 × an acknowledgement, why files were refused and links that may help
                             1 × an apology for an answer that is late
                             1 × a reminder that we wait for an answer
                             1 × word that the matter will be taken as settled
          staff warned       42 × the customer should hear how it stands
                             2 × an answer is due soon
                             1 × a promised answer is late
                             1 × nor has whom it went to answered in time
          escalated          3 × somebody who can do more is needed
          settled by time    2
          no automatic mail  3 acknowledged_already: this thread has been acknowledged
          not shown          how mail waits its turn (`limits`), for a server, or under a brake
        """
    )


def test_one_person_acknowledges_at_night_reminds_no_customer_and_is_told_twice_at_most(
    tmp_path: Path,
) -> None:
    potter = MailInFiles("Maria Rossi <hello@potter.example>", "Europe/Rome")
    tom, lucia = "Tom <tom@post.example>", "Lucia <lucia@post.example>"
    potter.comes(
        *("2026-12-05 23:40", "bowl", tom, "A blue bowl"),
        "Hello Maria, how much is a large blue bowl, and could it be here before Christmas?",
    )
    potter.goes("2026-12-07 21:15", "price", tom, "48 euros, and yes. Shall I?", answers="bowl")
    potter.comes(
        *("2026-12-08 03:05", "tazze", lucia, "Tazze rotte"),
        "Buonasera, due delle tazze sono arrivate rotte. Cosa si può fare?",
        files=[PHOTO],
    )
    potter.comes(
        *("2026-12-12 11:00", "aspetto", lucia, "Re: Tazze rotte", "Aspetto una risposta."),
        answers="tazze",
    )
    potter.goes("2026-12-12 20:00", "due", lucia, "Ne faccio due nuove.", answers="aspetto")
    potter.comes(
        *("2026-12-14 02:10", "kurs", "Nina <nina@post.example>", "Kurs"),
        "Guten Tag, geben Sie auch Kurse für Anfänger, und was kosten sie?",
    )
    potter.comes(
        *("2026-12-15 09:00", "glazes", "Clay News <news@clay.example>", "Glazes of the month"),
        "All about glazes.",
        List_Unsubscribe="<https://clay.example/u>",
    )
    potter.as_messages(tmp_path / "mail")

    mail = told("one-person", tmp_path)

    assert mail == dedent(
        """\
        “A blue bowl”  (order, normal; pending: it is the customer's turn)
          Sat 12-05 23:40  tom@post.example writes: “A blue bowl”
              → tom@post.example: an acknowledgement
              it promises an answer by Tue 12-08 23:40
          Mon 12-07 21:15  we answer (hello@potter.example)

        “Tazze rotte”  (broken, urgent; pending: it is the customer's turn)
          Tue 12-08 03:05  lucia@post.example writes: “Tazze rotte”
              → lucia@post.example: an acknowledgement
              it promises an answer by Fri 12-11 03:05
          Thu 12-10 03:05  → hello@potter.example: warned: an answer is due soon
          Fri 12-11 03:05  ✗ no answer by the time that was promised
              → hello@potter.example: warned: a promised answer is late
          Sat 12-12 11:00  lucia@post.example writes: “Re: Tazze rotte”
              no automatic mail: acknowledged_already: this thread has been acknowledged
          Sat 12-12 20:00  we answer (hello@potter.example)

        “Kurs”  (normal; open: it is our turn)
          Mon 12-14 02:10  nina@post.example writes: “Kurs”
              → nina@post.example: an acknowledgement
              it promises an answer by Thu 12-17 02:10
          Wed 12-16 02:10  → hello@potter.example: warned: an answer is due soon
          Thu 12-17 02:10  ✗ no answer by the time that was promised
              → hello@potter.example: warned: a promised answer is late

        Nobody's turn: machines, lists, advertising
          Tue 12-15 09:00  news@clay.example: “Glazes of the month” (from a mailing list)
              no automatic mail: mailing_list: it came through a mailing list

        Summary: Sat 12-05 23:40 to Sat 02-13 09:00 (Europe/Rome)
          mode               hello: shadow (judged as if it were live)
          mails              4 written by a customer
                             2 written by one of us
                             1 from a mailing list
          conversations      1 open: it is our turn
                             2 pending: it is the customer's turn
                             1 ignored: nobody's turn
          answers promised   1 in time, 1 late, 1 never given
          late               due Fri 12-11 03:05, 40 h late  “Tazze rotte”
                             due Thu 12-17 02:10, never given  “Kurs”
          would be sent      3 × an acknowledgement
          staff warned       2 × an answer is due soon
                             2 × a promised answer is late
          no automatic mail  1 acknowledged_already: this thread has been acknowledged
                             1 mailing_list: it came through a mailing list
          not shown          how mail waits its turn (`limits`), for a server, or under a brake
        """
    )


def test_a_jewellers_policy_over_three_weeks(tmp_path: Path) -> None:
    jeweller = MailInFiles("Example Jewellers <care@jeweller.example>", "America/New_York")
    emma, mia = "Emma <emma@post.example>", "Mia <mia@post.example>"
    jeweller.comes(
        *("2026-11-20 17:00", "address", "Luke <luke@post.example>", "New address"),
        "Hello, please change the address of my order EJ-204417 to 5 High Street.",
    )
    jeweller.comes(
        *("2026-11-24 09:00", "ring", emma, "My ring"),
        "I must complain: my ring EJ-204418 has the wrong engraving. What happens now?",
    )
    jeweller.goes("2026-11-24 16:00", "offer", emma, "We offer 10 % off.", answers="ring")
    jeweller.comes(
        *("2026-11-25 10:00", "no", emma, "Re: My ring"),
        "That is not good enough. I want it engraved again.",
        answers="offer",
    )
    jeweller.goes("2026-11-27 08:00", "again", emma, "We engrave it again.", answers="no")
    jeweller.comes(
        *("2026-12-01 12:00", "size", mia, "Size", "Is the Aurora ring available in size 54?")
    )
    jeweller.goes("2026-12-02 11:00", "yes", mia, "Yes, it is. Shall we?", answers="size")
    jeweller.as_mbox(tmp_path / "mail")
    jeweller.as_one_file(tmp_path / "archive.mbox")

    mail = told("jewellery", tmp_path)

    assert mail == dedent(
        """\
        “New address”  (order, urgent; open: it is our turn)
          Fri 11-20 17:00  luke@post.example writes: “New address”
              → luke@post.example: an acknowledgement
              it promises an answer by Mon 11-23 05:00
          Mon 11-23 01:00  → anna@jeweller.example: warned: an answer is due soon
          Mon 11-23 05:00  ✗ no answer by the time that was promised
              → anna@jeweller.example: warned: a promised answer is late
          Tue 11-24 17:00  → anna@jeweller.example: warned: it should be settled by now
          Wed 11-25 17:00  → anna@jeweller.example: warned: the customer should hear how it stands
              … and 14 times more, the last time Thu 01-28 17:00

        “My ring”  (order, high; working: answered, and we owe more)
          Tue 11-24 09:00  emma@post.example writes: “My ring”
              → emma@post.example: an acknowledgement
              it promises an answer by Wed 11-25 09:00
          Tue 11-24 16:00  we answer (care@jeweller.example)
          Wed 11-25 10:00  emma@post.example writes: “Re: My ring”
              no automatic mail: acknowledged_already: this thread has been acknowledged
              → senior@jeweller.example: escalated: somebody who can do more is needed
              → emma@post.example: word of who has the matter now
          Wed 11-25 22:00  → anna@jeweller.example: warned: an answer is due soon
          Fri 11-27 08:00  we answer (care@jeweller.example)
          Fri 11-27 09:00  → anna@jeweller.example: warned: it should be settled by now
          Wed 12-02 08:00  → anna@jeweller.example: warned: the customer should hear how it stands
              … and 13 times more, the last time Fri 01-29 08:00

        “Size”  (product, normal; resolved: settled)
          Tue 12-01 12:00  mia@post.example writes: “Size”
              → mia@post.example: an acknowledgement and links that may help
              it promises an answer by Thu 12-03 12:00
          Wed 12-02 11:00  we answer (care@jeweller.example)
          Mon 12-07 11:00  → mia@post.example: a reminder that we wait for an answer
          Fri 12-11 11:00  → mia@post.example: word that the matter will be taken as settled
          Wed 12-16 11:00  taken as settled: nothing more has been asked
          Thu 12-17 11:00  → mia@post.example: the question how it went

        Summary: Fri 11-20 17:00 to Sun 01-31 11:00 (America/New_York)
          mode               care: shadow, follow_up: drafts, closing_soon: drafts (judged as if it were live)
          mails              4 written by a customer
                             3 written by one of us
          conversations      1 open: it is our turn
                             1 working: answered, and we owe more
                             1 resolved: settled
          answers promised   3 in time, 1 never given
          late               due Mon 11-23 05:00, never given  “New address”
          would be sent      2 × an acknowledgement
                             1 × word of who has the matter now
                             1 × an acknowledgement and links that may help
                             1 × a reminder that we wait for an answer
                             1 × word that the matter will be taken as settled
                             1 × the question how it went
          staff warned       29 × the customer should hear how it stands
                             2 × an answer is due soon
                             2 × it should be settled by now
                             1 × a promised answer is late
          escalated          1 × somebody who can do more is needed
          settled by time    1
          no automatic mail  1 acknowledged_already: this thread has been acknowledged
          not shown          how mail waits its turn (`limits`), for a server, or under a brake
        """
    )
    assert told("jewellery", tmp_path, "archive.mbox") == mail


def test_what_changes_by_going_live_with_reminders_and_shorter_promises(tmp_path: Path) -> None:
    potter = MailInFiles("Maria Rossi <hello@potter.example>", "Europe/Rome")
    tom = "Tom <tom@post.example>"
    potter.comes("2026-12-05 09:00", "bowl", tom, "A bowl", "How much is a large blue bowl?")
    potter.goes("2026-12-05 21:00", "price", tom, "48 euros. Shall I?", answers="bowl")
    potter.comes(
        *("2026-12-07 10:00", "cups", "Nina <nina@post.example>", "Cups"),
        "Hello, how much are six cups?",
    )
    potter.as_mbox(tmp_path / "mail")
    now = (shipped("config") / "shops" / "one-person.yaml").read_text("utf-8")
    other = (
        now.replace("mode: shadow", "mode: {default: live, follow_up: drafts}")
        .replace("first_reply: 3 days", "first_reply: 2 days")
        .replace("warn_at: 2 days", "warn_at: 1 day, update_every: 3 days")
    )
    reminders = "follow_up: [{after: 4 days, template: follow_up}, {after: 9 days, resolve: yes}]"
    (tmp_path / "new.yaml").write_text(f"{other}\n{reminders}\n", "utf-8")

    found = told("one-person", tmp_path, "mail", "--compare", str(tmp_path / "new.yaml"))

    assert found == dedent(
        """\
        ~ mode of hello: live, follow_up: drafts (before: shadow)
          From then on, what `simulate` shows is sent, put into the drafts, or only recorded,
          as the mode says. Nothing is made up for that was due before.

        ~ Sat 12-05 09:00  → tom@post.example: an acknowledgement
              it promises an answer by Mon 12-07 09:00, not by Tue 12-08 09:00
        ~ Mon 12-07 10:00  → nina@post.example: an acknowledgement
              it promises an answer by Wed 12-09 10:00, not by Thu 12-10 10:00
        ~ Tue 12-08 10:00  → hello@potter.example: warned: an answer is due soon, not Wed 12-09 10:00
        ~ Wed 12-09 10:00  → hello@potter.example: warned: a promised answer is late, not Thu 12-10 10:00
        + Wed 12-09 21:00  → tom@post.example: a reminder that we wait for an answer
        + Thu 12-10 10:00  → hello@potter.example: warned: the customer should hear how it stands … and 19 more of these
        + Mon 12-14 21:00  taken as settled: nothing more has been asked

        Differences
          + more               20 × staff warned: the customer should hear how it stands
                               1 × a reminder that we wait for an answer
                               1 × taken as settled
          ~ at another time    1 × staff warned: an answer is due soon
                               1 × staff warned: a promised answer is late
          ~ with another date  2 × an acknowledgement
        """
    )
