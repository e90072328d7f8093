"""The policy of a mailbox, as the decisions see it, from what the operator wrote."""

from maildaemon.domain.message import Address
from maildaemon.domain.policy import AttachmentPolicy, Limits, Policy
from maildaemon.settings.models import MailboxSettings, Settings


def make_policy(settings: Settings, mailbox: MailboxSettings) -> Policy:
    """Return what the configuration decides for one mailbox, as the decisions see it."""
    attachments, limits = settings.attachments, settings.limits
    return Policy(
        mailbox=mailbox.name,
        sender=Address(mailbox.display_name or "", mailbox.address),
        addresses=frozenset(one.lower() for one in (mailbox.address, *mailbox.aliases)),
        staff=frozenset(one.lower() for one in mailbox.staff),
        trust_reply_to=frozenset(one.lower() for one in mailbox.trust_reply_to),
        authserv_id=mailbox.authserv_id,
        default_language=settings.languages.default,
        languages=mailbox.languages or settings.languages.supported,
        reply_within=settings.service.reply_within,
        mode=mailbox.mode or settings.service.mode,
        echo_subject=mailbox.echo_subject,
        max_message_size=attachments.max_message_size,
        attachments=AttachmentPolicy(
            max_file_size=attachments.max_file_size,
            max_total_size=attachments.max_total_size,
            max_files=attachments.max_files,
            allowed_types=attachments.allowed_types,
            blocked_extensions=frozenset(attachments.blocked_extensions),
        ),
        limits=Limits(
            per_address=limits.per_address,
            per_thread=limits.per_thread,
            per_mailbox=limits.per_mailbox,
            burst=limits.burst,
            longest_delay=limits.longest_delay,
        ),
    )
