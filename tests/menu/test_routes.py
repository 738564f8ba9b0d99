"""The menu over HTTP: lists, pages, one service, themes and departments."""

import base64
import json
from collections import Counter
from typing import Any

import pytest
from flask.testing import FlaskClient

from backend.core.paging import encode_cursor
from backend.menu.catalogue import CHECKED, NOTICE, Catalogue, Level, Region, ServiceKind

ADDRESSES = [
    "/v1/services",
    "/v1/services/search?q=water",
    "/v1/services/wsd-pay",
    "/v1/themes",
    "/v1/departments",
]


def walk(client: FlaskClient, address: str | None) -> list[dict[str, Any]]:
    """Follow `next` to the end; a list that leads in a circle fails."""
    seen: list[dict[str, Any]] = []
    walked: set[str] = set()
    while address:
        assert address not in walked
        walked.add(address)
        reply = client.get(address)
        assert reply.status_code == 200, reply.json
        seen += reply.json["items"]
        address = reply.json["next"]
    return seen


def ids(items: list[dict[str, Any]]) -> list[str]:
    return [item["id"] for item in items]


@pytest.mark.slow
@pytest.mark.parametrize("limit", [1, 7, 20, 100])
def test_pages_hold_all_services_once_in_the_order_of_their_ids(
    menu: FlaskClient, catalogue: Catalogue, limit: int
) -> None:
    seen = ids(walk(menu, f"/v1/services?limit={limit}"))

    assert seen == sorted(catalogue.service_by_id)
    assert len(seen) == 206


def test_a_page_holds_twenty_unless_asked_otherwise(menu: FlaskClient) -> None:
    page = menu.get("/v1/services").json

    assert len(page["items"]) == 20
    assert page["next"].startswith("/v1/services?limit=20&cursor=")


def test_a_page_that_ends_the_list_exactly_has_no_next(
    menu: FlaskClient, catalogue: Catalogue
) -> None:
    held = sum(service.department_id == "WSD" for service in catalogue.services)

    whole = menu.get(f"/v1/services?department=WSD&limit={held}").json
    short = menu.get(f"/v1/services?department=WSD&limit={held - 1}").json

    assert (len(whole["items"]), whole["next"]) == (held, None)
    assert short["next"] is not None


def test_the_next_page_keeps_filters_and_language(menu: FlaskClient) -> None:
    page = menu.get("/v1/services?theme=tax&kind=apply&limit=2&lang=zh-Hant").json

    after = menu.get(page["next"])

    assert after.headers["Content-Language"] == "zh-Hant"
    assert {(item["theme"]["id"], item["kind"]) for item in after.json["items"]} == {
        ("tax", "apply")
    }
    assert len(after.json["items"]) == 2
    assert not set(ids(page["items"])) & set(ids(after.json["items"]))


@pytest.mark.slow
def test_each_theme_and_each_department_lists_its_own_services(
    menu: FlaskClient, catalogue: Catalogue
) -> None:
    for theme in catalogue.theme_by_id:
        seen = ids(walk(menu, f"/v1/services?theme={theme}&limit=100"))
        assert seen == sorted(s.id for s in catalogue.services if s.theme_id == theme)
    for department in catalogue.department_by_id:
        seen = ids(walk(menu, f"/v1/services?department={department}"))
        assert seen == sorted(s.id for s in catalogue.services if s.department_id == department)


@pytest.mark.parametrize("kind", list(ServiceKind))
def test_each_kind_lists_its_own_services(
    menu: FlaskClient, catalogue: Catalogue, kind: str
) -> None:
    seen = ids(walk(menu, f"/v1/services?kind={kind}&limit=100"))

    assert seen == sorted(s.id for s in catalogue.services if s.kind == kind)


@pytest.mark.parametrize("level", list(Level))
def test_each_level_lists_its_own_services(
    menu: FlaskClient, catalogue: Catalogue, level: str
) -> None:
    seen = ids(walk(menu, f"/v1/services?level={level}&limit=100"))

    assert seen == sorted(s.id for s in catalogue.services if s.level == level)
    assert seen


@pytest.mark.parametrize("region", list(Region))
def test_each_region_lists_what_can_be_used_there(
    menu: FlaskClient, catalogue: Catalogue, region: str
) -> None:
    seen = ids(walk(menu, f"/v1/services?region={region}&limit=100"))

    assert seen == sorted(s.id for s in catalogue.services if region in s.regions)
    assert seen


def test_filters_narrow_together(menu: FlaskClient) -> None:
    asked = "theme=bills&department=WSD&kind=pay&level=none&region=hong-kong"

    assert ids(walk(menu, f"/v1/services?{asked}")) == ["wsd-pay"]
    assert walk(menu, "/v1/services?theme=bills&department=CSB") == []


