"""Publishing asks the exam, is written down, and can be undone in a moment."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from backend.assistant import ask, load_current
from backend.assistant.commands import intents
from backend.assistant.releases.history import current_version, entries
from backend.assistant.releases.store import current_place
from tests.assistant.conftest import PLAIN, TAX

pytestmark = pytest.mark.slow
Run = Callable[..., Result]
ASKED = '{"q": "settle my water bill", "lang": "en", "accept": ["wsd-pay"]}\n'
BROKEN = {
    "a key misspelt": (PLAIN.replace("misses", "mises"), "line 15"),
    "a language missing": (PLAIN.replace("  zh-Hans: 缴付水费\n", "", 1), "zh-Hans"),
    "a phrase split by a colon": (PLAIN.replace("- pay my", "- pay: my"), "line 8"),
    "no phrase at all": (PLAIN.replace("    - 水费在哪交\n", "").replace("zh-Hans:\nf", "zh-Hans: []\nf"),
                         "there are no phrases under zh-Hans"),
    "Simplified among Traditional": (PLAIN.replace("- 我想俾水費", "- 我想交水费"), "line 10"),
    "a phrase of another file": (PLAIN.replace("pay my water bill", "pay my tax bill"), "tax/pay.yaml, line 8, too"),
    "its words in another order": (PLAIN.replace("pay my water bill", "my tax bill pay"),
                                   "“pay my tax bill” in tax/pay.yaml, line 8."),
    "an alias": (PLAIN.replace("opens: wsd-pay", "opens: *a"), "line 5"),
    "a merge": (PLAIN + "<<: {a: b}\n", "line 19"),
    "a tag": (PLAIN.replace("opens: wsd-pay", "opens: !!python/object/apply:os.system [ls]"), "line 5"),
    "a doubled key": (PLAIN + "status: live\n", "line 19"),
    "brackets without end": ("[" * 50_000, "nested too deeply"),
    "another encoding": (PLAIN.encode("utf-16"), "UTF-8"),
    "nothing": ("", "empty"),
}  # fmt: skip


@pytest.fixture
def folder(write_intent: Callable[..., Path]) -> Path:
    write_intent("tax/pay.yaml", TAX)
    return write_intent()


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    return tmp_path / "releases"


@pytest.fixture
def run(folder: Path, releases: Path) -> Run:
    """Give `ferry intents` a command, with the folders that it takes."""

    def run(deed: str, *words: str) -> Result:
        content = ["--intents", str(folder)] if deed in ("publish", "exam") else []
        place = ["--to" if deed == "publish" else "--releases", str(releases)]
        return CliRunner().invoke(intents, [deed, *words, *content, *place])

    return run


@pytest.fixture
def worse(folder: Path, run: Run) -> None:
    """Publish, then change the content so that its own exam goes badly."""
    assert run("publish", "--by", "mei").exit_code == 0
    wrong = "\n".join(f"  - gibberish {word} zzz" for word in ("qq", "ww", "xx", "vv"))
    (folder / "water/pay.yaml").write_text(PLAIN.replace("misses:", f"{wrong}\nmisses:", 1))


@pytest.mark.parametrize("name", BROKEN)
def test_no_kind_of_broken_file_goes_live(
    run: Run, releases: Path, write_intent: Callable[..., Path], name: str
) -> None:
    text, place = BROKEN[name]
    write_intent("water/pay.yaml", text)

    result = run("publish")

    assert result.exit_code == 1
    assert "water/pay.yaml" in result.stderr
    assert place in result.stderr
    assert not releases.exists()


@pytest.mark.parametrize("name", ["water/pay.yml", "notes.txt", "water/README.md", "a.YAML"])
def test_a_file_that_nobody_reads_is_named(
    run: Run, write_intent: Callable[..., Path], name: str
) -> None:
    write_intent(name, PLAIN)

    result = run("publish")

    assert result.exit_code == 1
    assert f"{name}: this file is not read; the name of content ends in .yaml." in result.stderr


def test_the_note_for_people_and_the_files_of_tools_are_no_strays(
    run: Run, write_intent: Callable[..., Path]
) -> None:
    for name in ("README.md", ".DS_Store", ".git/HEAD", "water/.pay.yaml.swp"):
        write_intent(name, "hello")

    assert run("publish").exit_code == 0


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["water/pay.yaml"], "One intent alone cannot be told from anything else."),
        (["water/pay.yaml", "tax/pay.yaml"], "No intent is live"),
    ],
)
def test_too_little_to_learn_from_is_said_in_a_sentence(
    run: Run, releases: Path, folder: Path, names: list[str], sentence: str
) -> None:
    for name in names:
        retired = (folder / name).read_text().replace("status: live", "status: retired")
        (folder / name).write_text(retired)

    result = run("publish")

    assert result.exit_code == 1, result.output
    assert sentence in result.stderr
    assert not releases.exists()


def test_publishing_is_written_down(run: Run, releases: Path) -> None:
    result = run("publish", "--by", "mei")

    (entry,) = entries(releases)
    assert (entry.version, entry.deed, entry.by) == (
        load_current(releases).version,
        "publish",
        "mei",
    )
    assert entry.exam is not None
    assert "Exam: " in result.stderr
    assert "before unknown" in result.stderr


@pytest.mark.usefixtures("worse")
def test_a_release_that_fails_its_exam_is_refused(run: Run, releases: Path) -> None:
    before = current_place(releases)

    result = run("publish")

    assert result.exit_code == 1
    assert "(worse)" in result.stderr
    assert "This release fares worse than the current one, which stays." in result.stderr
    assert current_place(releases) == before
    assert len(entries(releases)) == 1


@pytest.mark.usefixtures("worse")
def test_an_operator_may_publish_it_anyway_and_go_back(run: Run, releases: Path) -> None:
    first = current_version(releases)

    published, undone = run("publish", "--anyway", "--by", "kit"), run("rollback", "--by", "mei")

    assert published.exit_code == undone.exit_code == 0
    assert f"release-{first} is the current release again" in undone.stdout
    assert current_version(releases) == first
    assert [(entry.deed, entry.by) for entry in entries(releases)] == [
        ("publish", "mei"),
        ("publish", "kit"),
        ("rollback", "mei"),
    ]
    assert entries(releases)[0].exam == entries(releases)[2].exam


def test_a_release_that_fails_the_locked_questions_is_refused(
    run: Run, releases: Path, folder: Path, tmp_path: Path
) -> None:
    questions = tmp_path / "locked.jsonl"
    questions.write_text(ASKED)
    assert run("publish", "--questions", str(questions)).exit_code == 0
    swapped = PLAIN.replace("opens: wsd-pay", "opens: ird-pay")
    (folder / "water/pay.yaml").write_text(swapped)

    result = run("publish", "--questions", str(questions))

    assert result.exit_code == 1
    assert "locked.jsonl: 0.0%, before 100.0% (worse)" in result.stderr
    assert ask(load_current(releases), "pay my water bill").choices[0].service == "wsd-pay"


def test_a_line_of_the_questions_that_is_wrong_stops_before_any_training(
    run: Run, releases: Path, tmp_path: Path
) -> None:
    questions = tmp_path / "locked.jsonl"
    questions.write_text("oops")

    result = run("publish", "--questions", str(questions))

    assert result.exit_code == 2
    assert "locked.jsonl, line 1" in result.stderr
    assert not releases.exists()


def test_the_list_shows_what_is_current_since_when_and_by_whom(run: Run, folder: Path) -> None:
    run("publish", "--by", "mei")
    (folder / "tax/pay.yaml").write_text(TAX.replace("pay my tax bill", "settle my tax bill"))
    run("exam")
    run("publish", "--by", "kit", "--anyway")
    run("rollback", "--by", "mei")

    lines = run("releases").stdout.splitlines()

    assert len(lines) == 2
    assert lines[0].startswith("* ")
    assert "gone back to" in lines[0]
    assert "by mei, exam" in lines[0]
    assert "published" in lines[1]
    assert "by kit" in lines[1]


def test_going_back_to_nowhere_is_refused_in_a_sentence(run: Run) -> None:
    run("publish")

    nowhere, unknown = run("rollback"), run("rollback", "feed")

    assert nowhere.exit_code == unknown.exit_code == 1
    assert "There is no earlier release here to go back to." in nowhere.stderr
    assert "No release is stored here that begins with “feed”." in unknown.stderr


def test_a_damaged_release_is_not_gone_back_to(run: Run, releases: Path) -> None:
    run("publish")
    version = current_version(releases)
    (releases / f"release-{version}" / "header.json").write_text("{}")

    result = run("rollback", str(version))

    assert result.exit_code == 1
    assert "is damaged" in result.stderr


def test_a_full_disk_leaves_the_last_good_release(run: Run, releases: Path, folder: Path) -> None:
    run("publish")
    before = current_place(releases)
    (folder / "tax/pay.yaml").write_text(TAX.replace("pay my tax bill", "settle my tax bill"))
    ferry = Path(sys.executable).with_name("ferry")
    places = ["--intents", str(folder), "--to", str(releases), "--anyway"]

    stopped = subprocess.run(
        [ferry, "intents", "publish", *places],
        preexec_fn=partial(resource.setrlimit, resource.RLIMIT_FSIZE, (5_000, 5_000)),
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert stopped.returncode == 1, stopped.stderr
    assert "This could not be written: File too large." in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert current_place(releases) == before
    assert load_current(releases).version == current_version(releases)
    assert not list(releases.glob(".draft-*"))


def test_what_try_makes_is_kept_apart_from_what_is_published(run: Run, releases: Path) -> None:
    run("exam")

    assert current_version(releases) is None
    assert "never published" in run("releases").stdout
