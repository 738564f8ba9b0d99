"""How text is folded before it is compared: width, case and script, said once for everybody."""

import re
import unicodedata
from functools import cache

import opencc

MOST_COMBINING_MARKS = 8
_CJK_BLOCKS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF))
_IDEOGRAPH = re.compile("[" + "".join(f"{chr(a)}-{chr(z)}" for a, z in _CJK_BLOCKS) + "]")
# Characters that Hong Kong writes in more ways than one, and OpenCC keeps apart.
VARIANTS = {"衞": "卫", "綫": "线", "裏": "里", "畀": "俾", "帐": "账", "帳": "账"}
VARIANTS |= {"咭": "卡", "邨": "村", "纪": "记", "紀": "记"}
_SPACES = re.compile(r"\s+")


@cache
def simplified_table() -> dict[int, str]:
    """Map each Traditional character that has a Simplified form to it, for `str.translate`.

    Character by character, so that a text and its conversion fold to the same string. The pairs
    are OpenCC's `t2s`, and the `VARIANTS`.
    """
    convert = opencc.OpenCC("t2s").convert
    table: dict[int, str] = {}
    for first, last in _CJK_BLOCKS:
        for point in range(first, last + 1):
            simple = convert(chr(point))
            if len(simple) == 1 and simple != chr(point):
                table[point] = simple
    table.update({ord(one): other for one, other in VARIANTS.items()})
    # 薴 leads to 苧, which leads on to 苎: follow, so that folding twice changes nothing.
    return {point: table.get(ord(simple), simple) for point, simple in table.items()}


def too_many_marks(text: str) -> bool:
    """Say whether `text` has a run of combining marks that would make normalising costly."""
    run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run > MOST_COMBINING_MARKS:
            return True
    return False


def fold(text: str) -> str:
    """Fold width (NFKC), case and script, and make every run of space one blank.

    Linear in the length of `text` when `too_many_marks` has refused the rest.
    """
    wide = unicodedata.normalize("NFKC", text).casefold()
    return _SPACES.sub(" ", wide.translate(simplified_table())).strip()


def is_chinese(character: str) -> bool:
    """Say whether `character` is a CJK ideograph of the blocks that `fold` knows."""
    return _IDEOGRAPH.match(character) is not None
