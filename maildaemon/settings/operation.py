"""How the installation is watched over: HTTP, alerts, digest, probe, and what staff may steer."""

from datetime import time, timedelta

from pydantic import Field

from maildaemon.settings.calendar import TimeOfDay
from maildaemon.settings.options import (
    Duration,
    EmailAddress,
    Flag,
    Section,
    Text,
    Whole,
)
from maildaemon.settings.secret import Password
from maildaemon.settings.servers import SendingSettings


class HttpSettings(Section):
    """Health, metrics and a status page, on this very machine only (127.0.0.1)."""

    port: Whole = Field(ge=1, le=65535, examples=["8080"], description="The port that listens.")


class AlertMailSettings(SendingSettings):
    """A mail server of its own, so that alerts arrive when the other one does not work."""

    sender: EmailAddress = Field(
        alias="from", examples=["alerts@example.net"], description="Who the alerts are from."
    )
    to: tuple[EmailAddress, ...] = Field(
        min_length=1, examples=[["ops@example.net"]], description="Who gets them."
    )


class AlertSettings(Section):
    """How somebody is told when the daemon needs a person."""

    command: tuple[Text, ...] | None = Field(
        None,
        min_length=1,
        examples=[["/usr/local/bin/page-me", "maildaemon"]],
        description="A program and its arguments, run without a shell for every alert.",
    )
    webhook: Password | None = Field(
        None,
        examples=[{"env": "ALERT_WEBHOOK"}],
        description="A web address that gets every alert; whoever has it can write there, so it "
        "is given like a password.",
    )
    smtp: AlertMailSettings | None = Field(
        None,
        examples=[
            {
                "host": "mail.example.net",
                "port": 465,
                "security": "tls",
                "username": "alerts@example.net",
                "password": {"env": "ALERT_PASSWORD"},
                "from": "alerts@example.net",
                "to": ["ops@example.net"],
            }
        ],
    )


class DigestSettings(Section):
    """A mail to staff every morning, in every mode: who is waiting, what is at risk, what needs a
    person, what would be sent in `live`.
    """

    to: tuple[EmailAddress, ...] = Field(
        min_length=1,
        examples=[["anna@example.com"]],
        description="Who gets it. It comes every day: if it "
        "does not, the daemon does not run, or stands still under a brake.",
    )
    at: TimeOfDay = Field(time(8), description="When, in `hours.timezone`.")


class ProbeSettings(Section):
    """A signed mail now and then from each mailbox to itself, in every mode, to see that mail goes
    out and comes in: how long it takes is shown, one that is late is told, and what is back is
    deleted.
    """

    every: Duration = Field(
        timedelta(minutes=30),
        ge=timedelta(minutes=5),
        le=timedelta(hours=24),
        description="How often.",
    )
    late_after: Duration = Field(
        timedelta(minutes=15),
        ge=timedelta(minutes=2),
        le=timedelta(hours=12),
        description="After how long one that is not back is told.",
    )


class ControlSettings(Section):
    """How staff steer from their own mail client; nothing of it is done unless it is asked for."""

    keywords: Flag = Field(
        False,
        description="Show and set the state by keywords: `$Overdue`, `$Waiting`, `$Working`, "
        "`$Resolved`, `$NoAuto`, `$Urgent`.",
    )
    folders: Flag = Field(
        False,
        description="Set the state by moving a message into `Support/Resolved`, "
        "`Support/No-auto`, `Support/Urgent` or `Support/Working`.",
    )
