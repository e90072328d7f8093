"""What became of a letter, read from the daemon's database and from what it sent."""

from dataclasses import dataclass

from maildaemon.adapters.sql.lines import FileLine, MessageLine, ThreadLine
from maildaemon.adapters.sql.listings import SqlListings
from maildaemon.cli.demo.letters import Letter, Outcome
from maildaemon.cli.demo.stage import Posted
from maildaemon.domain.attachments import Reason, Verdict
from maildaemon.domain.automatic import Kind, Silence
from maildaemon.domain.delivery import Section
from maildaemon.domain.threads import MatchRule, Status


@dataclass(frozen=True, slots=True)
class Result:
    """A letter, its record, its thread, the mail that answered it, and all that in short."""

    letter: Letter
    message: MessageLine
    thread: ThreadLine | None
    files: list[FileLine]
    posted: Posted | None
    outcome: Outcome

    @property
    def as_expected(self) -> bool:
        """Tell whether the daemon did what it should."""
        return self.outcome == self.letter.expected


def find_message(listings: SqlListings, letter: Letter) -> MessageLine | None:
    """Return the record of a letter, None if not all its copies have been processed."""
    messages = listings.messages(letter.message_id)
    places = [place for one in messages for place in listings.places(one.id)]
    done = sum(place.state == "done" for place in places)
    return messages[0] if messages and done >= letter.expected.copies else None


def find_result(listings: SqlListings, letter: Letter, posted: list[Posted]) -> Result | None:
    """Return what became of a letter, None as long as it is not processed, or what answers it is
    on its way.
    """
    message = find_message(listings, letter)
    if message is None:
        return None
    mails = listings.mails_for(message.id)
    sent = [one for one in posted if one.answers == letter.message_id]
    if len(sent) < len(mails):
        return None
    thread = listings.thread(message.thread) if message.thread else None
    # The parts of a machine's report are nothing that anybody sent us.
    files = listings.files_of(message.id) if message.kind == Kind.CUSTOMER.value else []
    outcome = Outcome(
        kind=Kind(message.kind),
        match=MatchRule(message.match),
        status=Status(thread.status) if thread else None,
        silence=Silence(message.silence) if message.silence else None,
        response=tuple(Section(section) for mail in mails for section in mail.sections),
        language=mails[0].language if mails else None,
        files=tuple(map(_judged, files)),
        copies=len(listings.places(message.id)),
    )
    return Result(letter, message, thread, files, sent[0] if sent else None, outcome)


def _judged(file: FileLine) -> tuple[str, Verdict, Reason | None]:
    return file.filename, Verdict(file.verdict), Reason(file.reason) if file.reason else None