def test_a_department_that_offers_nothing_has_an_empty_list(menu: FlaskClient) -> None:
    page = menu.get("/v1/services?department=EEB").json

    assert (page["items"], page["next"]) == ([], None)


@pytest.mark.parametrize(
    ("lang", "sentence"),
    [
        ("en", "The menu has no theme “taxes”. See /v1/themes."),
        ("zh-Hant", "目錄沒有「taxes」這個主題，請參閱 /v1/themes。"),
        ("zh-Hans", "目录没有“taxes”这个主题，请参阅 /v1/themes。"),
    ],
)
def test_a_theme_that_does_not_exist_is_refused(
    menu: FlaskClient, lang: str, sentence: str
) -> None:
    reply = menu.get(f"/v1/services?theme=taxes&lang={lang}")

    assert (reply.status_code, reply.json["code"]) == (422, "theme_not_known")
    assert reply.json["detail"] == sentence


def test_a_department_that_does_not_exist_is_refused(menu: FlaskClient) -> None:
    reply = menu.get("/v1/services?department=WSX")

    assert (reply.status_code, reply.json["code"]) == (422, "department_not_known")
    assert reply.json["detail"] == "The menu has no department “WSX”. See /v1/departments."


@pytest.mark.parametrize(
    ("name", "known"), [("kind", "pay"), ("level", "plus"), ("region", "hong-kong")]
)
def test_an_unknown_choice_is_refused_with_the_known_ones(
    menu: FlaskClient, name: str, known: str
) -> None:
    reply = menu.get(f"/v1/services?{name}=fly")

    assert (reply.status_code, reply.json["code"]) == (422, "invalid")
    assert reply.json["errors"][0]["pointer"] == f"#/{name}"
    assert known in reply.json["errors"][0]["detail"]


@pytest.mark.parametrize(
    "query",
    [
        "theme=",
        "theme=TAX",
        "theme=../tax",
        "theme=" + "a" * 61,
        "theme=%EF%BD%94ax",
        "theme=tax%0A",
        "department=wsd",
        "department=",
        "department=WSD%00",
        "department=%D9%A1%D9%A2",
        "kind=",
        "kind=PAY",
        "level=none%20",
        "region=hk",
        "colour=red",
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=1.5",
        "limit=ten",
        "limit=",
        "limit=" + "9" * 400,
        "lang=fr",
        "lang=",
    ],
)
def test_a_filter_out_of_form_is_refused(menu: FlaskClient, query: str) -> None:
    reply = menu.get(f"/v1/services?{query}")

    assert reply.status_code in (400, 422)
    assert reply.mimetype == "application/problem+json"


def packed(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%00",
        "====",
        "wsd-pay",
        "W10",
        "a" * 500,
        "a" * 501,
        "%F0%9F%98%80",
        "..%2F..%2Fetc%2Fpasswd",
        packed([]),
        packed({}),
        packed(None),
        packed("wsd-pay"),
        packed([1]),
        packed([None]),
        packed([["wsd-pay"]]),
        packed(["a", "b"]),
        packed(["a\0b"]),
        packed(["\ud800"]),
        packed(["\u202e"]),
        base64.urlsafe_b64encode(b"[" * 300).decode().rstrip("="),
        base64.urlsafe_b64encode(b'["wsd-pay"').decode().rstrip("="),
        base64.urlsafe_b64encode(b'["\xff\xfe"]').decode().rstrip("="),
        encode_cursor("2026-12-01", "bill_1"),
        "",
    ],
)
def test_a_cursor_that_is_not_ours_is_refused(menu: FlaskClient, cursor: str) -> None:
    reply = menu.get(f"/v1/services?cursor={cursor}")

    assert reply.status_code in (400, 422)
    assert reply.mimetype == "application/problem+json"


def test_a_cursor_past_the_end_gives_an_empty_page(menu: FlaskClient) -> None:
    page = menu.get(f"/v1/services?cursor={encode_cursor('zzzz')}").json

    assert (page["items"], page["next"]) == ([], None)


def test_a_cursor_of_a_service_that_left_the_menu_goes_on_where_it_stood(
    menu: FlaskClient,
) -> None:
    page = menu.get(f"/v1/services?cursor={encode_cursor('wsd-p')}").json

    assert ids(page["items"])[0] == "wsd-pay"


@pytest.mark.slow
def test_every_service_of_the_menu_can_be_opened(menu: FlaskClient, catalogue: Catalogue) -> None:
    for service in catalogue.services:
        reply = menu.get(f"/v1/services/{service.id}?lang=zh-Hans")

        assert reply.status_code == 200
        assert (reply.json["id"], reply.json["name"]) == (service.id, service.name.zh_hans)
        assert reply.json["url"].startswith("https://")


