"""What every reply carries, whoever asks and whatever comes of it (promises T26, T28, T70, T77)."""

import pytest

from tests.sweeps import ACTORS, SOUND, Key, Stage

HEADERS = {
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Content-Security-Policy",
    "Referrer-Policy",
    "Cross-Origin-Opener-Policy",
    "Trace-Id",
    "Cache-Control",
}
LANGUAGES = ("en", "zh-Hant", "zh-Hans")


@pytest.mark.slow
@pytest.mark.parametrize("key", SOUND, ids=" ".join)
def test_the_headers_are_right_on_success_and_refusal(stage: Stage, key: Key) -> None:
    for actor in reversed(ACTORS):
        reply = stage.send(key, actor)

        assert set(reply.headers.keys()) >= HEADERS
        policy = reply.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        if SOUND[key].personal or reply.status_code >= 300:
            assert reply.headers["Cache-Control"] == "no-store"
        else:
            assert "Set-Cookie" not in reply.headers


@pytest.mark.slow
@pytest.mark.parametrize("key", SOUND, ids=" ".join)
def test_a_refusal_reads_in_the_language_that_was_asked_for(stage: Stage, key: Key) -> None:
    said = set()
    for language in LANGUAGES:
        reply = stage.send(
            key,
            SOUND[key].actor,
            data=b"[",
            content_type="application/json",
            headers={"Accept-Language": language},
        )
        assert reply.headers["Content-Language"] == language
        assert reply.json["status"] == reply.status_code
        assert reply.json["trace_id"] == reply.headers["Trace-Id"]
        said.add(reply.json["title"] + reply.json["detail"])
    assert len(said) == len(LANGUAGES)


def test_a_missing_page_and_a_wrong_method_are_problem_documents(stage: Stage) -> None:
    missing = stage.client.get("/v1/nothing-here")
    wrong = stage.client.delete("/v1/themes")

    assert (missing.status_code, missing.json["code"]) == (404, "not_found")
    assert (wrong.status_code, wrong.json["code"]) == (405, "method_not_allowed")
    assert "GET" in wrong.headers["Allow"]
    assert missing.headers["Cache-Control"] == wrong.headers["Cache-Control"] == "no-store"
