"""The three languages of Ferry: which one a reader wants, and texts that exist in all of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """Languages of every text, by their BCP 47 tags. Cantonese is written in `zh-Hant`."""

    EN = "en"
    ZH_HANT = "zh-Hant"
    ZH_HANS = "zh-Hans"


DEFAULT = Language.EN
SIMPLIFIED_REGIONS = {"cn", "sg", "my", "hans"}


@dataclass(frozen=True)
class Words:
    """One text in all three languages."""

    en: str
    zh_hant: str
    zh_hans: str

    def into(self, language: Language, **values: object) -> str:
        """Return the text in `language`, with `{named}` places filled from `values`."""
        text = {
            Language.EN: self.en,
            Language.ZH_HANT: self.zh_hant,
            Language.ZH_HANS: self.zh_hans,
        }[language]
        return text.format(**values) if values else text

    @classmethod
    def of(cls, texts: dict[str, str]) -> "Words":
        """Make the text from `{"en": …, "zh-Hant": …, "zh-Hans": …}`; KeyError if one lacks."""
        return cls(texts["en"], texts["zh-Hant"], texts["zh-Hans"])


def language_of_tag(tag: str) -> Language | None:
    """Map a BCP 47 tag to the language that serves it, or None.

    Bare `zh` and `yue` are read as Hong Kong readers mean them, Traditional.
    """
    primary, *rest = tag.strip().lower().replace("_", "-").split("-")
    if primary == "en":
        return Language.EN
    if primary == "yue":
        return Language.ZH_HANS if "hans" in rest else Language.ZH_HANT
    if primary == "zh":
        if "hant" in rest:
            return Language.ZH_HANT
        return Language.ZH_HANS if SIMPLIFIED_REGIONS & set(rest) else Language.ZH_HANT
    return None


def negotiate(tags_best_first: Iterable[str]) -> Language:
    """Return the first language that any of the tags asks for, else English (RFC 9110, 12.5.4)."""
    for tag in tags_best_first:
        language = language_of_tag(tag)
        if language:
            return language
    return DEFAULT
