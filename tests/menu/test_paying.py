"""Which service takes payment of which bill: a fact of the menu that bills and menu agree on."""

from backend.bills import BillKind
from backend.menu.catalogue import Catalogue
from backend.menu.paying import PAID_AS, paying_service


def test_every_kind_of_bill_is_called_something() -> None:
    assert set(PAID_AS) == set(BillKind)


def test_a_kind_that_the_menu_does_not_know_is_paid_nowhere(catalogue: Catalogue) -> None:
    found = paying_service(catalogue, "WSD", "water")

    assert found is not None
    assert found.id == "wsd-pay"
    assert paying_service(catalogue, "WSD", "moon_rent") is None
