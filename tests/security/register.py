"""The security register: what attackers have done to programs like this one, the tests that show
that it comes to nothing here, and the controls that these tests watch.

Each control can be taken out by one edit; `python -m tests.security.controls` does it, and the
tests must fail then. What does not apply here has a test that fails once it begins to.
"""

from dataclasses import dataclass

_UNIT = "tests/unit/"
_CONTRACT = "tests/contract/"
_HERE = "tests/security/"
_THREADING = "tests/service/test_threading.py::"
_COMPOSE = _UNIT + "test_compose.py::"
_IMAP = _CONTRACT + "test_imap_faults.py::"
_SMTP = _CONTRACT + "test_smtp_session.py::"
_SAID = _CONTRACT + "test_smtp_conversation.py::"
_FILES = _CONTRACT + "test_files.py::"
_NAMES = "tests/properties/test_names.py::"
_INSIDE = _UNIT + "test_inside.py::"
_WRAPPED = _UNIT + "test_parse_wrapped.py::"
_PARSER = _CONTRACT + "test_parser.py::"
_LOG = _UNIT + "test_log.py::"
_SECRET = _UNIT + "test_settings_secret.py::"
_DECIDE = _UNIT + "test_decide.py::"
_PROBE = "tests/service/test_probe.py::"
_PROBES = _UNIT + "test_probes.py::"


