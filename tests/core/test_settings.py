"""Settings: everything that is wrong is said at once, in sentences, and production takes no toys."""

from pathlib import Path

import pytest

from backend.app import Gateways, choose_gateways, create_app
from backend.core.database import Database
from backend.core.settings import Settings, SettingsWrong, Stage, read_settings
from backend.gateways.identity_proofing import DemoIdentityProvider


def read(tmp_path: Path, **environ: str) -> Settings:
    """Read settings of a demo, changed as asked."""
    return read_settings({"FERRY_DATA_DIR": str(tmp_path), "FERRY_STAGE": "demo", **environ})


def wrongs(tmp_path: Path, **environ: str) -> list[str]:
    """Return the sentences of a refusal."""
    with pytest.raises(SettingsWrong) as caught:
        read(tmp_path, **environ)
    return str(caught.value).splitlines()


PRODUCTION = {
    "FERRY_STAGE": "production",
    "FERRY_DATABASE_URL": "postgresql://ferry@db/ferry",
    "FERRY_FCM_PROJECT_ID": "ferry-hk",
    "FERRY_FCM_CREDENTIALS": "/etc/ferry/fcm.json",
    "FERRY_METRICS_TOKEN": "a-long-random-word",
}


def test_a_demo_needs_nothing(tmp_path: Path) -> None:
    settings = read(tmp_path)

    assert settings.is_demo
    assert settings.database_url == f"sqlite:///{tmp_path}/ferry.db"
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.releases_dir == tmp_path / "releases"


def test_an_unnamed_stage_is_production_and_all_that_is_missing_is_named_at_once(
    tmp_path: Path,
) -> None:
    with pytest.raises(SettingsWrong) as caught:
        read_settings({"FERRY_DATA_DIR": str(tmp_path), "PORT": "x"})

    sentences = str(caught.value)
    for name in (*PRODUCTION, "PORT"):
        assert name in sentences
    assert "scripts/run" in sentences


def test_production_with_all_it_needs_is_read(tmp_path: Path) -> None:
    settings = read(tmp_path, **PRODUCTION)

    assert settings.stage is Stage.PRODUCTION
    assert settings.fcm_credentials == Path("/etc/ferry/fcm.json")


@pytest.mark.parametrize("name", [name for name in PRODUCTION if name != "FERRY_STAGE"])
def test_production_names_what_it_lacks(tmp_path: Path, name: str) -> None:
    sentences = wrongs(tmp_path, **{**PRODUCTION, name: ""})

    assert len(sentences) == 1
    assert sentences[0].startswith(f"{name} is missing")


def test_production_refuses_a_simulator(tmp_path: Path) -> None:
    sentences = wrongs(tmp_path, **PRODUCTION, FERRY_FCM_ENDPOINT="http://127.0.0.1:9001")

    assert sentences == ["FERRY_FCM_ENDPOINT names a simulator, and production has none."]


BANK = {
    "FERRY_BANK_KEY": "k",
    "FERRY_BANK_CALLBACK_KEYS": "k1:a-secret-of-the-bank",
    "FERRY_FPS_PAYEE": "1234567",
    "FERRY_FPS_PAYEE_NAME": "FERRY",
    "FERRY_RECEIPT_KEY": "/etc/ferry/receipts.pem",
}


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:9002", "127.9.9.9", "localhost", "LocalHost:80", "bank.localhost", "localhost.",
     "[::1]:9002", "[::ffff:127.0.0.1]", "0.0.0.0:9002", "[::]", "127.1", "2130706433", "0x7f.1"],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_production_refuses_a_bank_on_this_machine(tmp_path: Path, scheme: str, host: str) -> None:
    url = f"{scheme}://{host}/merchant"

    sentences = wrongs(tmp_path, **PRODUCTION, **BANK, FERRY_BANK_URL=url)

    assert sentences == [
        "FERRY_BANK_URL leads to this machine: a simulator, and production has none."
    ]
    demo = read(tmp_path, **BANK, FERRY_BANK_URL=url).bank
    assert demo is not None
    assert demo.url == url


@pytest.mark.parametrize("host", ["bank.example", "10.1.2.3:8443", "[2001:db8::1]", "localhost.hk"])
def test_production_takes_a_bank_elsewhere(tmp_path: Path, host: str) -> None:
    bank = read(tmp_path, **PRODUCTION, **BANK, FERRY_BANK_URL=f"https://{host}/merchant").bank

    assert bank is not None


@pytest.mark.parametrize("url", ["https://", "https://[::1", "https://:80", "https://bank:x/"])
def test_a_banks_address_without_a_host_is_refused_in_a_sentence(tmp_path: Path, url: str) -> None:
    (sentence,) = wrongs(tmp_path, **PRODUCTION, **BANK, FERRY_BANK_URL=url)

    assert sentence == "FERRY_BANK_URL must be a whole address, such as https://bank.example/fps."


