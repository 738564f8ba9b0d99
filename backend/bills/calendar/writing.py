"""Writes due dates as a calendar that any calendar app reads (RFC 5545, RFC 7986)."""

from collections.abc import Iterable
from datetime import timedelta

from icalendar import Alarm, Calendar, Event

from backend.bills.calendar.rules import CALENDAR_NAME, EVENT_NAME
from backend.bills.models import Bill
from backend.bills.rules import TITLES, BillKind
from backend.core.languages import Language

MAKER = "-//Ferry//Bills due//EN"
LOOKED_AT_EVERY = timedelta(hours=6)
# Nine in the morning two days before: a day's event begins at midnight, when people sleep.
REMINDER = timedelta(hours=9) - timedelta(days=2)


def write_calendar(bills: Iterable[Bill], language: Language) -> bytes:
    """Return the calendar in iCalendar format: one all-day event for each of these bills.

    It says of a bill what it is for and when it is due, and no more: a calendar is shown on lock
    screens and shared with others. The same bills are the same bytes, so that an ETag holds.
    """
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", MAKER)
    calendar.add("calscale", "GREGORIAN")
    for name in ("name", "x-wr-calname"):
        calendar.add(name, CALENDAR_NAME.into(language))
    calendar.add("refresh-interval", LOOKED_AT_EVERY, parameters={"VALUE": "DURATION"})
    for bill in bills:
        calendar.add_component(_event(bill, language))
    written: bytes = calendar.to_ical()
    return written


def _event(bill: Bill, language: Language) -> Event:
    summary = EVENT_NAME.into(language, title=TITLES[BillKind(bill.kind)].into(language))
    event = Event()
    event.add("uid", bill.id)
    event.add("dtstamp", bill.amended_at or bill.created_at)
    event.add("sequence", bill.version - 1)
    event.add("dtstart", bill.due_on)
    event.add("summary", summary)
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")  # a due date keeps nobody busy
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", summary)
    alarm.add("trigger", REMINDER)
    event.add_component(alarm)
    return event
