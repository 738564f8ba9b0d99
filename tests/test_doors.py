"""Who gets in where: every route, every kind of caller (promise T25)."""

import pytest
from flask import Flask

from tests.sweeps import ACTORS, NEIGHBOUR, SOUND, Key, Stage, operations


def test_every_route_has_a_stated_expectation(app: Flask) -> None:
    assert set(operations(app)) == set(SOUND)
    assert all(set(sound.expected) == set(ACTORS) for sound in SOUND.values())


@pytest.mark.slow
@pytest.mark.parametrize("key", SOUND, ids=" ".join)
def test_each_caller_gets_what_is_stated_and_no_more(stage: Stage, key: Key) -> None:
    got = {actor: stage.send(key, actor).status_code for actor in reversed(ACTORS)}

    assert got == SOUND[key].expected


@pytest.mark.slow
@pytest.mark.parametrize(
    "key", [key for key, sound in SOUND.items() if 404 in sound.expected.values()], ids=" ".join
)
def test_anothers_thing_looks_exactly_like_no_thing(stage: Stage, key: Key) -> None:
    foreign = stage.send(key, NEIGHBOUR)
    for name in stage.values:
        stage.values[name] = stage.values[name][:-5] + "00000"
    missing = stage.send(key, NEIGHBOUR)

    differing = {"trace_id"}
    shapes = [
        {name: value for name, value in reply.json.items() if name not in differing}
        for reply in (foreign, missing)
    ]
    assert foreign.status_code == missing.status_code == 404
    assert shapes[0] == shapes[1]
    assert len(foreign.data) == len(missing.data)
