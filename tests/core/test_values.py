"""Numbers and days have one spelling each, and what is wrong with one is said in its own terms."""

from typing import Any

import marshmallow as ma
import pytest
from flask.testing import FlaskClient
from marshmallow import fields, validate

from backend.bills.schemas import BillPostShape
from backend.core.http import Day, Moment, PageQuery, Shape, WholeNumber, at_most
from backend.core.http.wording import OTHERWISE, field_errors, sentence
from backend.core.languages import Language
from tests.conftest import Caller

ODD_NUMBERS = (
    *("١", "２０", "1_0", "+5", " 5", "5 ", "5\n", "0x5", "1e1", "5.0", "", "-", "--5", "९"),
    *("9" * 16, "true", "None"),
)
ODD_DAYS = (
    *("20261124", "2026-W48-1", "2026W481", "2026-W48", "2026-328", "26-11-24", "2026-11-4"),
    *("٢٠٢٦-١١-٢٤", "2026-11-24 ", "2026-11-24\n", "2026-11-24T00:00", "2026/11/24", "2026-02-30"),
    *("0000-01-01", "", 20261124, None, ["2026-11-24"], True),
)
ODD_MOMENTS = (
    *("2026-11-24", "2026-11-24T00:00:00", "20261124T000000Z", "2026-W48-1T00:00:00Z"),
    *(
        "2026-11-24 00:00:00Z",
        "2026-11-24T00:00Z",
        "2026-11-24T24:00:01Z",
        1,
        "2026-11-24t00:00:00z",
    ),
    "٢٠٢٦-11-24T00:00:00Z",
)


class OddShape(Shape):
    """One of each."""

    number = WholeNumber(validate=validate.Range(min=1, max=100))
    day = Day()
    moment = Moment()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("number", value) for value in ODD_NUMBERS),
        *(("day", value) for value in ODD_DAYS),
        *(("moment", value) for value in ODD_MOMENTS),
    ],
)
def test_another_spelling_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ma.ValidationError):
        OddShape().load({name: value})


def test_the_one_spelling_is_read() -> None:
    for number in ("1", "007", "100"):
        assert OddShape().load({"number": number})["number"] == int(number)
    for day in ("2026-11-24", "2024-02-29"):
        assert OddShape().load({"day": day})["day"].isoformat() == day
    for moment in ("2026-11-24T08:00:00+08:00", "2026-11-24T00:00:00Z", "2026-11-24T00:00:00.000Z"):
        assert OddShape().load({"moment": moment})["moment"].timestamp() == 1_795_478_400


def said(shape: type[ma.Schema], stated: dict[str, Any], language: Language) -> dict[str, str]:
    """Return what is said of each member."""
    try:
        shape().load(stated)
    except ma.ValidationError as error:
        errors = field_errors({"json": error.messages}, language)
        return {each["pointer"][2:]: each["detail"] for each in errors}
    return {}


class AllShape(Shape):
    """Each kind of value that Ferry takes, with each kind of bound."""

    text = fields.String(validate=validate.Length(min=2, max=3))
    short = fields.String(validate=validate.Length(max=1))
    number = fields.Integer(strict=True, validate=validate.Range(min=1, max=9))
    day = Day(validate=BillPostShape().fields["due_on"].validate)
    moment = Moment()
    is_so = fields.Boolean(truthy={True}, falsy={False})
    items = fields.List(fields.String(), validate=at_most(2))
    part = fields.Nested(PageQuery)
    needed = fields.String(required=True)


def test_what_is_wrong_is_said_in_terms_of_what_it_is() -> None:
    wrong_kinds = {
        "text": 1,
        "number": "x",
        "day": "soon",
        "moment": "soon",
        "is_so": "x",
        "items": {},
        "part": 7,
        "needed": None,
        "stray": 1,
    }
    out_of_bounds = {
        "text": "x",
        "short": "xx",
        "number": 10,
        "day": "1999-12-31",
        "items": ["a"] * 3,
    }

    assert said(AllShape, wrong_kinds, Language.EN) == {
        "text": "This needs a text.",
        "number": "This needs a whole number.",
        "day": "This needs a date, as in 2026-12-20.",
        "moment": "This needs a date and time with its zone, as in 2026-12-20T08:00:00Z.",
        "is_so": "This needs true or false.",
        "items": "This needs a list.",
        "part": "This needs an object.",
        "needed": "This may not be null.",
        "stray": "This is not known here.",
    }
    assert said(AllShape, out_of_bounds, Language.EN) == {
        "text": "Use 2 to 3 characters.",
        "short": "Use 1 characters at most.",
        "number": "Use a number from 1 to 9.",
        "day": "Use a date from 2000-01-01 to 2199-12-31.",
        "items": "Send 2 of them at most.",
        "needed": "This is needed.",
    }


@pytest.mark.parametrize("language", [Language.ZH_HANT, Language.ZH_HANS])
def test_a_wrong_date_is_called_a_date_in_chinese(language: Language) -> None:
    told = said(AllShape, {"day": "1999-12-31", "needed": ""}, language)["day"]

    assert told.startswith("日期")
    assert "2000-01-01" in told


def test_bounds_of_a_moment_speak_of_dates() -> None:
    message = (
        "Must be greater than or equal to 2000-01-01 00:00:00+00:00 "
        "and less than or equal to 2199-12-31 00:00:00+00:00."
    )

    assert sentence(message, Language.EN) == "Use a date from 2000-01-01 to 2199-12-31."
    assert sentence("Something new.", Language.EN) == OTHERWISE.en


@pytest.mark.parametrize(
    "path",
    [
        *("/v1/bills?limit=%D9%A1", "/v1/bills?year=%EF%BC%92%EF%BC%90%EF%BC%92%EF%BC%96"),
        *("/v1/bills?limit=1_0", "/v1/bills?limit=%2B5", "/v1/services?limit=%D9%A1"),
        *("/v1/services/search?q=x&limit=%D9%A1", "/v1/assistant/suggestions?q=x&limit=%D9%A1"),
        *(
            "/v1/bills/years?year=2026",
            "/v1/home?x=1",
            "/v1/bills/total?state=open",
            "/v1/themes?x",
        ),
    ],
)
def test_odd_and_stray_parameters_are_refused(
    client: FlaskClient, resident: Caller, path: str
) -> None:
    headers = {} if "assistant" in path or "services" in path else resident.headers
    reply = client.get(path, headers=headers)

    assert (reply.status_code, reply.json["code"]) == (422, "invalid"), path
    assert client.get(path.partition("?")[0] + "?lang=en", headers=headers).status_code in (
        200,
        422,
    )


def test_addresses_that_others_write_behind_stay_open(client: FlaskClient) -> None:
    for path in ("/health/live?x=1", "/docs?x=1", "/openapi.json?v=2", "/nowhere?x=1"):
        assert client.get(path).status_code in (200, 404)
