"""Whether every password is there, asked before anything begins."""

from collections.abc import Iterator

from maildaemon.errors import SecretError, SecretsMissingError
from maildaemon.settings.models import Settings
from maildaemon.settings.secret import Secret, Source


def require_secrets(settings: Settings) -> None:
    """Return if the passwords of all mailboxes and alarms can be had; raise SecretsMissingError
    with each that cannot. A `command` is not run: what it asks may come up later than we do.
    """
    errors = []
    # IMAP and SMTP mostly share one, which is named once.
    for secret in dict.fromkeys(_secrets(settings)):
        try:
            if secret.source is not Source.COMMAND:
                secret.resolve()
        except SecretError as error:
            errors.append(error)
    if errors:
        raise SecretsMissingError(tuple(errors))


def _secrets(settings: Settings) -> Iterator[Secret]:
    servers = (server for mailbox in settings.mailboxes for _, server in mailbox.servers)
    logins = (one.oauth2.client_secret if one.oauth2 else one.password for one in servers)
    alerts = settings.alerts
    others = alerts.webhook, alerts.smtp.password if alerts.smtp else None
    yield from (secret for secret in (*logins, *others) if secret is not None)
