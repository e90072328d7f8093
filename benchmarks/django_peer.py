"""Lets django-mailbox, the quickest of the other programs, ingest an inbox into SQLite.

PYTHON benchmarks/django_peer.py PORT USER PASSWORD FOLDER, with a Python that has it installed.

Prints one JSON object: the seconds from the first connection to the last record, the start of the
interpreter and of Django not included. It ends at a message that it cannot read; that one is taken
out of its way and counted as lost. It deletes what it has read.
"""

import imaplib
import json
import logging
import ssl
import sys
import time
from pathlib import Path
from urllib.parse import quote

import django
from django.conf import settings


def main(port: str, user: str, password: str, folder: str) -> dict[str, float]:
    """Return how long it took, and what became of the messages."""
    settings.configure(
        INSTALLED_APPS=["django_mailbox"],
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{folder}/peer.db"}
        },
        MEDIA_ROOT=folder,
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        USE_TZ=True,
    )
    django.setup()
    logging.disable(logging.CRITICAL)
    from django.core.management import call_command
    from django_mailbox.models import Mailbox, Message, MessageAttachment

    call_command("migrate", verbosity=0)
    uri = f"imap+ssl://{quote(user, '')}:{quote(password, '')}@localhost:{port}"
    mailbox = Mailbox.objects.create(name="support", uri=uri)
    lost = 0
    began, cpu = time.perf_counter(), time.process_time()
    while True:
        try:
            for _ in mailbox.get_new_mail():
                pass
            break
        except Exception:  # noqa: BLE001  whatever it ends with
            lost += 1
            _take_away_first(port, user, password)
    return {
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "messages": Message.objects.count(),
        "attachments": MessageAttachment.objects.count(),
        "lost": lost,
    }


def _take_away_first(port: str, user: str, password: str) -> None:
    """Remove what was read, and the message at which it ended."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with imaplib.IMAP4_SSL("localhost", int(port), ssl_context=context) as client:
        client.login(user, password)
        client.select()
        client.expunge()
        client.store("1", "+FLAGS", "\\Deleted")
        client.expunge()


if __name__ == "__main__":
    Path(sys.argv[4]).mkdir(parents=True, exist_ok=True)
    print(json.dumps(main(*sys.argv[1:])))
