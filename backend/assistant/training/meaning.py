"""Learns what phrases mean from a sentence encoder's vectors, and keeps it only where it helps."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from backend.assistant.meaning import Encoder, Meaning, Script, script_of
from backend.assistant.releases.release import Columns, Target
from backend.assistant.training.build import Material, phrases_of
from backend.assistant.training.thresholds import Unseen, candidates, policy_of

# How much a long weight costs, and the shares that are tried: measured on public sets, flat around.
STIFFNESS = 10.0
SHARES = (0.0, 2.0, 4.0, 6.0)
# It must put so many more of a hundred phrases right, or the deployment is better off without.
LEAST_GAIN = 0.005


def learn_meaning(encoder: Encoder, material: Material, unseen: Unseen) -> Meaning | None:
    """Fit a ridge regression from the vectors of all phrases to their targets; None if it never wins.

    The share of each script is the one that puts most phrases right, each of them left out;
    `unseen` are what the model of words says of the same phrases. Shows a bar while it encodes.
    """
    targets, columns = material.targets, Columns.of(material.targets)
    spoken = [question for question, _ in phrases_of(material)]
    if len(spoken) != len(unseen.labels):
        return None  # of very many targets only some phrases were left out
    vectors = _encoded(encoder, [each.text for each in spoken])
    weights, left_out = _ridge(vectors, _told(unseen.labels, columns, len(targets)))
    scripts = np.array([script_of(each.tokens) for each in spoken])
    shares = {
        script: _best_share(unseen, left_out, scripts == script, columns, targets)
        for script in Script
    }
    if not any(shares.values()):
        return None
    counts = np.array([shares[script] for script in scripts], dtype=np.float32)
    mixed = unseen.scores + counts[:, None] * left_out
    # Thresholds are of the scores that have a second opinion in them; the others keep their own.
    told = Unseen(mixed[counts > 0], unseen.labels[counts > 0])
    return Meaning(
        encoder=encoder.digest,
        weights=weights.astype(np.float32),
        shares=shares,
        policy=policy_of(told, columns, targets),
    )


def _encoded(encoder: Encoder, texts: Sequence[str]) -> NDArray[np.float32]:
    """Return (texts, dimensions), with a progress bar on a terminal: encoding takes minutes.

    Texts of a length go together, as a batch costs what its longest text costs.
    """
    by_length = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    vectors = []
    with tqdm(total=len(texts), unit="phrase", disable=None) as bar:
        for batch in encoder.batches([texts[place] for place in by_length]):
            vectors.append(batch)
            bar.update(len(batch))
    return np.concatenate(vectors)[np.argsort(by_length)]


def _told(labels: NDArray[np.intp], columns: Columns, targets: int) -> NDArray[np.float32]:
    """Return (phrases, targets), 1 where a phrase is of a target and -1 elsewhere."""
    told = np.full((len(labels), targets), -1.0, dtype=np.float32)
    told[np.arange(len(labels)), labels] = 1.0
    told[np.ix_(np.isin(labels, columns.crises), columns.any_crisis)] = 1.0
    return told


def _ridge(
    vectors: NDArray[np.float32], told: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return weights (dimensions + 1, targets) and each phrase's scores with itself left out.

    Leaving one out of a ridge regression is exact in closed form, by the diagonal of the hat
    matrix (Allen 1974, the PRESS statistic).
    """
    rows = np.hstack([vectors, np.ones((len(vectors), 1), np.float32)]).astype(np.float64)
    inverse = np.linalg.inv(rows.T @ rows + STIFFNESS * np.eye(rows.shape[1]))
    weights = inverse @ (rows.T @ told)
    leverage = np.einsum("ij,jk,ik->i", rows, inverse, rows, optimize=True)[:, None]
    left_out = (rows @ weights - leverage * told) / (1 - leverage)
    return weights, left_out.astype(np.float32)


def _best_share(
    unseen: Unseen,
    left_out: NDArray[np.float32],
    chosen: NDArray[np.bool_],
    columns: Columns,
    targets: Sequence[Target],
) -> float:
    """Return the share that puts most of the `chosen` phrases right; 0.0 unless it gains enough."""
    labels = unseen.labels[chosen]
    inside = np.isin(labels, columns.services)
    if not inside.any():
        return 0.0
    right = []
    for share in SHARES:
        mixed = Unseen(unseen.scores[chosen] + share * left_out[chosen], labels)
        right.append(float(candidates(mixed, columns, targets).right[inside, 0].mean()))
    best = int(np.argmax(right))
    return SHARES[best] if right[best] >= right[0] + LEAST_GAIN else 0.0
