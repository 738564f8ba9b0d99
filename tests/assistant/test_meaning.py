"""A second opinion by meaning: had where it helps, from the very encoder it was learnt with."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from backend.assistant import Release, ask, load_current
from backend.assistant.commands import intents
from backend.assistant.commands.publishing import compare
from backend.assistant.content.intents import Content
from backend.assistant.meaning import Encoder, EncoderMissing, Script, load_encoder
from backend.assistant.measuring.questions import Asked
from backend.assistant.releases.release import Kind, Target
from backend.assistant.releases.shelf import Shelf
from backend.assistant.releases.store import make_current, save
from backend.assistant.training import Material, learn, release_of
from backend.assistant.training.meaning import learn_meaning
from backend.core.languages import Language
from tests.assistant.encoders import write_encoder

# Words of one line mean the same to the encoder. Each service below has its own words for one
# thing and shares all else, so a phrase that is left out is told apart by what it means alone.
PAYING = ["pay", "settle", "clear", "remit", "cover", "honour"]
MOVING = ["move", "relocate", "shift", "flit", "decamp", "resettle"]
LOSING = ["lose", "mislay", "misplace", "drop", "forfeit", "shed"]
UNLEARNT = {"remit": "pay", "flit": "move", "shed": "lose"}
SERVICES = {"pay": PAYING, "move": MOVING, "lose": LOSING}


def material(verbs: dict[str, list[str]]) -> Material:
    """Phrases of three services whose verbs are all that differs."""
    return Material(
        content="meaning" * 8,
        targets=tuple(Target(Kind.SERVICE, name, name) for name in verbs),
        examples=tuple(
            tuple((f"{verb} it now", Language.EN) for verb in known) for known in verbs.values()
        ),
    )


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    """An encoder that knows which verbs mean the same."""
    folder = tmp_path_factory.mktemp("encoder") / "verbs"
    return load_encoder(write_encoder(folder, list(SERVICES.values())))


@pytest.fixture(scope="module")
def release(encoder: Encoder) -> Release:
    """A release of the verbs but for one of each, with what the encoder says of them."""
    some = material(
        {name: [verb for verb in known if verb not in UNLEARNT] for name, known in SERVICES.items()}
    )
    learnt = learn(some, lambda _line: None)
    meaning = learn_meaning(encoder, some, learnt.unseen)
    return replace(release_of(some, learnt), meaning=meaning)


def test_a_word_that_no_phrase_holds_is_known_by_what_it_means(
    release: Release, encoder: Encoder
) -> None:
    wise = replace(release, encoder=encoder)

    best = {verb: ask(wise, f"{verb} it today").choices[0].service for verb in UNLEARNT}

    assert best == UNLEARNT
    confident = [ask(wise, f"{verb} it today").choices[0].confidence for verb in UNLEARNT]
    assert min(confident) > 0.5


def test_a_release_answers_by_its_words_where_no_encoder_runs(release: Release) -> None:
    answer = ask(release, "remit it today")

    assert answer == ask(replace(release, meaning=None), "remit it today")
    assert ask(release, "settle it today").choices[0].service == "pay"


def test_another_encoder_than_the_release_was_made_with_has_no_say(
    release: Release, tmp_path: Path
) -> None:
    other = load_encoder(write_encoder(tmp_path / "other", [["pay", "move"], ["lose"]]))

    assert ask(replace(release, encoder=other), "remit it") == ask(release, "remit it")


def test_it_has_no_say_in_a_script_where_it_does_not_help(
    release: Release, encoder: Encoder
) -> None:
    assert release.meaning is not None

    assert release.meaning.shares[Script.LATIN] > 0
    assert release.meaning.shares[Script.CHINESE] == 0
    assert ask(replace(release, encoder=encoder), "交水費") == ask(release, "交水費")


def test_an_encoder_that_helps_nowhere_is_left_out(tmp_path: Path) -> None:
    knows_nothing = load_encoder(write_encoder(tmp_path / "empty", [["unheard", "of"]]))
    same = material({name: [name, *known] for name, known in SERVICES.items()})
    learnt = learn(same, lambda _line: None)

    assert learn_meaning(knows_nothing, same, learnt.unseen) is None


def test_a_stored_release_keeps_its_second_opinion(
    release: Release, encoder: Encoder, tmp_path: Path
) -> None:
    make_current(save(release, tmp_path))

    kept = load_current(tmp_path)
    held = Shelf(tmp_path, encoder).release()

    assert kept.meaning is not None
    assert release.meaning is not None
    assert kept.meaning.policy == release.meaning.policy
    assert kept.encoder is None
    assert ask(held, "flit it today").choices[0].service == "move"


def test_a_publisher_holds_the_current_release_to_what_its_own_encoder_says(
    release: Release, encoder: Encoder, tmp_path: Path
) -> None:
    make_current(save(release, tmp_path))
    asked = [
        Asked(f"{verb} it today", Language.EN, frozenset({service}), ambiguous=False, beyond=None)
        for verb, service in UNLEARNT.items()
    ]

    _, compared = compare(
        replace(release, encoder=encoder), tmp_path, Content(digest=""), {"locked": asked}
    )

    assert (compared.before, compared.after) == (1.0, 1.0)


def test_any_text_at_all_can_be_encoded(encoder: Encoder) -> None:
    texts = ["", " ", "\x00", "交水費", "🙃" * 300, "word " * 5000, "\ufdfa" * 300]

    assert encoder.encode(texts).shape == (len(texts), 24)


@pytest.mark.parametrize("missing", ["tokenizer.json", "model.onnx"])
def test_a_folder_that_holds_no_encoder_is_refused_in_a_sentence(
    tmp_path: Path, missing: str
) -> None:
    folder = write_encoder(tmp_path / "broken", [["pay"]])
    (folder / missing).write_bytes(b"broken")

    with pytest.raises(EncoderMissing, match="no usable tokenizer"):
        load_encoder(folder)
    with pytest.raises(EncoderMissing):
        load_encoder(tmp_path / "nowhere")


INTENT = """\
title:
  en: {title}
  zh-Hant: {title}
  zh-Hans: {title}
