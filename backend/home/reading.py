"""The first screen in the reader's language."""

from datetime import date

from backend.bills import CURRENCY, read_bill
from backend.core.languages import Language
from backend.home.actions import Home
from backend.menu import Catalogue, Reader
from backend.notifications import read_message


def read_home(
    home: Home, catalogue: Catalogue, language: Language, today: date
) -> dict[str, dict[str, object]]:
    """Return the members of the first screen."""
    name_of, reader = catalogue.department_name, Reader(catalogue, language)
    return {
        "due": {
            "count": home.owed.count,
            "total_cents": home.owed.total_cents,
            "currency": CURRENCY,
            "overdue_count": home.owed.overdue_count,
            "bills": [
                read_bill(bill, language, name_of, today, home.payments.get(bill.id))
                for bill in home.owed.bills
            ],
        },
        "new": {
            "messages": [read_message(each, language, name_of) for each in home.messages],
            "count_since": home.new_count,
        },
        "use": {
            "notice": reader.notice,
            "services": [reader.service(service) for service in home.services],
        },
    }