@dataclass(frozen=True, slots=True)
class Control:
    """A control, and the edit that takes it out. `tests` (ids, the row's if empty) must notice."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """An attack, the tests of it, and what they watch."""

    id: str
    attack: str
    tests: tuple[str, ...]
    controls: tuple[Control, ...]


REGISTER = (
    Row(
        "S1",
        "a file's name runs something, or becomes a path",
        (
            _NAMES + "test_s01_s02_none_of_two_thousand_names_leads_out_of_the_folder",
            _NAMES + "test_s01_s02_what_is_stored_is_called_by_its_content_only",
            _FILES + "test_s01_a_name_is_made_plain_and_then_judged",
        ),
        (
            Control(
                "names are made plain before they are judged",
                "maildaemon/domain/filenames.py",
                "for part in _CUTS.split(_plain(one)))",
                "for part in [one])",
            ),
            Control(
                "what is stored is nobody else's to read",
                "maildaemon/adapters/blobs.py",
                "            Path(temporary).rename(path)\n",
                "            Path(temporary).chmod(0o644)\n            Path(temporary).rename(path)\n",
            ),
        ),
    ),
    Row(
        "S2",
        "a name climbs out of its folder",
        (
            _NAMES + "test_s01_s02_none_of_two_thousand_names_leads_out_of_the_folder",
            _NAMES + "test_s01_s02_what_is_stored_is_called_by_its_content_only",
            _NAMES + "test_s02_any_name_stays_under_its_root",
            _INSIDE + "test_s02_a_name_that_leads_out_of_the_folder_is_refused",
        ),
        (
            Control(
                "only the last part of a path is a name",
                "maildaemon/mail/names.py",
                "_PATH.split(name) if",
                "[name] if",
            ),
            Control(
                "what is saved by hand gets a harmless name",
                "maildaemon/cli/new_file.py",
                '_UNSAFE.sub("_", name)',
                "name",
            ),
            Control(
                "paths in archives",
                "maildaemon/domain/filenames.py",
                '    return rooted or ".." in (one.strip() for one in folders)\n',
                "    return rooted\n",
            ),
        ),
    ),
    Row(
        "S3",
        "a name shows another type than it has",
        (
            _FILES + "test_s03_a_name_that_is_shown_backwards_waits_for_a_person",
            _FILES + "test_s03_hidden_and_look_alike_characters_are_flagged",
        ),
        (
            Control(
                "names that turn round are seen",
                "maildaemon/domain/filenames.py",
                "    return any(one in name for one in _OVERRIDES)\n",
                "    return False\n",
            ),
            Control(
                "letters of two alphabets in one word are seen",
                "maildaemon/domain/filenames.py",
                "    return any(_LATIN.search(word) and _FOREIGN.search(word) for word in _WORD.findall(name))\n",
                "    return False\n",
            ),
        ),
    ),
    Row(
        "S4",
        "a small archive, or a few entities, fill the memory",
        (
            _FILES + "test_s04_a_bomb_ends_within_two_seconds_and_the_memory_of_the_process",
            _INSIDE + "test_s04_a_bomb_is_refused_and_costs_little",
            _INSIDE + "test_s04_archives_that_lie_too_deep_in_each_other_are_refused",
            _UNIT + "test_markup.py::test_s04_s05_xml_that_a_browser_runs_is_not_accepted",
        ),
        (
            Control(
                "what unpacks to too much is refused",
                "maildaemon/domain/attachments.py",
                "            yield _refused(Reason.ARCHIVE_BOMB)\n",
                "            pass\n",
                (_INSIDE + "test_s04_a_bomb_is_refused_and_costs_little",),
            ),
            Control(
                "archives within archives end",
                "maildaemon/domain/attachments.py",
                "        if inside.depth > policy.archives.max_depth:\n",
                "        if inside.depth > 99:\n",
                (_INSIDE + "test_s04_archives_that_lie_too_deep_in_each_other_are_refused",),
            ),
            Control(
                "no entity of a drawing is unfolded",
                "maildaemon/mail/inside/markup.py",
                "    parser.EntityDeclHandler = reader.declare\n",
                "",
                (_UNIT + "test_markup.py::test_s04_s05_xml_that_a_browser_runs_is_not_accepted",),
            ),
        ),
    ),
    Row(
        "S5",
        "a file is two things at once, or a picture that runs",
        (
            _FILES + "test_s05_what_is_two_things_at_once_is_refused_or_held",
            _UNIT + "test_markup.py::test_s05_a_drawing_that_does_something_is_refused",
            _UNIT + "test_markup.py::test_s04_s05_xml_that_a_browser_runs_is_not_accepted",
        ),
        (
            Control(
                "a second kind is looked for",
                "maildaemon/mail/inside/polyglots.py",
                "    elif (\n        content.startswith(_COMMENTED)\n",
                "    elif False and (\n        content.startswith(_COMMENTED)\n",
            ),
            Control(
                "what a drawing runs is looked for",
                "maildaemon/mail/inside/markup.py",
                "    if local in _ACTIVE:\n        return True\n",
                "",
            ),
        ),
    ),
    Row(
        "S6",
        "what a customer writes runs in the mail program of staff",
        (
            _UNIT + "test_digest.py::test_s06_what_customers_write_stays_text",
            _UNIT + "test_templates.py::test_s06_s18_what_a_stranger_wrote_stays_what_it_is",
            _HERE
            + "test_pages.py::test_s06_s07_no_page_of_ours_has_an_element_that_a_mail_brought",
        ),
        (
            Control(
                "the digest",
                "maildaemon/mail/compose_digest.py",
                "    return escape(_clean(text))\n",
                "    return _clean(text)\n",
            ),
            Control(
                "what goes to customers",
                "maildaemon/adapters/templates.py",
                'autoescape=select_autoescape(("html",), default=False)',
                "autoescape=False",
            ),
            Control(
                "the transcript",
                "maildaemon/mail/compose_transcript.py",
                'lines = escape(text).replace("\\n"',
                'lines = text.replace("\\n"',
            ),
        ),
    ),
    Row(
        "S7",
        "tags within tags survive a cleaner that goes by patterns",
        (
            _HERE
            + "test_pages.py::test_s06_s07_no_page_of_ours_has_an_element_that_a_mail_brought",
            _HERE
            + "test_pages.py::test_s07_of_a_page_only_what_is_seen_is_kept_however_it_is_nested",
        ),
        (
            Control(
                "nothing is cleaned: all is text",
                "maildaemon/mail/compose_digest.py",
                "    return escape(_clean(text))\n",
                '    import re\n    return re.sub(r"<[^<>]*>", "", _clean(text))\n',
            ),
            Control(
                "pages are read as browsers read them",
                "maildaemon/mail/text.py",
                "    if _is_absurd(document):\n        return marks.unmarked(_strip_tags(document)), True\n",
                '    return re.sub(r"<[^<>]*>", "", document), True\n',
            ),
        ),
    ),
    Row(
        "S8",
        "a page that is made into a PDF reads files of the server: nothing here makes one",
        (_HERE + "test_libraries.py::test_s08_no_library_here_shows_a_page",),
        (
            Control(
                "no such library",
                "pyproject.toml",
                '  "tzdata",\n',
                '  "tzdata",\n  "weasyprint>=66",\n',
            ),
        ),
    ),
    Row(
        "S9",
        "a forged or guessed id lets a stranger speak in a conversation",
        (
            _UNIT + "test_tokens.py::test_s09_a_forged_token_is_not_ours",
            _UNIT + "test_threads.py::test_s09_a_forged_participant_is_a_stranger",
            _UNIT + "test_threads.py::test_s09_a_stranger_does_not_get_in_whatever_he_cites",
            _DECIDE + "test_s09_staff_who_answer_by_copy_have_power_only_by_authentication",
            _THREADING + "test_s09_a_guessed_or_changed_address_leads_nowhere",
            _THREADING + "test_s09_an_address_of_ones_own_thread_opens_no_other",
            _THREADING + "test_s09_a_stranger_gets_in_by_no_id_tag_or_subject",
            _THREADING
            + "test_s09_who_forges_the_address_of_a_participant_for_whom_our_server_vouched_is_a_stranger",
            _THREADING + "test_s09_a_forged_staff_mail_is_no_answer_and_gets_in_nowhere",
            _THREADING + "test_s09_nobody_else_is_let_in_by_the_number_of_an_order",
        ),
        (
            Control(
                "the signature of an id",
                "maildaemon/domain/tokens.py",
                '    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogatepass"))\n\n\ndef is_of_another',
                "    return True\n\n\ndef is_of_another",
                (_UNIT + "test_tokens.py::test_s09_a_forged_token_is_not_ours",),
            ),
            Control(
                "the signature of a reply address",
                "maildaemon/domain/tokens.py",
                "    return reference if known else None\n",
                "    return reference\n",
                (_THREADING + "test_s09_a_guessed_or_changed_address_leads_nowhere",),
            ),
            Control(
                "only who takes part gets in",
                "maildaemon/domain/matching.py",
                "    return author.key in thread.participants and not _is_doubtful(author, thread)\n",
                "    return not _is_doubtful(author, thread)\n",
                (_UNIT + "test_threads.py::test_s09_a_stranger_does_not_get_in_whatever_he_cites",),
            ),
            Control(
                "and only if our server does not doubt him",
                "maildaemon/domain/matching.py",
                "    return author.key in thread.participants and not _is_doubtful(author, thread)\n",
                "    return author.key in thread.participants\n",
                (_UNIT + "test_threads.py::test_s09_a_forged_participant_is_a_stranger",),
            ),
            Control(
                "staff are proven",
                "maildaemon/domain/authentication.py",
                "    return strong_pass(message, policy.authserv_id)\n",
                "    return True\n",
                (_DECIDE + "test_s09_staff_who_answer_by_copy_have_power_only_by_authentication",),
            ),
        ),
    ),
    Row(
        "S10",
        "a forged copy brings an attacker into a conversation, or our mail to him",
        (
            _DECIDE + "test_s10_the_one_recipient_is_the_author_and_never_somebody_in_copy",
            _THREADING + "test_s10_a_forger_brings_nobody_into_a_thread_that_he_begins_for_another",
            _THREADING + "test_s10_whoever_guesses_a_thread_brings_nobody_with_him",
            _THREADING + "test_s10_a_participant_may_bring_somebody_and_so_may_staff",
            _THREADING + "test_s10_an_address_of_ours_is_nobody_who_takes_part",
        ),
        (
            Control(
                "who forges or guesses brings nobody",
                "maildaemon/services/apply.py",
                "            if brings or trust is Trust.PASSED:\n",
                "            if True:\n",
                (_THREADING + "test_s10_whoever_guesses_a_thread_brings_nobody_with_him",),
            ),
            Control(
                "answers go to whom From names",
                "maildaemon/domain/authentication.py",
                "    if not by_form(message, policy):\n        return message.from_\n",
                "    if not by_form(message, policy):\n        return next(iter(message.cc), message.from_)\n",
                (_DECIDE + "test_s10_the_one_recipient_is_the_author_and_never_somebody_in_copy",),
            ),
        ),
    ),
    Row(
        "S11",
        "somebody registers elsewhere with an address of ours, and has the code sent on to him",
        (_THREADING + "test_s11_what_another_service_sends_to_a_reply_address_is_not_passed_on",),
        (
            Control(
                "what nobody reads is not answered",
                "maildaemon/domain/evidence.py",
                "    if any(run.startswith(NO_REPLY) for run in runs):\n",
                "    if False:\n",
            ),
        ),
    ),
    Row(
        "S12",
        "our answers carry a spammer's words to people whose addresses he forges",
        (
            _UNIT
            + "test_forgers.py::test_s12_what_a_forger_writes_as_a_known_customer_is_not_echoed_to_him",
            _UNIT + "test_forgers.py::test_s12_three_forged_mails_do_not_mute_whom_they_name",
            _DECIDE
            + "test_s12_the_subject_is_echoed_only_to_a_sender_who_is_known_or_authenticated",
            _DECIDE + "test_s12_an_address_gets_one_response_in_ten_minutes_and_three_a_day",
            _UNIT
            + "test_wording.py::test_s12_of_somebody_who_may_be_forged_not_one_letter_is_shown",
            _UNIT + "test_wording.py::test_s12_a_name_that_reads_as_a_link_is_not_shown",
            _COMPOSE + "test_s12_the_customers_display_name_stays_out",
            _COMPOSE + "test_s12_an_id_that_cannot_be_cited_is_left_out",
        ),
        (
            Control(
                "the subject",
                "maildaemon/domain/decide.py",
                "    return context.policy.echo_subject is not EchoSubject.NEVER and is_known(message, context)\n",
                "    return context.policy.echo_subject is not EchoSubject.NEVER\n",
            ),
            Control(
                "the name of a file",
                "maildaemon/mail/wording.py",
                "    if not (shown and known) or is_link:\n",
                "    if not shown or is_link:\n",
            ),
            Control(
                "what reads as a link",
                "maildaemon/mail/wording.py",
                "    if not (shown and known) or is_link:\n",
                "    if not (shown and known):\n",
            ),
            Control(
                "the display name",
                "maildaemon/mail/compose.py",
                '        ("To", draft.recipient.address),\n',
                '        ("To", address_field(draft.recipient)),\n',
            ),
            Control(
                "a text in the place of an id",
                "maildaemon/mail/compose.py",
                "    return len(message_id) <= _LONGEST_CITED and _CITABLE.fullmatch(message_id) is not None\n",
                "    return _MESSAGE_ID.fullmatch(message_id) is not None\n",
            ),
            Control(
                "how often one address is written to",
                "maildaemon/domain/decide.py",
                "        yield Silence.SENDER_CEILING\n",
                "        pass\n",
            ),
        ),
    ),
    Row(
        "S13",
        "a line break in a name or subject adds a field or a recipient",
        (
            _COMPOSE + "test_s13_nasty_text_gives_the_intended_header_and_one_recipient",
            _COMPOSE + "test_s13_any_text_gives_the_intended_header_and_one_recipient",
            _COMPOSE + "test_s13_a_recipient_that_is_not_exactly_one_address_is_refused",
            _SAID + "test_s13_an_address_that_smtp_cannot_carry_never_reaches_the_wire",
        ),
        (
            Control(
                "values are one line",
                "maildaemon/mail/compose.py",
                "    return clean(value, _MAX_VALUE)\n",
                "    return value[:_MAX_VALUE]\n",
                (_COMPOSE + "test_s13_nasty_text_gives_the_intended_header_and_one_recipient",),
            ),
            Control(
                "what was composed is read again",
                "maildaemon/mail/compose.py",
                "    _prove(wire, fields, draft, subject, texts)\n",
                "",
                (_COMPOSE + "test_s13_a_recipient_that_is_not_exactly_one_address_is_refused",),
            ),
            Control(
                "addresses on the wire",
                "maildaemon/adapters/smtp.py",
                "    return bool(local_part and domain) and not strange and len(path.encode()) <= _MAX_PATH\n",
                "    return bool(local_part and domain)\n",
                (_SAID + "test_s13_an_address_that_smtp_cannot_carry_never_reaches_the_wire",),
            ),
        ),
    ),
    Row(
        "S14",
        "a bare line end or a dot hides a second mail in ours (SMTP smuggling)",
        (
            _SAID + "test_s14_bytes_that_are_not_lines_never_reach_the_wire",
            _SAID + "test_s14_dots_are_stuffed_and_only_one_line_ends_the_mail",
        ),
        (
            Control(
                "line ends are CRLF",
                "maildaemon/adapters/smtp.py",
                '    if lines[-1] or any(raw.count(end) != len(lines) - 1 for end in (b"\\r", b"\\n")):\n',
                "    if lines[-1]:\n",
            ),
            Control(
                "dots are stuffed",
                "maildaemon/adapters/smtp.py",
                '_LEADING_DOT.sub(b"..", raw)',
                "raw",
            ),
        ),
    ),
    Row(
        "S15",
        "a line break in a folder's or user's name becomes a second IMAP command",
        (
            _IMAP + "test_s15_nothing_that_comes_from_outside_can_become_a_second_command",
            _IMAP + "test_s15_a_user_name_is_said_so_that_the_server_reads_it_as_it_is",
        ),
        (
            Control(
                "no line break goes onto the wire",
                "maildaemon/adapters/imap_login.py",
                '    if any(character in value for character in "\\r\\n\\0"):\n',
                "    if False:\n",
            ),
            Control(
                "user names are quoted",
                "maildaemon/adapters/imap_login.py",
                "        username = f'\"{escaped}\"'\n",
                "        username = escaped\n",
            ),
        ),
    ),
    Row(
        "S16",
        "somebody on the way takes STARTTLS out, or writes before it begins",
        (
            _IMAP + "test_s16_what_was_advertised_before_tls_is_forgotten",
            _IMAP + "test_s16_a_server_that_lets_everybody_in_is_refused",
            _IMAP + "test_s16_without_starttls_on_offer_no_password_is_sent",
            _IMAP + "test_s16_plain_text_slipped_in_behind_starttls_ends_the_connection",
            _SMTP + "test_s16_without_starttls_nothing_goes_on_in_the_clear",
        ),
        (
            Control(
                "PREAUTH is refused",
                "maildaemon/adapters/imap_login.py",
                "    _refuse_preauth(client, server)\n    if",
                "    if",
                (_IMAP + "test_s16_a_server_that_lets_everybody_in_is_refused",),
            ),
            Control(
                "IMAP without STARTTLS is refused",
                "maildaemon/adapters/imap_login.py",
                '    if server.security == "starttls":\n        _start_tls(client, server)\n',
                '    if server.security == "starttls" and "STARTTLS" in client.wire.capabilities:\n        _start_tls(client, server)\n',
                (_IMAP + "test_s16_without_starttls_on_offer_no_password_is_sent",),
            ),
            Control(
                "nothing may stand behind the consent",
                "maildaemon/adapters/imap_login.py",
                "        if self._client.wire.buffered():\n",
                "        if False:\n",
                (_IMAP + "test_s16_plain_text_slipped_in_behind_starttls_ends_the_connection",),
            ),
            Control(
                "SMTP without STARTTLS is refused",
                "maildaemon/adapters/smtp_session.py",
                '            if account.security == "starttls":\n',
                '            if account.security == "starttls" and client.supports_extension("starttls"):\n',
                (_SMTP + "test_s16_without_starttls_nothing_goes_on_in_the_clear",),
            ),
        ),
    ),
    Row(
        "S17",
        "a server's certificate is not looked at",
        (
            _IMAP + "test_s17_an_unknown_certificate_is_refused_with_what_to_do",
            _IMAP + "test_s17_a_certificate_for_another_name_is_refused",
            _IMAP + "test_s17_what_the_system_trusts_counts_no_more_where_a_file_is_named",
            _SMTP + "test_s17_an_untrusted_certificate_is_refused_and_the_remedy_named",
            _SMTP + "test_s17_a_certificate_for_another_host_is_refused",
        ),
        (
            Control(
                "whoever connects verifies",
                "maildaemon/adapters/tls.py",
                "    context = ssl.create_default_context(cafile=ca_file)\n",
                "    context = ssl._create_unverified_context(cafile=ca_file)\n",
                (
                    _IMAP + "test_s17_an_unknown_certificate_is_refused_with_what_to_do",
                    _SMTP + "test_s17_an_untrusted_certificate_is_refused_and_the_remedy_named",
                ),
            ),
            Control(
                "whoever connects compares the name",
                "maildaemon/adapters/tls.py",
                "    context = ssl.create_default_context(cafile=ca_file)\n",
                "    context = ssl.create_default_context(cafile=ca_file)\n    context.check_hostname = False\n",
                (
                    _IMAP + "test_s17_a_certificate_for_another_name_is_refused",
                    _SMTP + "test_s17_a_certificate_for_another_host_is_refused",
                ),
            ),
            Control(
                "a file takes the place of what the system trusts",
                "maildaemon/adapters/tls.py",
                "    context = ssl.create_default_context(cafile=ca_file)\n",
                "    context = ssl.create_default_context()\n    if ca_file:\n        context.load_verify_locations(ca_file)\n",
                (_IMAP + "test_s17_what_the_system_trusts_counts_no_more_where_a_file_is_named",),
            ),
            Control(
                "IMAP connects so",
                "maildaemon/adapters/imap_login.py",
                "        return context_for(server.ca_file)\n",
                "        return ssl._create_unverified_context(cafile=server.ca_file)\n",
                (_IMAP + "test_s17_an_unknown_certificate_is_refused_with_what_to_do",),
            ),
            Control(
                "SMTP connects so",
                "maildaemon/adapters/smtp_session.py",
                "asyncio.to_thread(context_for, account.ca_file)",
                "asyncio.to_thread(ssl._create_unverified_context, cafile=account.ca_file)",
                (
                    _SMTP + "test_s17_an_untrusted_certificate_is_refused_and_the_remedy_named",
                    _SMTP + "test_s17_a_certificate_for_another_host_is_refused",
                ),
            ),
        ),
    ),
    Row(
        "S18",
        "what a customer writes becomes code of a template",
        (
            _UNIT + "test_templates.py::test_s06_s18_what_a_stranger_wrote_stays_what_it_is",
            _UNIT + "test_own_templates.py::test_s18_a_broken_template_is_named_with_file_and_line",
        ),
        (
            Control(
                "values are no templates",
                "maildaemon/adapters/templates.py",
                "        rendered = self._render(plain, context).strip()\n",
                "        rendered = self._environment.from_string(self._render(plain, context)).render().strip()\n",
            ),
            Control(
                "the sandbox",
                "maildaemon/adapters/templates.py",
                "self._environment = ImmutableSandboxedEnvironment(",
                "from jinja2 import Environment\n        self._environment = Environment(",
            ),
        ),
    ),
    Row(
        "S19",
        "a pattern takes for ever over a text made for it",
        (
            _UNIT + "test_mail_quotes.py::test_s19_a_line_of_a_megabyte_takes_no_time",
            _UNIT + "test_search.py::test_s19_a_word_of_a_megabyte_takes_no_time",
            _PARSER + "test_s19_a_pattern_that_takes_too_long_costs_the_findings_and_not_the_mail",
        ),
        (
            Control(
                "no pattern of the quotes runs over a whole line",
                "maildaemon/mail/quotes.py",
                '    lines = text.split("\\n")\n    lines = apart(',
                '    re.search(r"(?:-+)+[^-\\n]$", text[:40])\n    lines = text.split("\\n")\n    lines = apart(',
                (_UNIT + "test_mail_quotes.py::test_s19_a_line_of_a_megabyte_takes_no_time",),
            ),
        ),
    ),
    Row(
        "S20",
        "a From that two programs read differently",
        (
            _UNIT
            + "test_authentication.py::test_s20_without_one_clear_author_there_is_nobody_to_answer",
            _UNIT + "test_authentication.py::test_s20_a_group_in_from_proves_nothing",
        ),
        (
            Control(
                "one author, or nobody to answer",
                "maildaemon/domain/authentication.py",
                '    if writer is None or not writer.domain or "many_from" in message.defects:\n',
                "    if writer is None or not writer.domain:\n",
            ),
            Control(
                "a group vouches for nobody",
                "maildaemon/domain/authentication.py",
                '    if any(plain(one).endswith(";") for one in message.field("from")):\n',
                "    if False:\n",
            ),
        ),
    ),
    Row(
        "S21",
        "a field that only programs know steers the program",
        (
            _HERE + "test_fields.py::test_s21_no_field_of_a_strangers_header_steers_anything",
            _HERE + "test_fields.py::test_s21_a_forged_mark_of_ours_makes_no_mail_ours",
            _UNIT + "test_authentication.py::test_s21_a_forged_word_of_our_server_is_not_believed",
        ),
        (
            Control(
                "our own mark counts by its signature",
                "maildaemon/domain/tokens.py",
                '    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogatepass"))\n\n\ndef is_of_another',
                "    return True\n\n\ndef is_of_another",
                (_HERE + "test_fields.py::test_s21_a_forged_mark_of_ours_makes_no_mail_ours",),
            ),
            Control(
                "no field of others steers",
                "maildaemon/domain/marks.py",
                '        "x-servicenow-generated",\n',
                '        "x-servicenow-generated x-zammad-ignore",\n',
                (
                    _HERE
                    + "test_fields.py::test_s21_no_field_of_a_strangers_header_steers_anything",
                ),
            ),
            Control(
                "only our own server vouches",
                "maildaemon/domain/authentication.py",
                '            if value.partition(";")[0].split() not in ([authserv_id], [authserv_id, "1"]):\n                return\n',
                "",
                (
                    _UNIT
                    + "test_authentication.py::test_s21_a_forged_word_of_our_server_is_not_believed",
                ),
            ),
        ),
    ),
    Row(
        "S22",
        "a mail writes lines into the log, or the log tells secrets",
        (
            _LOG + "test_s22_a_fact_stays_on_its_line_and_steers_no_terminal",
            _LOG + "test_s22_what_a_library_says_is_cleaned_as_well",
            _LOG + "test_s22_no_line_shows_an_address_that_is_to_be_hidden",
            _HERE + "test_log_tells_nothing.py::test_s22_no_word_of_a_mail_stands_in_the_log",
            _SMTP + "test_s22_the_password_is_nowhere_to_be_read",
        ),
        (
            Control(
                "one line for people",
                "maildaemon/adapters/log.py",
                '    return "".join(c if c.isprintable() else f"\\\\x{ord(c):02x}" for c in text)\n',
                "    return text\n",
                (_LOG + "test_s22_what_a_library_says_is_cleaned_as_well",),
            ),
            Control(
                "addresses are hidden",
                "maildaemon/adapters/log.py",
                "    return lambda text: _ADDRESS.sub(hide, text)\n",
                "    return str\n",
                (_LOG + "test_s22_no_line_shows_an_address_that_is_to_be_hidden",),
            ),
            Control(
                "subjects stay out",
                "maildaemon/services/conclude.py",
                '        return {**line, "message": message_id, **_summary(decision)}\n',
                '        return {**line, "about": self.message.subject, **_summary(decision)}\n',
                (
                    _HERE
                    + "test_log_tells_nothing.py::test_s22_no_word_of_a_mail_stands_in_the_log",
                ),
            ),
        ),
    ),
    Row(
        "S23",
        "a password is read by other users, or shown",
        (
            _SECRET + "test_s23_a_password_file_that_everybody_can_read_is_refused",
            _SECRET + "test_s23_no_printing_shows_a_secret",
            _SECRET + "test_s23_a_command_gets_no_shell",
        ),
        (
            Control(
                "files that everybody reads are refused",
                "maildaemon/settings/secret.py",
                "        if mode & stat.S_IROTH:\n",
                "        if False:\n",
            ),
            Control(
                "secrets are not printed",
                "maildaemon/settings/secret.py",
                "    def __repr__(self) -> str:\n",
                '    def __repr__(self) -> str:\n        return f"{self.value}"\n\n    def _shown(self) -> str:\n',
            ),
        ),
    ),
    Row(
        "S24",
        "a value becomes a part of an SQL statement",
        (
            _HERE + "test_statements.py::test_s24_no_statement_is_made_of_values",
            _HERE + "test_statements.py::test_s24_what_looks_like_a_statement_is_stored_as_it_is",
        ),
        (
            Control(
                "statements are constant",
                "maildaemon/adapters/sql/listings.py",
                "            statement = statement.where(written.contains(f'\"{tag}\"', autoescape=True))\n",
                "            statement = statement.where(text(f\"tags LIKE '%{tag}%'\"))\n",
                (_HERE + "test_statements.py::test_s24_no_statement_is_made_of_values",),
            ),
        ),
    ),
    Row(
        "S25",
        "what was sealed is opened, and told to somebody else: nothing here opens anything",
        (
            _HERE + "test_libraries.py::test_s25_no_library_here_opens_what_is_sealed",
            _WRAPPED + "test_s25_a_letter_sealed_for_somebody_else_is_a_file_and_told",
            _WRAPPED + "test_s25_a_sealed_text_is_told_and_its_letters_are_not_text",
            _WRAPPED + "test_s25_a_sealed_mail_is_one_file_and_told",
        ),
        (
            Control(
                "no such library",
                "pyproject.toml",
                '  "tzdata",\n',
                '  "tzdata",\n  "pgpy>=0.6",\n',
            ),
            Control(
                "sealed text stays out",
                "maildaemon/mail/openpgp.py",
                "            output += (line, lines[end].rstrip())\n",
                "            output += lines[position : end + 1]\n",
            ),
        ),
    ),
    Row(
        "S26",
        "a mail makes the server ask for something (pictures, links, unsubscribing)",
        (_HERE + "test_requests.py::test_s26_no_mail_causes_a_request",),
        (
            Control(
                "pictures are not fetched",
                "maildaemon/mail/text.py",
                "    tree = LexborHTMLParser(document)\n",
                "    tree = LexborHTMLParser(document)\n"
                "    import socket\n"
                "    for image in tree.css(\"img[src^='http']\"):\n"
                '        socket.create_connection((str(image.attributes["src"]).split("/")[2], 80), 1)\n',
            ),
            Control(
                "nobody is unsubscribed",
                "maildaemon/services/conclude.py",
                "        line = _line(self.desk, self.row)\n",
                "        import urllib.request\n"
                '        for one in self.message.field("list-unsubscribe"):\n'
                '            urllib.request.urlopen(one.strip(" <>"), b"", 1)\n'
                "        line = _line(self.desk, self.row)\n",
            ),
        ),
    ),
    Row(
        "S27",
        "many fields, parts or levels stop the reader",
        (
            _PARSER + "test_s27_hostile_shapes_cost_two_seconds_and_300_megabytes_at_most",
            _PARSER + "test_s27_a_message_that_needs_too_much_memory_becomes_a_degraded_record",
            _PARSER + "test_s27_a_message_that_eats_the_processor_becomes_a_degraded_record",
            _UNIT
            + "test_parse_header.py::test_s27_a_header_beyond_the_limits_makes_a_degraded_record_with_what_matters",
        ),
        (
            Control(
                "the header is bounded",
                "maildaemon/mail/prescan.py",
                "MAX_BLOCK = 256 * 1024\n",
                "MAX_BLOCK = 256 * 1024 * 1024\n",
                (
                    _UNIT
                    + "test_parse_header.py::test_s27_a_header_beyond_the_limits_makes_a_degraded_record_with_what_matters",
                ),
            ),
        ),
    ),
    Row(
        "S28",
        "a wrapper, a calendar or a card of contacts is read by a careless reader",
        (
            _HERE + "test_libraries.py::test_s28_no_library_here_reads_cards_calendars_or_wrappers",
            _WRAPPED + "test_s28_a_wrapper_without_end_is_read_within_limits",
            _WRAPPED + "test_s28_a_damaged_wrapper_is_kept_and_told",
        ),
        (
            Control(
                "no such library",
                "pyproject.toml",
                '  "tzdata",\n',
                '  "tzdata",\n  "vobject>=0.9",\n',
            ),
            Control(
                "the files of a wrapper are counted",
                "maildaemon/mail/tnef.py",
                "MAX_FILES = 500\n",
                "MAX_FILES = 500_000\n",
            ),
        ),
    ),
    Row(
        "S29",
        "mails make alarms ring without end",
        ("tests/service/test_brakes.py::test_s29_of_one_subject_one_alarm_an_hour_is_told",),
        (
            Control(
                "one an hour",
                "maildaemon/adapters/sql/alerts.py",
                "_ONE_AN_HOUR = timedelta(hours=1)\n",
                "_ONE_AN_HOUR = timedelta(0)\n",
            ),
        ),
    ),
    Row(
        "S30",
        "a library is replaced on its way to us",
        (
            "tests/architecture/test_repository.py::test_s30_every_required_package_is_pinned_by_hash",
        ),
        (
            Control(
                "packages are pinned",
                "requirements/runtime.txt",
                "aiosmtplib==",
                "aiosmtplib>=",
            ),
        ),
    ),
    Row(
        "S31",
        "a stranger's mail poses as our mail to ourselves: it is counted, deleted, or has another deleted",
        (
            _PROBES + "test_s31_a_mark_is_ours_for_its_mailbox_and_number_alone",
            _PROBES + "test_s31_a_message_with_two_marks_is_none_of_ours",
            _PROBE + "test_s31_what_we_have_not_sent_is_not_counted_not_deleted_and_not_answered",
            _PROBE
            + "test_s31_a_copy_that_somebody_sends_again_counts_once_and_is_left_if_it_is_changed",
            _PROBE + "test_s31_only_what_lies_there_at_that_moment_and_is_ours_is_deleted",
            _PROBE + "test_s31_what_a_server_makes_of_it_in_the_meantime_is_left_alone",
        ),
        (
            Control(
                "the mark is signed",
                "maildaemon/domain/tokens.py",
                "    return int(number) if hmac.compare_digest(expected.encode(), given) else None\n",
                "    return int(number)\n",
            ),
            Control(
                "the mark is of one mailbox",
                "maildaemon/domain/tokens.py",
                'f"{mailbox}\\0{number}", 16)',
                'f"{number}", 16)',
            ),
            Control(
                "one mark a mail",
                "maildaemon/domain/probes.py",
                "marks[0]) if len(marks) == 1 else None",
                "marks[0]) if marks else None",
            ),
            Control(
                "what turns up is held against what was sent",
                "maildaemon/adapters/sql/probes.py",
                "            .where(outbox.c.message_id == message_id, probe.c.mailbox_id == mailbox_id)\n",
                "            .where(probe.c.mailbox_id == mailbox_id)\n",
                (
                    _PROBE
                    + "test_s31_what_we_have_not_sent_is_not_counted_not_deleted_and_not_answered",
                ),
            ),
            Control(
                "another copy is another mail",
                "maildaemon/adapters/sql/probes.py",
                "        return int(row.outbox_id) if row.message_id in {None, recorded} else None\n",
                "        self._connection.execute(update(probe).values(message_id=recorded))\n"
                "        return int(row.outbox_id)\n",
                (
                    _PROBE
                    + "test_s31_a_copy_that_somebody_sends_again_counts_once_and_is_left_if_it_is_changed",
                ),
            ),
            Control(
                "what is deleted is read once more",
                "maildaemon/services/probe.py",
                "    if not _is_it(raw, desk, row, place):\n",
                "    if False:\n",
                (
                    _PROBE + "test_s31_only_what_lies_there_at_that_moment_and_is_ours_is_deleted",
                    _PROBE + "test_s31_what_a_server_makes_of_it_in_the_meantime_is_left_alone",
                ),
            ),
        ),
    ),
)
