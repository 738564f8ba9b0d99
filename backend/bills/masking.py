"""What of a name or an account number is shown: enough to know one's own, too little to learn one."""

import unicodedata

STARS = "***"
SHOWN_AT_MOST = 4


def mask_name(name: str) -> str:
    """Show the first character of a name, of each word in a script that parts words.

    `陳大文` reads `陳**` and `CHAN Tai Man` reads `C*** T*** M***`: how long a word is stays untold.
    """
    return " ".join(_mask_word(word) for word in unicodedata.normalize("NFC", name).split())


def mask_account(account_number: str) -> str:
    """Show the last four characters of an account number, and of a short one never more than half."""
    shown = min(SHOWN_AT_MOST, len(account_number) // 2)
    return STARS + account_number[len(account_number) - shown :]


def _mask_word(word: str) -> str:
    # Scripts that part no words have no small letters either (Unicode category Lo).
    return word[0] + ("**" if unicodedata.category(word[0]) == "Lo" else STARS)
