"""`ferry intents missed`: what the staff see of what residents asked in vain."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from backend.assistant.feedback.actions import keep_missed
from backend.assistant.feedback.rules import Missed, Reason
from backend.cli import ferry
from backend.core import clock
from backend.core.database import Database
from backend.core.languages import Language
from tests.engines import SqliteRoom

pytestmark = pytest.mark.slow
TODAY = clock.hong_kong_date(clock.now())
Keep = Callable[..., None]


@pytest.fixture
def run(sqlite_room: SqliteRoom, tmp_path: Path, content_dir: Path) -> Callable[..., Result]:
    """Run `ferry intents missed` with its own database and the small release."""
    sqlite_room.copy_to(tmp_path / "ferry.db")
    (tmp_path / "releases").symlink_to(content_dir / "releases")
    runner = CliRunner(env={"FERRY_STAGE": "demo", "FERRY_DATA_DIR": str(tmp_path)})
    return lambda *options: runner.invoke(ferry, ["intents", "missed", *options])


@pytest.fixture
def keep(run: Callable[..., Result], tmp_path: Path) -> Keep:
    def kept(
        text: str,
        language: Language = Language.EN,
        reason: Reason = Reason.NONE,
        times: int = 1,
        day: date = TODAY,
    ) -> None:
        database = Database(f"sqlite:///{tmp_path / 'ferry.db'}")
        service = "wsd-pay" if reason is Reason.NOT_HELPFUL else None
        for _ in range(times):
            with database.transaction() as db:
                keep_missed(db, Missed(text, language, reason, service, "r1"), day)
        database.close()

    return kept


def test_the_most_frequent_comes_first_within_its_language(
    run: Callable[..., Result], keep: Keep
) -> None:
    keep("once")
    keep("交水費", Language.ZH_HANT, Reason.NOT_HELPFUL, times=3)
    keep("twice", times=2)

    shown = run()

    assert shown.exit_code == 0, shown.output
    order = ["\nen", "twice", "once", "zh-Hant", "交水費 (named wsd-pay)"]
    places = [shown.stdout.index(each) for each in order]
    assert places == sorted(places)
    assert "not helpful" in shown.stdout


def test_beside_each_stands_what_would_be_said_today(
    run: Callable[..., Result], keep: Keep
) -> None:
    keep("pay my water bill")

    assert "today answer: wsd-pay" in run().stdout


def test_what_ferry_itself_would_say_today_counts_as_said(
    run: Callable[..., Result], keep: Keep
) -> None:
    keep("I want to speak to a person")

    assert "today told" in run().stdout


def test_a_program_gets_one_json_object(run: Callable[..., Result], keep: Keep) -> None:
    keep("交水費", Language.ZH_HANT, times=2)

    (shown,) = json.loads(run("--json").stdout)["questions"]

    today = TODAY.isoformat()
    assert shown == {
        "text": "交水費",
        "language": "zh-Hant",
        "reason": "none",
        "service": None,
        "release": "r1",
        "count": 2,
        "first_on": today,
        "last_on": today,
        "outcome_today": "answer",
        "service_today": "wsd-pay",
    }


def test_days_and_reason_narrow_the_list(run: Callable[..., Result], keep: Keep) -> None:
    keep("yesterday", day=TODAY - timedelta(days=1))
    keep("today", reason=Reason.NOT_HELPFUL)

    assert "yesterday" not in run("--days", "1").stdout
    assert "yesterday" in run("--days", "2").stdout
    unhelpful = run("--reason", "not_helpful").stdout
    assert "today" in unhelpful
    assert "yesterday" not in unhelpful


def test_an_empty_list_says_so(run: Callable[..., Result]) -> None:
    assert run("--days", "7").stdout == "Nothing was missed in the last 7 days.\n"
    assert json.loads(run("--json").stdout) == {"questions": []}


def test_what_is_too_old_is_forgotten_by_looking(run: Callable[..., Result], keep: Keep) -> None:
    keep("ancient", day=TODAY - timedelta(days=91))

    assert "Nothing was missed" in run().stdout


def test_without_a_release_the_list_is_shown_all_the_same(
    run: Callable[..., Result], keep: Keep, tmp_path: Path
) -> None:
    keep("once")

    shown = run("--releases", str(tmp_path / "nowhere"))

    assert shown.exit_code == 0
    assert "once" in shown.stdout
    assert "What would be said today is not known" in shown.stderr


def test_missing_settings_are_named(tmp_path: Path) -> None:
    bare = CliRunner(env={"FERRY_STAGE": "production", "FERRY_DATA_DIR": str(tmp_path)})

    shown = bare.invoke(ferry, ["intents", "missed"])

    assert shown.exit_code == 1
    assert "FERRY_DATABASE_URL" in shown.stderr
