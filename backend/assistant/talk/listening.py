"""Listens to one text: what the services answer to it, and what is heard in it that asks for none."""

from dataclasses import dataclass

from backend.assistant.normalise import normalise
from backend.assistant.policy import Outcome
from backend.assistant.releases.release import Release
from backend.assistant.reply import Answer
from backend.assistant.router import ask, crisis_of, sentences_of
from backend.assistant.talk.courtesy import COURTESIES, without_courtesies
from backend.assistant.talk.hearing import Heard, hear
from backend.core.languages import Language


@dataclass(frozen=True, slots=True)
class Listened:
    """What is known of `text` before anything is known of the conversation that it stands in.

    `plain` is what the services alone answer; `heard` is None where it is no talk.
    """

    text: str
    plain: Answer
    heard: Heard | None = None

    @property
    def is_crisis(self) -> bool:
        return self.plain.outcome is Outcome.CRISIS


def listen(release: Release, text: str, language: Language | None = None) -> Listened:
    """Hear `text` out; any text at all, none raises.

    All that costs time in a turn is done here, so that nothing need be held open meanwhile. A
    greeting before a question would drown it, so the rest is asked, if it means something.
    """
    plain, heard = ask(release, text, language), hear(release, text)
    is_settled = plain.outcome is Outcome.CRISIS or plain.exact or (heard and heard.exact)
    alarm = None if is_settled else _alarm_beside(release, text, heard, language)
    if alarm:
        return Listened(text, alarm)
    rest = text if is_settled else without_courtesies(release, text)
    if rest == text:
        return Listened(text, plain, heard)
    of_rest, in_rest = ask(release, rest, language), hear(release, rest)
    # A courtesy cut in two is still one: “好” of “好，唔該” greets nobody.
    is_talk = in_rest is not None and in_rest.is_sure and in_rest.id not in COURTESIES
    means_something = is_talk or of_rest.outcome is not Outcome.NONE
    return Listened(text, of_rest, in_rest) if means_something else Listened(text, plain, heard)


def _alarm_beside(
    release: Release, text: str, heard: Heard | None, language: Language | None
) -> Answer | None:
    """Return the answer to a sentence beside talk that tells of a crisis: talk would drown it.

    “I want to speak to a person, there is a fire.”
    """
    told = sentences_of(text)
    if len(told) < 2 or not (heard or any(_is_written_talk(release, each) for each in told)):
        return None
    telling = (each for each in told if _tells_enough(release, each))
    cry = next((each for each in telling if crisis_of(release, each)), None)
    return ask(release, cry, language) if cry else None


def _is_written_talk(release: Release, sentence: str) -> bool:
    """Say whether the staff wrote this very sentence down as talk."""
    talk = release.talk
    return (
        talk is not None and talk.exact.get(normalise(sentence, talk.synonyms).tokens) is not None
    )


def _tells_enough(release: Release, sentence: str) -> bool:
    """Say whether a sentence may tell of a crisis: more than a word, and surely no talk itself."""
    if len(normalise(sentence, release.synonyms).tokens) < 2:
        return False
    heard = hear(release, sentence)
    return heard is None or not heard.is_sure
