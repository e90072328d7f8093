"""Puts a conversation into the drafts, for a person to send to its customer."""

from collections.abc import Callable
from datetime import datetime

from maildaemon.domain.delivery import Draft, MailKind, OutboxState
from maildaemon.domain.message import Address
from maildaemon.domain.policy import Mode
from maildaemon.domain.threads import trim_references
from maildaemon.domain.tokens import issue_draft_id, issue_loop_token
from maildaemon.domain.transcript import Transcript
from maildaemon.domain.waiting import mail_lives
from maildaemon.ports.rows import NewMail
from maildaemon.ports.store import Transaction
from maildaemon.services.desk import Desk
from maildaemon.services.outgoing import own_id, queue_mail


def queue_transcript(
    tx: Transaction,
    desk: Desk,
    thread_id: int,
    transcript: Transcript,
    compose: Callable[[Draft], bytes],
    by: str,
    now: datetime,
) -> int | None:
    """Queue a draft of the whole conversation; return its row, None if this very second has.

    It is put into the folder of drafts in every mode: a person asked for it.
    """
    # Whoever asks again may have thrown the first one away.
    cause = f"{transcript.reference}:transcript:{now:%Y-%m-%dT%H:%M:%S}"
    policy, message_id = desk.policy, own_id(desk, cause)
    draft = Draft(
        message_id=issue_draft_id(desk.key, message_id),
        date=now.replace(microsecond=0),
        sender=policy.sender,
        recipient=Address("", transcript.customer),
        language=transcript.language,
        reference=transcript.reference,
        sections=(),
        subject=transcript.subject,
        in_reply_to=transcript.message_ids[-1],
        references=trim_references(transcript.message_ids),
        loop_token=issue_loop_token(desk.key, cause),
        auto_submitted=None,
    )
    mail = NewMail(
        mailbox_id=desk.mailbox_id,
        thread_id=thread_id,
        cause_id=None,
        message_id=message_id,
        kind=MailKind.TRANSCRIPT,
        sections=(),
        language=transcript.language or policy.default_language,
        reverse_path=policy.sender.address,
        recipient=transcript.customer,
        raw=compose(draft),
        state=OutboxState.DRAFT,
        queued_at=now,
        send_at=now,
        expires_at=now + mail_lives(()),
    )
    return queue_mail(tx, desk, mail, Mode.DRAFTS, now, kind=mail.kind.value, by=by)
