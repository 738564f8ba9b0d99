"""Features and phrases are found by their hashes, as a dictionary of their texts would find them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from backend.assistant.releases.lookup import Exact, Vocabulary, hash_of, phrase_hash

TEXTS = st.lists(st.text(max_size=8), max_size=40, unique_by=hash_of)
PHRASES = st.tuples(st.lists(st.sampled_from("abcd"), max_size=3).map(tuple), st.integers(0, 3))


def exact_of(pairs: list[tuple[tuple[str, ...], int]]) -> Exact:
    hashes = np.array([phrase_hash(tokens) for tokens, _ in pairs], dtype=np.uint64)
    return Exact.of(hashes, np.array([target for _, target in pairs], dtype=np.int32))


@given(TEXTS, st.text(max_size=8))
def test_every_feature_has_its_row_and_no_other_text_has_one(texts: list[str], other: str) -> None:
    vocabulary = Vocabulary.of(texts)

    assert [vocabulary.get(text) for text in texts] == list(range(len(texts)))
    if hash_of(other) not in map(hash_of, texts):
        assert vocabulary.get(other) is None


@given(st.lists(PHRASES, max_size=30))
def test_a_phrase_leads_to_its_target_unless_it_has_two(
    pairs: list[tuple[tuple[str, ...], int]],
) -> None:
    exact = exact_of(pairs)

    for tokens, _ in pairs:
        targets = {target for phrase, target in pairs if phrase == tokens}
        assert exact.get(tokens) == (targets.pop() if len(targets) == 1 else None)
    assert exact.get(("unheard", "of")) is None


def test_words_side_by_side_are_not_one_word() -> None:
    exact = exact_of([(("ab", "c"), 1)])

    assert exact.get(("a", "bc")) is None
    assert exact.get(("ab", "c")) == 1
