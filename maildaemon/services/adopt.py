"""Enters into the outbox what we have sent and no record knows of, because it was lost: what stands
in Sent with a Message-ID that only we can have signed went out. It never goes out again.
"""

from dataclasses import replace

from maildaemon.domain.delivery import MailKind, OutboxState, Section
from maildaemon.domain.recipients import is_one_of_us
from maildaemon.domain.tokens import is_ours
from maildaemon.ports.rows import NewMail
from maildaemon.services.filed import Filed


def adopt(filed: Filed) -> int | None:
    """Enter a recorded mail of ours as sent, with what its recipient knows by it; return its row,
    None if it is in the outbox, or none of ours.

    What exactly it said is not read. A response is taken for an acknowledgement that told all there
    was to tell: nobody is told twice.
    """
    message, tx = filed.message, filed.tx
    if not is_ours(filed.desk.key, message.message_id) or tx.outbox.is_known(message.message_id):
        return None
    recipient = next((one for one in message.to if one.address), None)
    if recipient is None:
        return None
    at = min(filed.row.received_at, message.date or filed.row.received_at)
    kind = _kind(filed)
    responds = kind is MailKind.RESPONSE
    raw = filed.row.raw_sha256
    mail = NewMail(
        mailbox_id=filed.desk.mailbox_id,
        thread_id=filed.thread_id,
        cause_id=None,
        message_id=message.message_id,
        kind=kind,
        sections=(Section.ACKNOWLEDGEMENT,) if responds else (),
        language=message.sure_language or filed.desk.policy.default_language,
        reverse_path=filed.desk.policy.sender.address,
        recipient=recipient.address,
        raw=filed.blobs.get(raw) if filed.blobs and raw else b"",
        state=OutboxState.SENT,
        queued_at=at,
        send_at=at,
        expires_at=at,
    )
    outbox_id = tx.outbox.adopt(mail)
    if outbox_id is None:
        return None
    if responds:
        # The key "one acknowledgement a thread" is for those that are yet to be queued.
        tx.outbox.count_response(replace(mail, sections=()))
        if filed.thread_id is not None:
            tx.records.acknowledged(filed.thread_id, at)
            tx.records.asked(filed.thread_id)
            tx.records.told(filed.thread_id, at)
    filed.note("mail_witnessed", outbox_id=outbox_id, mail=message.message_id)
    return outbox_id


def _kind(filed: Filed) -> MailKind:
    """Return why it was sent, as far as its header tells."""
    submitted = " ".join(filed.message.field("auto-submitted")).lower()
    if submitted.startswith("auto-replied"):
        return MailKind.RESPONSE
    if any(is_one_of_us(one, filed.desk.policy) for one in filed.message.to):
        return MailKind.STAFF if filed.thread_id is not None else MailKind.DIGEST
    return MailKind.TIMED
