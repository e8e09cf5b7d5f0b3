"""The reports of SES and SNS, as the functions read them."""

import base64
import gzip
import json
from datetime import UTC, datetime

import pytest

from feedback.reports import MOST_LOG_BYTES, MailReport, TextReport, UnknownReportError, mail_report, text_reports
from reminders import mail_tag, signed
from tests.support.handlers.reports import log_event, mail_event, text_line

TAG = mail_tag.tag_of("r-1", "key", occurrence=3)
PUBLISHED = datetime(2026, 11, 21, 4, 0, 0, 250_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("event", "kind", "detail"),
    [
        (mail_event("Bounce", TAG), "BOUNCED", "General"),
        (mail_event("Bounce", TAG, bounceType="Transient", bounceSubType="MailboxFull"), "UNDELIVERED", "MailboxFull"),
        (mail_event("Bounce", TAG, bounceType="Undetermined"), "UNDELIVERED", "General"),
        (mail_event("Complaint", TAG), "COMPLAINED", "abuse"),
        (mail_event("Reject", TAG), "REJECTED", ""),
    ],
)
def test_a_report_about_a_mail_has_its_kind_its_tag_and_the_word_of_ses(event, kind, detail):
    assert mail_report(event) == MailReport(kind, signed.read(TAG), detail)


@pytest.mark.parametrize("word", ["not-spam", "x" * 40, "General"])
def test_a_word_of_ses_is_kept(word):
    assert mail_report(mail_event("Complaint", TAG, complaintFeedbackType=word)).detail == word


@pytest.mark.parametrize("word", [None, "", 7, "two words", "jo@example.com", "General\n", "x" * 41])
def test_any_other_text_is_left_out(word):
    assert mail_report(mail_event("Complaint", TAG, complaintFeedbackType=word)).detail == ""


def test_a_complaint_without_a_type_has_no_detail():
    event = mail_event("Complaint", TAG)
    del event["detail"]["complaint"]["complaintFeedbackType"]

    assert mail_report(event).detail == ""


@pytest.mark.parametrize("tags", [None, {}, {"reminder": []}, {"reminder": None}, {"reminder": ["r-1"]}])
def test_a_mail_without_a_valid_tag_is_still_reported(tags):
    event = mail_event("Bounce", TAG)
    event["detail"]["mail"]["tags"] = tags

    assert mail_report(event) == MailReport("BOUNCED", None, "General")


@pytest.mark.parametrize("field", ["detail-type", "detail"])
def test_an_event_without_its_type_or_its_report_is_unknown(field):
    event = mail_event("Bounce", TAG)
    del event[field]

    with pytest.raises(UnknownReportError):
        mail_report(event)


def test_only_the_failures_of_texts_are_read():
    event = log_event(
        text_line("t-1", at=PUBLISHED), text_line("t-2", status="SUCCESS"), text_line("t-3", at=PUBLISHED)
    )

    assert list(text_reports(event)) == [TextReport("t-1", PUBLISHED), TextReport("t-3", PUBLISHED)]


def test_lines_that_are_too_long_are_refused_before_they_fill_the_memory():
    line = json.dumps({"status": "SUCCESS", "more": "x" * MOST_LOG_BYTES})

    with pytest.raises(UnknownReportError):
        list(text_reports(log_event(line)))


@pytest.mark.parametrize(
    "data",
    [
        None,
        "no Base64",
        # Python alone would skip the blank.
        " " + log_event(text_line("t-1"))["awslogs"]["data"],
        base64.b64encode(b"no gzip").decode(),
        base64.b64encode(gzip.compress(b"no JSON")).decode(),
        base64.b64encode(gzip.compress(b"{}")).decode(),
        base64.b64encode(gzip.compress(b"[]")).decode(),
    ],
)
def test_data_in_another_form_is_unknown(data):
    with pytest.raises(UnknownReportError):
        list(text_reports({"awslogs": {"data": data}}))


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        "[]",
        "{}",
        json.dumps({"status": "FAILURE", "notification": {"messageId": "t-1", "timestamp": "yesterday"}}),
        json.dumps({"status": "FAILURE", "notification": {"timestamp": "2026-11-21 04:00:00.000"}}),
    ],
)
def test_a_line_in_another_form_is_unknown(line):
    with pytest.raises(UnknownReportError):
        list(text_reports(log_event(line)))
