"""Act two: what comes back."""

from collections.abc import Mapping
from email import message_from_bytes

from maildaemon.cli.demo.letters import (
    ADDRESS,
    CAMILLE,
    SHOP,
    TOM,
    Letter,
    Outcome,
    address_of,
    letter_id,
    now,
    write_letter,
    write_mail,
)
from maildaemon.domain.automatic import Kind, Silence
from maildaemon.domain.threads import MatchRule, Status


def second_act(ours: Mapping[str, bytes]) -> tuple[Letter, ...]:
    """Return what comes back; `ours` are the mails that the daemon sent, by what they answer."""
    to_tom, to_camille = ours[letter_id("tom-1")], ours[letter_id("camille-1")]
    return (
        _bounce(to_tom),
        _mistyped_again(),
        _staff_answer(),
        _out_of_office(to_camille),
    )


def _bounce(ours: bytes) -> Letter:
    """Return the report (RFC 3464) that our acknowledgement could not be delivered."""
    header = ours.partition(b"\r\n\r\n")[0].decode("ascii", "replace")
    address = address_of(TOM)
    lines = (
        "From: Mail Delivery System <MAILER-DAEMON@mail.sandbox.example>",
        f"To: {ADDRESS}",
        "Subject: Undelivered Mail Returned to Sender",
        f"Date: {now()}",
        f"Message-ID: <{letter_id('bounce-1')}>",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="report"',
        "",
        "--report",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        f"I'm sorry to inform you that your message to <{address}> could not be delivered.",
        "--report",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mail.sandbox.example",
        "",
        f"Final-Recipient: rfc822; {address}",
        "Action: failed",
        "Status: 5.1.1",
        "Diagnostic-Code: smtp; 550 5.1.1 no such user",
        "",
        "--report",
        "Content-Type: text/rfc822-headers",
        "",
        header,
        "--report--",
        "",
    )
    return Letter(
        "A bounce of our acknowledgement to Tom",
        letter_id("bounce-1"),
        "",
        "\r\n".join(lines).encode(),
        Outcome(
            Kind.BOUNCE,
            MatchRule.OWN_MESSAGE_ID,
            Status.OPEN,
            Silence.NULL_REVERSE_PATH,
        ),
    )


def _mistyped_again() -> Letter:
    return write_letter(
        "Tom writes again from the dead address",
        "tom-2",
        TOM,
        "Do you ship to Ireland?",
        "Hello,\n\none more thing: do you also ship to Ireland, and what does it cost?\n\nTom\n",
        Outcome(Kind.CUSTOMER, MatchRule.NEW, Status.OPEN, Silence.ADDRESS_UNDELIVERABLE),
    )


def _staff_answer() -> Letter:
    name = "anna-1"
    mail = write_mail(
        name,
        f"{SHOP} <{ADDRESS}>",
        "Re: Retour et facture",
        "Bonjour Madame Moreau,\n\noui, vous pouvez renvoyer le vase pendant trente jours. La\n"
        "facture part aujourd'hui.\n\nBien à vous,\nAnna\n",
        {
            "To": CAMILLE,
            "In-Reply-To": f"<{letter_id('camille-1')}>",
            "References": f"<{letter_id('camille-1')}>",
        },
    )
    return Letter(
        "Anna answers Camille in her own mail client",
        letter_id(name),
        ADDRESS,
        bytes(mail),
        Outcome(Kind.STAFF, MatchRule.IN_REPLY_TO, Status.PENDING, Silence.OWN_ADDRESS),
        in_sent=True,
    )


def _out_of_office(ours: bytes) -> Letter:
    answered = str(message_from_bytes(ours)["Message-ID"])
    return write_letter(
        "Camille's out-of-office answers our acknowledgement",
        "camille-2",
        CAMILLE,
        "Réponse automatique : Retour et facture",
        "Bonjour, je suis absente jusqu'à lundi et vous répondrai à mon retour.\n",
        # It is filed, but it is nobody's turn because of it: Anna's answer still stands.
        Outcome(Kind.AUTO_REPLY, MatchRule.OWN_MESSAGE_ID, Status.PENDING, Silence.AUTO_SUBMITTED),
        {
            "In-Reply-To": answered,
            "References": answered,
            "Auto-Submitted": "auto-replied",
            "X-Auto-Response-Suppress": "All",
        },
    )
