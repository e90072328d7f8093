"""Mails as the programs write them in which staff of small shops work: header, ids, quoting.

Which fields are there, and what ids look like, is what differs from program to program, and what
an answer is known by.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime

ROOT = "c1@customer.example"
QUOTED = "Where is my order 123456? I have been waiting for two weeks now."


@dataclass(frozen=True, slots=True)
class Program:
    """A mail program. `cites` are the fields by which its answers name what they answer, `passes`
    those by which its forwards do; `quote` introduces the quoted text.
    """

    message_id: str
    fields: tuple[str, ...]
    cites: tuple[str, ...] = ("In-Reply-To", "References")
    passes: tuple[str, ...] = ("In-Reply-To", "References")
    quote: str = "On 21/11/2026 13:00, Clara wrote:\n> {quoted}"
    sign: str = ""
    reply: str = "Re: "
    forward: str = "Fwd: "
    type: str = "text/plain; charset=UTF-8"


_OUTLOOK_QUOTE = (
    "-----Original Message-----\nFrom: Clara <clara@customer.example>\n"
    "Sent: Saturday, November 21, 2026 1:00 PM\nTo: support@shop.example\n"
    "Subject: My order\n\n{quoted}"
)
_OWA_QUOTE = (
    "________________________________\nFrom: Clara <clara@customer.example>\n"
    "Sent: Saturday, November 21, 2026 1:00 PM\nTo: Example Shop <support@shop.example>\n"
    "Subject: My order\n\n{quoted}"
)

PROGRAMS = {
    "Thunderbird": Program(
        "3f0c8a52-9c1e-4f5b-8f3d-1b7e0a6d{n:04d}@shop.example",
        ("User-Agent: Mozilla Thunderbird", "Content-Language: en-GB", "X-Mozilla-Draft-Info: x"),
        passes=("X-Forwarded-Message-Id",),
        type="text/plain; charset=UTF-8; format=flowed",
    ),
    "Outlook": Program(
        "000001db3c1f$5c1a7b20$144f{n:04d}$@shop.example",
        (
            "X-Mailer: Microsoft Outlook 16.0",
            "Thread-Index: AQHbPB9cGnsgFE9xYAAAAAAAAAAAAQ==",
            "Content-Language: en-us",
        ),
        quote=_OUTLOOK_QUOTE,
        reply="RE: ",
        forward="FW: ",
        type='text/plain; charset="us-ascii"',
    ),
    "new Outlook": Program(
        "DB9PR04MB84615C1A7B20{n:04d}@DB9PR04MB8461.eurprd04.prod.outlook.com",
        (
            "Thread-Topic: My order",
            "Thread-Index: AQHbPB9cGnsgFE9xYAAAAAAAAAAAAQ==",
            "Accept-Language: en-GB, en-US",
            "Content-Language: en-GB",
            "X-MS-Has-Attach:",
            "X-MS-TNEF-Correlator:",
            "msip_labels:",
        ),
        quote=_OWA_QUOTE,
    ),
    "Gmail": Program(
        "CAF3k1Y0sZ2m4Qe7q+0bT8s=Wm{n:04d}Xq9@mail.gmail.com",
        (),
        quote="On Sat, Nov 21, 2026 at 1:00 PM Clara <clara@customer.example>\nwrote:\n\n> {quoted}",
    ),
    "Apple Mail": Program(
        "5B0C4E0A-0D4C-4C7B-9E5E-6B1F2C3D{n:04d}@shop.example",
        (
            "X-Mailer: Apple Mail (2.3826.200.121)",
            "X-Universally-Unique-Identifier: 5B0C4E0A-0D4C-4C7B-9E5E-6B1F2C3D4E5F",
        ),
        quote="> On 21 Nov 2026, at 13:00, Clara <clara@customer.example> wrote:\n> \n> {quoted}",
    ),
    "iPhone": Program(
        "9A7B6C5D-4E3F-2A1B-0C9D-8E7F6A5B{n:04d}@shop.example",
        ("X-Mailer: iPhone Mail (22B83)",),
        quote="> On 21 Nov 2026, at 13:00, Clara <clara@customer.example> wrote:\n> \n> {quoted}",
        sign="\n\nSent from my iPhone",
    ),
    "Samsung": Program(
        "k3v9q0w1x2y3z4.1763730000{n:04d}@email.android.com",
        (),
        cites=(),
        passes=(),
        quote=(
            "-------- Original message --------From: Clara <clara@customer.example> "
            "Date: 21/11/2026  13:00  (GMT+00:00) To: support@shop.example Subject: My order\n"
            "{quoted}"
        ),
        sign="\n\nSent from my Galaxy",
    ),
    "K-9": Program(
        "1F2E3D4C-5B6A-7988-9700-A1B2C3D4{n:04d}@shop.example",
        ("User-Agent: K-9 Mail for Android",),
        sign="\n-- \nSent from my Android device with K-9 Mail. Please excuse my brevity.",
    ),
    "Exchange phone": Program(
        "AM0PR0602MB3D4E5F60{n:04d}@AM0PR0602MB3410.eurprd06.prod.outlook.com",
        (
            "Thread-Topic: My order",
            "Thread-Index: AQHbPB9cGnsgFE9xYAAAAAAAAAAAAQ==",
            "X-MS-Exchange-Organization-SCL: -1",
        ),
        # Outlook for phones gives the nearest ancestor alone.
        cites=("In-Reply-To",),
        quote=_OWA_QUOTE,
        sign="\n\nGet Outlook for iOS",
    ),
}


@dataclass(slots=True)
class Letter:
    """A mail that somebody writes in one of the programs."""

    program: str
    at: datetime
    text: str = "Dear Clara, it left our house this morning."
    sender: str = "Example Shop <support@shop.example>"
    to: str = "Clara <clara@customer.example>"
    cc: str = ""
    bcc: str = ""
    subject: str = "My order"
    cites: tuple[str, ...] = (ROOT,)
    new: bool = False
    forward: bool = False
    number: int = 1
    message_id: str | None = None
    extra: tuple[str, ...] = field(default=())

    @property
    def id(self) -> str:
        made = PROGRAMS[self.program].message_id.format(n=self.number)
        return self.message_id or made

    @property
    def raw(self) -> bytes:
        """Return it as it stands in the folder for sent mail."""
        program = PROGRAMS[self.program]
        fields = [
            f"From: {self.sender}",
            f"To: {self.to}",
            *(f"{name}: {value}" for name, value in (("Cc", self.cc), ("Bcc", self.bcc)) if value),
            f"Subject: {self._prefix(program)}{self.subject}",
            f"Date: {format_datetime(self.at + timedelta(seconds=-1))}",
            f"Message-ID: <{self.id}>",
            *self._ids(program),
            *program.fields,
            *self.extra,
            "MIME-Version: 1.0",
            f"Content-Type: {program.type}",
        ]
        quote = "" if self.new else "\n\n" + program.quote.format(quoted=QUOTED)
        text = f"{self.text}{program.sign}{quote}\n"
        return "\r\n".join([*fields, "", *text.split("\n")]).encode()

    def _prefix(self, program: Program) -> str:
        if self.new:
            return ""
        return program.forward if self.forward else program.reply

    def _ids(self, program: Program) -> list[str]:
        if self.new:
            return []
        ids = {
            "In-Reply-To": f"<{self.cites[-1]}>",
            "References": " ".join(f"<{one}>" for one in self.cites),
            "X-Forwarded-Message-Id": f"<{self.cites[-1]}>",
        }
        return [
            f"{name}: {ids[name]}" for name in (program.passes if self.forward else program.cites)
        ]
