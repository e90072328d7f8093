"""Writes the response to a message, and puts it into the outbox."""

from datetime import datetime

from maildaemon.domain.actions import QueueMail
from maildaemon.domain.delivery import Draft, MailKind, Section
from maildaemon.domain.message import Address, Message
from maildaemon.domain.policy import Mode
from maildaemon.domain.threads import trim_references
from maildaemon.domain.tokens import issue_draft_id, issue_loop_token, issue_reply_address
from maildaemon.domain.waiting import mail_lives, names_until
from maildaemon.ports.rows import NewMail
from maildaemon.services.desk import Desk
from maildaemon.services.filed import Filed
from maildaemon.services.outgoing import STATES, name_date, own_id, queue_mail


def respond(filed: Filed, action: QueueMail) -> None:
    """Queue the response to a recorded message, unless this cause has sent its mail."""
    draft = draft_response(filed.desk, filed.message, action, filed.reference, filed.now)
    mode = filed.desk.policy.mode_of(action.sections)
    mail = NewMail(
        mailbox_id=filed.desk.mailbox_id,
        thread_id=filed.thread_id,
        cause_id=filed.message_id,
        # Whatever the mode: one cause has one mail.
        message_id=own_id(filed.desk, _cause(filed.message)),
        kind=MailKind.RESPONSE,
        sections=action.sections,
        language=action.language,
        reverse_path=draft.reply_to or filed.desk.policy.sender.address,
        recipient=action.to.address,
        raw=filed.composer.compose(draft),
        state=STATES[mode],
        queued_at=filed.now,
        send_at=filed.now,
        # Not since now: it may have been parked for a week.
        expires_at=names_until(
            action.answer_by, filed.row.recorded_at + mail_lives(action.sections)
        ),
    )
    sections = [section.value for section in action.sections]
    queued = queue_mail(filed.tx, filed.desk, mail, mode, filed.now, sections=sections)
    if queued is not None and mode is not Mode.SHADOW:
        _count(filed, mail)
    since, until = action.waiting_since, action.answer_by
    if filed.thread_id is not None and since is not None and until is not None:
        name_date(filed.tx, filed.desk.mailbox_id, filed.thread_id, queued, since, until, filed.now)


def _count(filed: Filed, mail: NewMail) -> None:
    """Remember what the customer is told. What is only rehearsed counts for nothing later."""
    filed.tx.outbox.count_response(mail)
    if filed.thread_id is not None and Section.ACKNOWLEDGEMENT in mail.sections:
        filed.tx.records.acknowledged(filed.thread_id, filed.now)
    if filed.thread_id is not None and Section.REFUSED_FILES in mail.sections:
        filed.tx.records.told(filed.thread_id, filed.now)


def _cause(message: Message) -> str:
    return f"{message.identity}:{MailKind.RESPONSE.value}"


def reply_address(desk: Desk, reference: str, *, by_a_person: bool) -> str | None:
    """Return the address to which answers are to go, None if there is none but our usual one."""
    if by_a_person or not reference or not desk.policy.plus_address:
        return None
    return issue_reply_address(desk.key, desk.policy.sender.address, reference)


def draft_response(
    desk: Desk, message: Message, action: QueueMail, reference: str, now: datetime
) -> Draft:
    """Return the response to a message, ready to be composed: ours, or a draft for a person."""
    policy = desk.policy
    message_id = own_id(desk, _cause(message))
    by_a_person = policy.mode_of(action.sections) is Mode.DRAFTS
    topic, index = (
        message.field(name) if action.echo_subject else ()
        for name in ("thread-topic", "thread-index")
    )
    return Draft(
        message_id=issue_draft_id(desk.key, message_id) if by_a_person else message_id,
        date=now.replace(microsecond=0),
        sender=policy.sender,
        # The customer's own display name stays out: it is text of the customer's.
        recipient=Address("", action.to.address),
        language=action.language,
        reference=reference,
        sections=action.sections,
        subject=message.subject if action.echo_subject else None,
        in_reply_to=message.message_id,
        references=trim_references((*message.references, message.message_id)),
        loop_token=issue_loop_token(desk.key, _cause(message)),
        reply_to=reply_address(desk, reference, by_a_person=by_a_person),
        auto_submitted=None if by_a_person else "auto-replied",
        refusals=action.refusals,
        sender_known=action.sender_known,
        accepted_types=policy.attachments.allowed_types,
        max_file_size=policy.attachments.max_file_size,
        missing=action.missing,
        number_unknown=action.number_unknown,
        faq=action.faq,
        notices=action.notices,
        slower=action.slower,
        contacts=action.contacts,
        zone=policy.hours.zone,
        answer_by=action.answer_by,
        opens_at=action.opens_at,
        privacy_url=policy.privacy_url if Section.ACKNOWLEDGEMENT in action.sections else None,
        thread_index=next(iter(index), None),
        thread_topic=next(iter(topic), None),
    )