opens: {opens}
phrases:
  en:
{phrases}
  zh-Hant:
    - {han}一
  zh-Hans:
    - {han}二
finds:
  - please {finds} it
misses:
  - nothing of the kind
status: live
reviewed: 2026-08-01
"""


@pytest.fixture
def verbs_folder(tmp_path: Path) -> Path:
    """A folder of intents: one file for each of the services above."""
    folder = tmp_path / "intents"
    folder.mkdir()
    for (name, known), han in zip(SERVICES.items(), "付搬失", strict=True):
        said = [verb for verb in known if verb not in UNLEARNT]
        phrases = "\n".join(f"    - {verb} it now" for verb in said)
        text = INTENT.format(title=name, opens=name, phrases=phrases, han=han, finds=said[0])
        (folder / f"{name}.yaml").write_text(text)
    return folder


@pytest.mark.slow
def test_staff_see_whether_it_is_worth_its_time(
    verbs_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = write_encoder(tmp_path / "verbs", list(SERVICES.values()))
    questions = tmp_path / "asked.jsonl"
    asked = [{"q": f"{verb} it", "lang": "en", "accept": [name]} for verb, name in UNLEARNT.items()]
    questions.write_text("\n".join(map(json.dumps, asked)))
    words = ["evaluate", str(questions), "--json", "--intents", str(verbs_folder)]
    monkeypatch.setenv("FERRY_DATA_DIR", str(tmp_path / "data"))

    plain = CliRunner().invoke(intents, words)
    monkeypatch.setenv("FERRY_SENTENCE_ENCODER", str(encoder))
    wise = CliRunner().invoke(intents, words)

    without, within = (json.loads(each.stdout) for each in (plain, wise))
    assert within["top1"] == 1
    assert within["without_second_opinion"]["top1"] == without["top1"] < 1
    assert "without_second_opinion" not in without


@pytest.mark.slow
def test_a_setting_that_names_no_encoder_stops_with_a_sentence(
    verbs_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FERRY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("FERRY_SENTENCE_ENCODER", str(tmp_path / "nowhere"))

    result = CliRunner().invoke(intents, ["try", "pay it", "--intents", str(verbs_folder)])

    assert result.exit_code == 2
    assert "There is no usable tokenizer.json and model.onnx" in result.output
