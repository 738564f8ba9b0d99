"""Writes results as tables: for the terminal, and for the page under `docs/`."""

from collections.abc import Sequence

from backend.assistant.measuring.contest.results import Measured, Result

COLUMNS = (
    "",
    "right",
    "in 3",
    "p50",
    "p99",
    "× Ferry",
    "training",
    "memory",
    "model",
    "AUROC",
    "precision at 65 %",
    "none, yet answered",
)
HEAD = """\
# The assistant beside its rivals

Written by `scripts/bench_assistant`, whose first lines say how to run it on other sets; the figures
behind it are in `bench-assistant.json`. Change nothing here by hand.

![Accuracy against the median time of a question](bench-assistant.svg)

Each rival learns the same phrases in one process and is then asked the same questions, in the same
order, in another, one thread each, turn by turn, so that what else the machine does hits all alike.
Ferry stands here without its synonyms, talk and crises, which no rival has a place for; its time is
that of the whole answer with its reasons, thresholds and choices, theirs of finding the intent alone.
Ratios of times hold from one quiet machine to another, the times themselves do not; where the load named
below is above the number of cores, p99 tells of the queue for a core and not of the rival.

- **right**, **in 3**: the best choice, or one of the best three, is the wanted one.
- **p50**, **p99**: of the time of a question, each the median of its rounds; **× Ferry**: p50 over Ferry's.
- **training**: seconds, Ferry's with leaving each phrase out, for its thresholds.
- **memory**: what the process grew by from loading the model to the last answer, libraries not counted.
  **model**: all that is stored.
- **AUROC**: how well sureness tells questions from texts that no intent answers; Ferry's is the confidence
  that it answers with (`scripts/ferry intents benchmark` takes the score alone, which tells them apart
  better). **precision at 65 %**: answering the surest 65 % of the questions outright, so many are right;
  **none, yet answered**: so many of the texts without an intent would be answered, too.
- Rapidfuzz's `default` is `process.extractOne(question, phrases)`, as one writes it first; the two others
  get text without case and punctuation. scikit-learn: tf-idf of word 1–2 grams and in-word character 2–5
  grams, `LinearSVC`. nlp.js: one model for English, one for Chinese, its ranking taken below its own
  threshold, too. A rival that is slow is asked fewer questions, the first of the same order.
"""


def page(results: Sequence[Result]) -> str:
    """Return the whole page in Markdown, one section a result."""
    return HEAD + "".join(f"\n## {title_of(result)}\n\n{section(result)}" for result in results)


def title_of(result: Result) -> str:
    """Return the name of the set and how it was spoiled."""
    return f"{result.name}, {result.slips}" if result.slips else result.name


def section(result: Result) -> str:
    """Return what was measured, the table, and who was left out."""
    oos = f", {result.oos:,} texts of none" if result.oos else ""
    rounds = "one round" if result.rounds == 1 else f"{result.rounds} rounds"
    lines = [
        f"{result.phrases:,} phrases of {result.intents} intents, {result.questions:,} questions{oos}.",
        f"Source: {result.source}.",
        f"Measured on {result.measured_on}, {rounds}, {result.machine}.",
        "",
        _row(COLUMNS),
        _row(["---"] * len(COLUMNS)),
        *(_row(cells(each, result.questions)) for each in result.rivals),
    ]
    return "\n".join([*lines, *(f"\n{sentence}" for sentence in result.absent)]) + "\n"


def cells(each: Measured, questions: int) -> list[str]:
    """Return one row's cells."""
    name = each.title if each.asked == questions else f"{each.title} ({each.asked:,} questions)"
    return [
        name,
        _decimals(each.accuracy),
        _decimals(each.top3),
        _time(each.p50_us),
        _time(each.p99_us),
        f"{each.ferry_times:.3g}",
        "–" if each.train_seconds is None else f"{each.train_seconds:.1f} s",
        f"{each.memory_mb:.1f} MB",
        f"{each.model_mb:.1f} MB",
        _decimals(each.auroc),
        _decimals(each.precision_at_65),
        _decimals(each.oos_at_65),
    ]


def for_terminal(result: Result) -> str:
    """Return the same table in columns of even width."""
    rows = [list(COLUMNS), *(cells(each, result.questions) for each in result.rivals)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    facts = section(result).split("\n\n")[0]
    return "\n".join([title_of(result), facts, "", *lines, *result.absent])


def _row(found: Sequence[str]) -> str:
    return f"| {' | '.join(found)} |"


def _decimals(share: float | None) -> str:
    return "–" if share is None else f"{share:.3f}"


def _time(microseconds: float) -> str:
    if microseconds < 1000:
        return f"{microseconds:.0f} µs"
    return f"{microseconds / 1000:.3g} ms"
