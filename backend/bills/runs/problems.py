"""What is wrong with a line of a file, kept without its values and said in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from backend.bills import rules
from backend.core.errors import Refusal
from backend.core.http import bodies, wording
from backend.core.languages import Language, Words

# What the API's shape says of a member; its values are the sentence in each language.
BY_SHAPE = "shape"
SENTENCES = {
    "not_utf8": Words(
        "This line is not UTF-8.", "這一行並非 UTF-8 編碼。", "这一行并非 UTF-8 编码。"
    ),
    "control_character": Words(
        "This line holds a control character.", "這一行含有控制字元。", "这一行含有控制字符。"
    ),
    "line_too_long": Words(
        "This line, or the quoted text that begins in it, is longer than {most} bytes. "
        "Nothing after it was read.",
        "這一行或由此開始的引號內容超過 {most} 位元組，其後內容未有讀取。",
        "这一行或由此开始的引号内容超过 {most} 字节，其后内容未有读取。",
    ),
    "quotes": Words(
        "The quotes of this line do not pair (RFC 4180).",
        "這一行的引號不成對（RFC 4180）。",
        "这一行的引号不成对（RFC 4180）。",
    ),
    "empty_line": Words("This line is empty.", "這一行是空白的。", "这一行是空白的。"),
    "columns": Words(
        "This line has {found} columns, the first line {wanted}.",
        "這一行有 {found} 欄，首行有 {wanted} 欄。",
        "这一行有 {found} 栏，首行有 {wanted} 栏。",
    ),
    "header_missing": Words(
        "The first line must name the columns.", "首行必須列出各欄名稱。", "首行必须列出各栏名称。"
    ),
    "column_unknown": Words(
        "This column is not known here. Nothing after it was read.",
        "不接受此欄，其後內容未有讀取。",
        "不接受此栏，其后内容未有读取。",
    ),
    "column_twice": Words("This column stands twice.", "此欄重複。", "此栏重复。"),
    "column_missing": Words("This column is missing.", "欠缺此欄。", "欠缺此栏。"),
    "not_json": Words(
        "This line is not one JSON object: {why}.",
        "這一行並非一個 JSON 物件：{why}。",
        "这一行并非一个 JSON 对象：{why}。",
    ),
    "trailer_missing": Words(
        "The last line must be the trailer with the number of bills and their sum. "
        "Perhaps the file is cut short.",
        "最後一行必須是註明賬單數目及總額的結尾行。檔案可能不完整。",
        "最后一行必须是注明账单数目及总额的结尾行。文件可能不完整。",
    ),
    "trailer_wrong": Words(
        "The last line (trailer) must hold the number of bills and their sum in cents, as whole "
        "numbers; in CSV like this: #total,2,50850",
        "最後一行（結尾行）必須以整數註明賬單數目及總額（仙）；CSV 檔案例如：#total,2,50850",
        "最后一行（结尾行）必须以整数注明账单数目及总额（仙）；CSV 文件例如：#total,2,50850",
    ),
    "trailer_count": Words(
        "The last line (trailer) says {stated} bills; the file has {found}.",
        "最後一行（結尾行）註明 {stated} 張賬單，檔案有 {found} 張。",
        "最后一行（结尾行）注明 {stated} 张账单，文件有 {found} 张。",
    ),
    "trailer_total": Words(
        "The last line (trailer) says {stated} cents; the bills sum to {found}.",
        "最後一行（結尾行）註明總額 {stated} 仙，賬單合共 {found} 仙。",
        "最后一行（结尾行）注明总额 {stated} 仙，账单合共 {found} 仙。",
    ),
    "after_trailer": Words(
        "Something follows the trailer, which must be the last line.",
        "結尾行之後仍有內容；結尾行必須是最後一行。",
        "结尾行之后仍有内容；结尾行必须是最后一行。",
    ),
    "no_bills": Words("The file holds no bill.", "檔案沒有任何賬單。", "文件没有任何账单。"),
    "too_many_bills": Words(
        "A file may hold {most} bills at most.",
        "每個檔案最多 {most} 張賬單。",
        "每个文件最多 {most} 张账单。",
    ),
    "number_twice": Words(
        "The bill of line {other} has the same number.",
        "賬單號碼與第 {other} 行相同。",
        "账单号码与第 {other} 行相同。",
    ),
}
# What JSON itself may have against a line, by a name that can be stored.
WHYS = {
    "not_well_formed": bodies.NOT_WELL_FORMED,
    "name_twice": bodies.NAME_TWICE,
    "not_finite": bodies.NOT_FINITE,
    "too_deep": bodies.TOO_DEEP,
    "not_storable": bodies.NOT_STORABLE,
    "not_an_object": Words("it is something else", "屬其他內容", "属其他内容"),
}
REFUSALS: dict[str, type[Refusal]] = {
    refusal.code: refusal
    for refusal in vars(rules).values()
    if isinstance(refusal, type) and issubclass(refusal, Refusal) and hasattr(refusal, "code")
}


@dataclass(frozen=True)
class Problem:
    """What is wrong, in which line (from 1) and column; after a fatal one nothing was read."""

    line: int
    code: str
    column: str | None = None
    values: Mapping[str, int | str] = field(default_factory=dict)
    is_fatal: bool = False

    def as_json(self) -> dict[str, Any]:
        """As it is stored with its run."""
        stated = {"line": self.line, "column": self.column, "code": self.code}
        return {**stated, "values": dict(self.values)}


def because(line: int, refusal: Refusal) -> Problem:
    """The problem of a line whose bill breaks a rule."""
    return Problem(line, refusal.code)


def not_json(line: int, refusal: Refusal) -> Problem:
    """The problem of a line that is not sound JSON."""
    named = {words: name for name, words in WHYS.items()}
    why = named.get(refusal.values["why"], "not_well_formed")  # type: ignore[call-overload]
    return Problem(line, "not_json", values={"why": why})


def sentence(stored: Mapping[str, Any], language: Language) -> str:
    """Say a stored problem in `language`."""
    code, values = stored["code"], dict(stored["values"])
    if code == BY_SHAPE:
        return str(values[language])
    if "why" in values:
        values["why"] = WHYS[values["why"]].into(language)
    if code in SENTENCES:
        return SENTENCES[code].into(language, **values)
    if code in REFUSALS:
        return REFUSALS[code].says.into(language)
    return wording.OTHERWISE.into(language)  # a newer version wrote it, in the middle of a roll-out


def read(stored: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """A stored problem as a department reads it."""
    detail = sentence(stored, language)
    return {"line": stored["line"], "column": stored["column"], "detail": detail}