def test_one_service_tells_all_that_a_resident_needs(menu: FlaskClient) -> None:
    service = menu.get("/v1/services/wsd-pay?lang=en").json

    assert service == {
        "notice": NOTICE.en,
        "id": "wsd-pay",
        "name": "Payment of Water and Sewage Charges",
        "department": {"id": "WSD", "name": "Water Supplies Department"},
        "theme": {"id": "bills", "name": "Bills & Payments"},
        "kind": "pay",
        "level": "none",
        "regions": ["hong-kong"],
        "url": service["url"],
        "hotline": "2824 5000",
        "pays_by_fps": True,
        "has_open_data": False,
        "open_data_url": None,
    }


@pytest.mark.parametrize(
    "path",
    [
        "no-such-service",
        "WSD-PAY",
        "wsd_pay",
        "wsd-pay%20",
        "wsd-pay%00",
        "wsd%2Dpay%0A",
        "%EF%BD%97sd-pay",
        "-wsd-pay",
        "wsd-pay-",
        "..%2fwsd-pay",
        "a" * 200,
        "%F0%9F%98%80",
        "%FF%FE",
    ],
)
def test_a_service_that_does_not_exist_is_not_found(menu: FlaskClient, path: str) -> None:
    reply = menu.get(f"/v1/services/{path}")

    assert reply.status_code == 404
    assert reply.mimetype == "application/problem+json"


def test_the_refusal_of_a_missing_service_has_a_name(menu: FlaskClient) -> None:
    reply = menu.get("/v1/services/no-such-service")

    assert reply.json["code"] == "service_not_found"


def test_themes_come_in_the_order_of_the_menu_and_count_their_services(
    menu: FlaskClient, catalogue: Catalogue
) -> None:
    themes = menu.get("/v1/themes?lang=zh-Hant").json["items"]

    assert ids(themes) == [theme.id for theme in catalogue.themes]
    held = Counter(service.theme_id for service in catalogue.services)
    assert {theme["id"]: theme["services"] for theme in themes} == dict(held)
    assert {"id": "tax", "name": "稅務", "services": held["tax"]} in themes


def test_departments_come_by_id_and_count_their_services(menu: FlaskClient) -> None:
    departments = menu.get("/v1/departments?lang=en").json["items"]

    assert len(departments) == 50
    assert ids(departments) == sorted(ids(departments))
    assert sum(department["services"] for department in departments) == 206
    water = next(department for department in departments if department["id"] == "WSD")
    assert water == {
        "id": "WSD",
        "name": "Water Supplies Department",
        "site": "https://www.wsd.gov.hk",
        "hotline": "2824 5000",
        "services": 8,
    }


@pytest.mark.parametrize(
    ("service", "number"),
    [
        ("wsd-pay", "2824 5000"),  # its department's, seen in a public file
        ("immd-ahu", "1868"),  # its own, official
        ("hkha-rent", "1823"),  # its department's was never checked
        ("dh-hcv", "1823"),  # its own was never checked, though its department's was
        ("csb-jobs", "1823"),  # nobody has a number
    ],
)
def test_only_a_checked_number_is_shown(menu: FlaskClient, service: str, number: str) -> None:
    assert menu.get(f"/v1/services/{service}").json["hotline"] == number


@pytest.mark.slow
def test_no_unchecked_number_is_in_any_reply(menu: FlaskClient, catalogue: Catalogue) -> None:
    entries = [*catalogue.services, *catalogue.departments]
    numbers = [entry.hotline for entry in entries if entry.hotline]
    checked = {hotline.number for hotline in numbers if hotline.status in CHECKED} | {"1823"}
    assert {hotline.number for hotline in numbers} > checked

    shown = {item["hotline"] for item in walk(menu, "/v1/services?limit=100")}
    shown |= {item["hotline"] for item in menu.get("/v1/departments").json["items"]}

    assert shown <= checked


def test_a_file_for_programs_is_not_the_page_that_a_resident_opens(
    menu: FlaskClient, catalogue: Catalogue
) -> None:
    weather = menu.get("/v1/services/hko-warning").json

    assert weather["url"] == catalogue.department_by_id["HKO"].site
    assert weather["open_data_url"].startswith("https://data.weather.gov.hk/")
    assert weather["has_open_data"] is True


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_reply_says_that_the_menu_is_not_official(menu: FlaskClient, address: str) -> None:
    notices = [
        menu.get(address, headers={"Accept-Language": tag}).json["notice"]
        for tag in ("en", "zh-HK", "zh-CN")
    ]

    assert notices == [NOTICE.en, NOTICE.zh_hant, NOTICE.zh_hans]


@pytest.mark.parametrize("address", ADDRESSES)
def test_nobody_changes_the_menu_over_the_web(menu: FlaskClient, address: str) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert menu.open(address, method=method).status_code in (404, 405)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_body_is_refused_where_none_belongs(menu: FlaskClient, address: str) -> None:
    reply = menu.get(address, data=b"{}", content_type="application/json")

    assert (reply.status_code, reply.json["code"]) == (400, "body_not_expected")
