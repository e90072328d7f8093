"""Which test says what comes of each option. An architecture test keeps this complete and true."""

_ACTING = "tests/unit/test_options_acting.py::"
_POLICY = "tests/unit/test_settings_policy.py::"
_RULES = "tests/unit/test_options_rules.py::"
_HOLIDAYS = "tests/unit/test_holidays.py::"
_TIME = "tests/unit/test_options_time.py::"
_DIGEST = "tests/service/test_digest.py::"
_RETENTION = "tests/service/test_retention.py::"
_PROBE = "tests/service/test_probe.py::"
_INCLUDE = "tests/unit/test_settings_include.py::"
_OF_TOKENS = "tests/unit/test_settings_oauth2.py::"
_OAUTH2 = _OF_TOKENS + "test_an_option_of_oauth2_is_read_into_its_value_and_refused_when_wrong"

ACTING = {
    "control.keywords": _ACTING + "test_control_lets_staff_steer_by_keywords_and_by_folders",
    "control.folders": _ACTING + "test_control_lets_staff_steer_by_keywords_and_by_folders",
    "service.data_dir": _ACTING + "test_data_dir_is_where_messages_are_kept",
    "service.mode": _ACTING + "test_mode_decides_what_becomes_of_a_mail",
    "service.reply_within": _ACTING
    + "test_reply_within_is_the_age_up_to_which_a_message_is_answered",
    "service.log_format": _ACTING + "test_log_format_log_level_and_log_addresses_shape_the_log",
    "service.log_level": _ACTING + "test_log_format_log_level_and_log_addresses_shape_the_log",
    "service.log_addresses": _ACTING + "test_log_format_log_level_and_log_addresses_shape_the_log",
    "service.templates": _ACTING + "test_templates_are_taken_from_ones_own_folder_first",
    "database.url": _ACTING + "test_the_database_is_where_its_url_says",
    "mailboxes[].name": _ACTING + "test_a_mailbox_is_found_by_its_name",
    "mailboxes[].address": _ACTING + "test_only_mail_to_our_address_and_aliases_is_answered",
    "mailboxes[].display_name": _ACTING + "test_display_name_stands_beside_our_address",
    "mailboxes[].aliases": _ACTING + "test_only_mail_to_our_address_and_aliases_is_answered",
    "mailboxes[].staff": _ACTING + "test_staff_are_never_answered",
    "mailboxes[].mode": _ACTING + "test_mode_decides_what_becomes_of_a_mail",
    "mailboxes[].reads": _POLICY + "test_a_colleagues_account_needs_no_smtp",
    "mailboxes[].languages": _ACTING
    + "test_languages_default_and_supported_choose_the_language_of_the_answer",
    "mailboxes[].trust_reply_to": _ACTING
    + "test_trust_reply_to_names_the_forms_whose_reply_to_is_the_customer",
    "mailboxes[].authserv_id": _ACTING + "test_authserv_id_names_the_server_whose_word_is_believed",
    "mailboxes[].echo_subject": _ACTING + "test_echo_subject_never_keeps_the_subject_to_ourselves",
    "mailboxes[].plus_address": _ACTING + "test_plus_address_is_where_answers_to_automatic_mail_go",
    "mailboxes[].policy": _POLICY
    + "test_a_section_of_a_mailbox_replaces_the_general_one_as_a_whole",
    "mailboxes[].imap.host": _ACTING
    + "test_imap_is_reached_by_host_port_security_username_password_and_ca_file",
    "mailboxes[].imap.port": _ACTING
    + "test_imap_is_reached_by_host_port_security_username_password_and_ca_file",
    "mailboxes[].imap.security": _ACTING
    + "test_imap_is_reached_by_host_port_security_username_password_and_ca_file",
    "mailboxes[].imap.username": _ACTING
    + "test_imap_is_reached_by_host_port_security_username_password_and_ca_file",
    "mailboxes[].imap.password": _ACTING
    + "test_imap_is_reached_by_host_port_security_username_password_and_ca_file",
    "mailboxes[].imap.ca_file": _ACTING
    + "test_imap_is_reached_by_host_port_security_username_password_and_ca_file",
    "mailboxes[].imap.allow_insecure": _ACTING
    + "test_allow_insecure_lets_a_connection_be_unencrypted",
    "mailboxes[].smtp.host": _ACTING
    + "test_smtp_is_reached_by_host_port_security_username_password_and_ca_file",
    "mailboxes[].smtp.port": _ACTING
    + "test_smtp_is_reached_by_host_port_security_username_password_and_ca_file",
    "mailboxes[].smtp.security": _ACTING
    + "test_smtp_is_reached_by_host_port_security_username_password_and_ca_file",
    "mailboxes[].smtp.username": _ACTING
    + "test_smtp_is_reached_by_host_port_security_username_password_and_ca_file",
    "mailboxes[].smtp.password": _ACTING
    + "test_smtp_is_reached_by_host_port_security_username_password_and_ca_file",
    "mailboxes[].smtp.ca_file": _ACTING
    + "test_smtp_is_reached_by_host_port_security_username_password_and_ca_file",
    "mailboxes[].smtp.allow_insecure": _ACTING
    + "test_allow_insecure_lets_a_connection_be_unencrypted",
    "mailboxes[].imap.inbox": _ACTING + "test_the_folders_are_the_ones_that_are_named",
    "mailboxes[].imap.sent": _ACTING + "test_the_folders_are_the_ones_that_are_named",
    "mailboxes[].imap.junk": _ACTING + "test_the_folders_are_the_ones_that_are_named",
    "mailboxes[].imap.drafts": _ACTING + "test_the_folders_are_the_ones_that_are_named",
    "mailboxes[].imap.folders": _ACTING + "test_the_folders_are_the_ones_that_are_named",
    "mailboxes[].imap.idle": _ACTING
    + "test_idle_and_poll_every_are_how_often_a_mailbox_is_looked_at",
    "mailboxes[].imap.poll_every": _ACTING
    + "test_idle_and_poll_every_are_how_often_a_mailbox_is_looked_at",
    "attachments.max_file_size": _ACTING + "test_max_file_size_is_the_largest_single_file",
    "attachments.max_total_size": _ACTING + "test_max_total_size_counts_all_files_together",
    "attachments.max_files": _ACTING + "test_max_files_counts_them",
    "attachments.max_message_size": _ACTING
    + "test_max_message_size_is_how_much_of_a_message_is_read",
    "attachments.allowed_types": _ACTING + "test_allowed_types_replace_the_usual_ones",
    "attachments.blocked_extensions": _ACTING + "test_blocked_extensions_replace_the_usual_ones",
    "attachments.archives.max_depth": _ACTING
    + "test_archives_may_lie_in_each_other_as_deep_as_max_depth",
    "attachments.archives.max_files": _ACTING + "test_archives_may_hold_as_many_files_as_max_files",
    "attachments.archives.max_size": _ACTING + "test_archives_may_unpack_to_as_much_as_max_size",
    "attachments.archives.max_ratio": _ACTING
    + "test_archives_may_unpack_to_as_many_times_as_max_ratio",
    "attachments.archives.encrypted": _ACTING
    + "test_encrypted_is_what_becomes_of_an_archive_with_a_password",
    "attachments.scanner.socket": _ACTING + "test_the_scanner_is_asked_at_its_socket",
    "attachments.scanner.unreachable": _ACTING
    + "test_unreachable_is_what_becomes_of_files_that_could_not_be_scanned",
    "attachments.macros": _ACTING
    + "test_macros_is_what_becomes_of_office_files_with_programs_in_them",
    "attachments.hold_days": _ACTING + "test_hold_days_are_how_long_refused_files_are_kept",
    "limits.per_address": _ACTING + "test_per_address_silences_what_is_too_much_for_one_address",
    "limits.per_thread": _ACTING + "test_per_thread_silences_what_is_too_much_for_one_conversation",
    "limits.per_mailbox": _ACTING + "test_per_mailbox_and_burst_are_the_pace_of_a_mailbox",
    "limits.burst": _ACTING + "test_per_mailbox_and_burst_are_the_pace_of_a_mailbox",
    "limits.longest_delay": _ACTING + "test_longest_delay_hurries_the_pace",
    "limits.reopen_within": _ACTING
    + "test_reopen_within_is_how_long_an_answer_opens_a_thread_again",
    "limits.same_subject_within": _ACTING
    + "test_same_subject_within_is_how_long_a_thread_is_known_by_its_subject",
    "languages.default": _ACTING
    + "test_languages_default_and_supported_choose_the_language_of_the_answer",
    "languages.supported": _ACTING
    + "test_languages_default_and_supported_choose_the_language_of_the_answer",
    "hours.timezone": _POLICY + "test_a_notice_lasts_whole_days_in_the_time_zone_of_the_shop",
    "hours.holidays.country": _HOLIDAYS
    + "test_a_country_names_its_holidays_and_a_region_more_of_them",
    "hours.holidays.add": _HOLIDAYS + "test_add_names_more_days_and_remove_takes_some_out",
    "hours.holidays.remove": _HOLIDAYS + "test_add_names_more_days_and_remove_takes_some_out",
    "hours.holidays.ics": _HOLIDAYS + "test_every_whole_day_of_an_ics_file_is_a_holiday",
    "notices[].from": _POLICY + "test_a_notice_lasts_whole_days_in_the_time_zone_of_the_shop",
    "notices[].until": _POLICY + "test_a_notice_lasts_whole_days_in_the_time_zone_of_the_shop",
    "notices[].template": _POLICY + "test_a_notice_lasts_whole_days_in_the_time_zone_of_the_shop",
    "partners[].name": _ACTING + "test_partners_are_found_by_name_and_written_to_at_their_address",
    "partners[].address": _ACTING
    + "test_partners_are_found_by_name_and_written_to_at_their_address",
    "contacts.telephone": _ACTING + "test_contacts_name_telephone_and_hours_where_it_is_urgent",
    "contacts.hours": _ACTING + "test_contacts_name_telephone_and_hours_where_it_is_urgent",
    "privacy.notice": _POLICY + "test_the_privacy_notice_is_a_page_of_the_web",
    "alerts.command": _POLICY + "test_alerts_go_to_a_command_given_as_words",
    "hours.open": _RULES + "test_a_rule_can_ask_whether_the_shop_is_open",
    "rules[].name": _RULES + "test_a_rule_says_what_a_mail_is_about_and_is_named",
    "rules[].when.any": _RULES + "test_words_are_looked_for_with_any_all_none_and_in",
    "rules[].when.all": _RULES + "test_words_are_looked_for_with_any_all_none_and_in",
    "rules[].when.none": _RULES + "test_words_are_looked_for_with_any_all_none_and_in",
    "rules[].when.in": _RULES + "test_words_are_looked_for_with_any_all_none_and_in",
    "rules[].when.sender": _RULES + "test_a_rule_can_ask_for_the_sender",
    "rules[].when.recipient": _RULES + "test_a_rule_can_ask_for_the_recipient",
    "rules[].when.attachments": _RULES + "test_a_rule_can_ask_for_attachments",
    "rules[].when.language": _RULES + "test_a_rule_can_ask_for_the_language",
    "rules[].when.hours": _RULES + "test_a_rule_can_ask_whether_the_shop_is_open",
    "rules[].set.category": _RULES + "test_a_rule_says_what_a_mail_is_about_and_is_named",
    "rules[].set.priority": _RULES + "test_a_rule_says_what_a_mail_is_about_and_is_named",
    "rules[].set.tags": _RULES + "test_a_rule_says_what_a_mail_is_about_and_is_named",
    "rules[].set.promise": _RULES + "test_a_rule_says_what_a_mail_is_about_and_is_named",
    "rules[].need": _RULES + "test_need_asks_for_what_is_missing",
    "rules[].faq[].title": _RULES
    + "test_faq_links_stand_in_the_acknowledgement_with_title_and_url",
    "rules[].faq[].url": _RULES + "test_faq_links_stand_in_the_acknowledgement_with_title_and_url",
    "rules[].assign": _RULES + "test_a_rule_can_assign_forward_and_say_after_answer",
    "rules[].forward": _RULES + "test_a_rule_can_assign_forward_and_say_after_answer",
    "rules[].after_answer": _RULES + "test_a_rule_can_assign_forward_and_say_after_answer",
    "rules[].mute": _RULES + "test_mute_sends_nothing_at_all",
    "order_numbers[].name": _RULES + "test_an_order_number_has_a_name_a_pattern_and_a_checksum",
    "order_numbers[].pattern": _RULES + "test_an_order_number_has_a_name_a_pattern_and_a_checksum",
    "order_numbers[].checksum": _RULES + "test_an_order_number_has_a_name_a_pattern_and_a_checksum",
    "order_numbers[].lookup.csv": _RULES
    + "test_order_numbers_are_looked_up_in_a_csv_file_by_its_column",
    "order_numbers[].lookup.column": _RULES
    + "test_order_numbers_are_looked_up_in_a_csv_file_by_its_column",
    "order_numbers[].lookup.database": _RULES
    + "test_order_numbers_are_looked_up_in_a_database_by_a_query",
    "order_numbers[].lookup.query": _RULES
    + "test_order_numbers_are_looked_up_in_a_database_by_a_query",
    "promises.normal.first_reply": _TIME + "test_a_promise_of_normal_is_due_when_its_time_is_over",
    "promises.normal.next_reply": _TIME + "test_a_promise_of_normal_is_due_when_its_time_is_over",
    "promises.normal.resolution": _TIME + "test_a_promise_of_normal_is_due_when_its_time_is_over",
    "promises.normal.update_every": _TIME + "test_a_promise_of_normal_is_due_when_its_time_is_over",
    "promises.normal.warn_at": _TIME + "test_warn_at_counts_from_the_same_start",
    "promises.normal.update_customer": _TIME
    + "test_update_customer_writes_to_the_customer_as_well",
    "promises.normal.tell_customer": _TIME
    + "test_tell_customer_tells_him_of_a_promise_that_was_not_kept",
    "promises.low": _TIME + "test_what_a_priority_does_not_say_is_as_for_normal",
    "promises.high": _TIME + "test_what_a_priority_does_not_say_is_as_for_normal",
    "promises.urgent": _TIME + "test_what_a_priority_does_not_say_is_as_for_normal",
    "escalation[].when.category": _TIME + "test_when_names_the_conversations_that_are_escalated",
    "escalation[].when.priority": _TIME + "test_when_names_the_conversations_that_are_escalated",
    "escalation[].when.tags": _TIME + "test_when_names_the_conversations_that_are_escalated",
    "escalation[].after": _TIME + "test_after_so_long_without_an_answer_it_goes_to_whom_it_names",
    "escalation[].to": _TIME + "test_after_so_long_without_an_answer_it_goes_to_whom_it_names",
    "escalation[].on": _TIME
    + "test_on_follows_the_reply_of_a_customer_whom_our_answer_does_not_satisfy",
    "escalation[].answer_within": _TIME + "test_answer_within_and_tell_customer_name_a_date",
    "escalation[].tell_customer": _TIME + "test_answer_within_and_tell_customer_name_a_date",
    "follow_up[].after": _TIME + "test_follow_up_reminds_by_its_template_and_resolves_in_the_end",
    "follow_up[].template": _TIME
    + "test_follow_up_reminds_by_its_template_and_resolves_in_the_end",
    "follow_up[].resolve": _TIME + "test_follow_up_reminds_by_its_template_and_resolves_in_the_end",
    "feedback.after": _TIME + "test_feedback_is_asked_for_so_long_after_it_is_settled",
    "include": _INCLUDE + "test_rules_may_stand_in_a_file_of_their_own",
    **dict.fromkeys(
        (
            "alerts.webhook",
            "alerts.smtp.host",
            "alerts.smtp.from",
            "alerts.smtp.to",
            "alerts.smtp.port",
            "alerts.smtp.security",
            "alerts.smtp.username",
            "alerts.smtp.password",
            "alerts.smtp.ca_file",
            "alerts.smtp.allow_insecure",
        ),
        "tests/contract/test_alert_paths.py::test_each_path_is_made_from_its_options",
    ),
    "privacy.retention.raw": _RETENTION + "test_bytes_go_when_their_time_is_over",
    "privacy.retention.files": _RETENTION + "test_files_go_when_their_time_is_over",
    "privacy.retention.bodies": _RETENTION + "test_texts_go_when_their_time_is_over",
    "privacy.retention.personal": _RETENTION + "test_people_go_when_their_time_is_over",
    "privacy.retention.statistics": _RETENTION + "test_how_it_went_goes_when_its_time_is_over",
    "service.http.port": "tests/system/test_cli_http.py::"
    "test_the_daemon_shows_itself_on_its_port_and_to_this_machine_alone",
    "digest.to": _DIGEST + "test_digest_to_and_at_say_who_gets_it_and_when",
    **dict.fromkeys(
        ("probe.every", "probe.late_after", "mailboxes[].probe_address"),
        _PROBE + "test_every_late_after_and_probe_address_are_what_the_configuration_says",
    ),
    "digest.at": _DIGEST + "test_digest_to_and_at_say_who_gets_it_and_when",
}

TESTS = {
    **ACTING,
    **{
        f"mailboxes[].imap.oauth2.{name}": f"{_OAUTH2}[{name}]"
        for name in (
            *("provider", "client_id", "client_secret", "tenant"),
            *("device_url", "token_url", "scope"),
        )
    },
    "mailboxes[].smtp.oauth2": _OF_TOKENS
    + "test_oauth2_stands_in_place_of_the_password_for_imap_and_for_smtp",
}
