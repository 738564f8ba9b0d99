"""How Chinese characters sound, toneless, so that a homophone slip still finds its word."""

import unicodedata
from functools import cache

from pypinyin.pinyin_dict import pinyin_dict

from backend.core.text import fold, is_chinese

_DIAERESIS = "\u0308"


@cache
def readings() -> dict[str, str]:
    """Map each Simplified character to its commonest Mandarin syllable, without the tone.

    The table goes into a release, so that serving needs no dictionary of its own.
    """
    table: dict[str, str] = {}
    for point, spellings in pinyin_dict.items():
        character = chr(point)
        if is_chinese(character) and fold(character) == character:
            table[character] = _toneless(spellings.split(",")[0])
    return table


def _toneless(spelling: str) -> str:
    letters = unicodedata.normalize("NFD", spelling).replace("u" + _DIAERESIS, "v")
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