def test_production_chooses_no_stand_in(tmp_path: Path) -> None:
    assert choose_gateways(read(tmp_path, **PRODUCTION)).identity_providers == {}
    assert set(choose_gateways(read(tmp_path)).identity_providers) == {"demo"}


def test_production_does_not_start_with_a_stand_in(tmp_path: Path, sqlite_alone: Database) -> None:
    demo = DemoIdentityProvider()

    with pytest.raises(SettingsWrong, match="stand-in: demo"):
        create_app(read(tmp_path, **PRODUCTION), Gateways({"demo": demo}), sqlite_alone)


def test_a_stand_in_says_loudly_that_it_is_one(caplog: pytest.LogCaptureFixture) -> None:
    DemoIdentityProvider()

    assert [(record.levelname, record.message[:8]) for record in caplog.records] == [
        ("WARNING", "STAND-IN")
    ]


@pytest.mark.parametrize("stage", ["Demo", "prod", "staging", " demo"])
def test_an_unknown_stage_is_refused(tmp_path: Path, stage: str) -> None:
    assert any("FERRY_STAGE" in sentence for sentence in wrongs(tmp_path, FERRY_STAGE=stage))


NUMBERS = {
    "PORT": ["0", "70000", "65536", "-1", "x", "80.5", "٨٠", "²", "1e3", "0x50", "9" * 5000],
    "FERRY_LEASE_SECONDS": ["0", "-30", "3601", "30s"],
    "FERRY_ACCESS_TOKEN_MINUTES": ["0", "-1", "1441"],
    "FERRY_REQUESTS_PER_MINUTE": ["0", "-1", "1000001"],
    "FERRY_TRUSTED_PROXIES": ["-1", "11", "*"],
}


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, texts in NUMBERS.items() for text in texts],
    ids=lambda text: ascii(text[:30]),
)  # fmt: skip
def test_a_number_that_does_not_fit_is_refused_in_a_sentence(
    tmp_path: Path, name: str, text: str
) -> None:
    (sentence,) = wrongs(tmp_path, **{name: text})

    assert sentence.startswith(f"{name} is “{text[:40]}")
    assert "it must be a whole number from " in sentence
    assert len(sentence) < 150


@pytest.mark.parametrize(
    ("name", "text", "field", "number"),
    [("PORT", "1", "port", 1), ("PORT", "65535", "port", 65535),
     ("FERRY_LEASE_SECONDS", "1", "lease_seconds", 1),
     ("FERRY_TRUSTED_PROXIES", "0", "trusted_proxies", 0),
     ("FERRY_ACCESS_TOKEN_MINUTES", "", "access_token_minutes", 10)],
)  # fmt: skip
def test_a_number_at_the_edge_is_taken(
    tmp_path: Path, name: str, text: str, field: str, number: int
) -> None:
    assert getattr(read(tmp_path, **{name: text}), field) == number


@pytest.mark.parametrize(
    "name", ["FERRY_DATABASE_URL", "FERRY_LIMITS_URL", "FERRY_JOBS_URL", "FERRY_FCM_ENDPOINT"]
)
def test_an_address_that_does_not_fit_is_refused_and_never_quoted(
    tmp_path: Path, name: str
) -> None:
    (sentence,) = wrongs(tmp_path, **{name: "mysql://root:secret@host"})

    assert sentence.startswith(f"{name} must begin with ")
    assert "secret" not in sentence


def test_a_metrics_token_that_no_header_can_carry_is_refused(tmp_path: Path) -> None:
    (sentence,) = wrongs(tmp_path, FERRY_METRICS_TOKEN="with blank")

    assert sentence.startswith("FERRY_METRICS_TOKEN may hold")
    assert "with blank" not in sentence


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "settings.env").write_text(
        "# of the demo\n\n PORT = 9000 \nFERRY_HOST=0.0.0.0\nnonsense\n"
    )

    settings = read(tmp_path, FERRY_HOST="::1")

    assert (settings.port, settings.host) == (9000, "::1")


def test_the_file_may_hold_chinese_whatever_the_locale(tmp_path: Path) -> None:
    (tmp_path / "settings.env").write_bytes("# 渡輪\nPORT=9001\n".encode())

    assert read(tmp_path).port == 9001


def test_a_left_over_demo_file_beside_real_settings_is_refused(tmp_path: Path) -> None:
    (tmp_path / "settings.env").write_text("FERRY_STAGE=demo\n")

    here = {"FERRY_DATA_DIR": str(tmp_path)}

    alone = read_settings(here)
    with pytest.raises(SettingsWrong) as mixed:
        read_settings({**here, "FERRY_DATABASE_URL": "postgresql://host/ferry"})

    assert alone.is_demo
    assert "FERRY_DATABASE_URL is set: say FERRY_STAGE to settle it." in str(mixed.value)
