"""A resident who asked for details still reads nothing of a sender whose name says too much."""

from pathlib import Path

import pytest

from backend.core.languages import Language
from backend.menu import load_catalogue
from backend.notifications import MessageKind
from backend.notifications.outbox.claiming import House
from backend.notifications.wording import PUSH_BODIES, PUSH_TITLES
from tests.notifications.town import Town
from tests.simulators.desk import Desk


@pytest.mark.parametrize("language", list(Language))
def test_a_discreet_department_is_not_named_even_to_whoever_asked_for_details(
    town: Town, desk: Desk, content_dir: Path, language: Language
) -> None:
    catalogue = load_catalogue(content_dir)
    town.house = House(name_of=catalogue.department_name, is_discreet=catalogue.is_discreet)
    resident = town.resident("phone", language=language)
    town.choose(resident, shows_details=True)
    [hospital] = town.tell(resident, department_id="HA")
    [water] = town.tell(resident, department_id="WSD")

    town.work_off()

    shown = {
        line["message"]["data"]["about_id"]: line["message"]["notification"]
        for line in desk.accepted()
    }
    kind = MessageKind.BILL_NEW
    assert catalogue.department_name("WSD", language) in shown[water]["title"]
    assert "418.50" in shown[water]["body"]
    assert shown[hospital]["title"] == PUSH_TITLES[kind].into(language)
    assert shown[hospital]["body"].startswith(PUSH_BODIES[kind].into(language))
    assert "418.50" not in shown[hospital]["body"]
