"""What only the end of a run can tell of it."""

import json
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence

from source_digitalocean_quolum.http.errors import missing_scope
from source_digitalocean_quolum.http.run_context import RunContext

logger = logging.getLogger("airbyte")

# Of a list of names with counts.
_MOST_NAMES = 20


def report_run(
    run: RunContext, selected: Iterable[str], parents: Mapping[str, Sequence[str]], scopes: Mapping[str, str]
) -> None:
    """Log what was refused, what did not fit, what is new, and how many requests each stream took.

    `parents` names the lists that each stream is read through, and `scopes` the scope of each. The requests are JSON
    behind a fixed prefix: hosts read them.
    """
    _report_refused_parents(run, scopes)
    _report_refused_lists(run, selected, parents, scopes)
    for stream, fields in sorted(run.conversion_errors.items()):
        if fields:
            counts = _write_counts(fields.most_common(_MOST_NAMES))
            logger.warning("Stream %s: values that did not fit the schema became null: %s", stream, counts)
    for stream, fields in sorted(run.undeclared_fields.items()):
        if fields:
            names = ", ".join(name for name, _ in fields.most_common(_MOST_NAMES))
            logger.info("Stream %s: DigitalOcean sends fields that this version does not declare: %s", stream, names)
    if run.unknown_cost:
        counts = _write_counts(run.unknown_cost.most_common(_MOST_NAMES))
        logger.info("Billed lines that no feature is known for became feature other: %s", counts)
    if run.requests_by_stream:
        logger.info("Requests made: %s", json.dumps(run.requests_by_stream))


def _write_counts(counts: Collection[tuple[str, int]]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in counts)


def _report_refused_parents(run: RunContext, scopes: Mapping[str, str]) -> None:
    """Streams of which no parent answered: that is a matter of scope, as far as anyone can tell."""
    for stream, refused in run.access.refused_parents().items():
        words = next(iter(refused.values())).removeprefix("DigitalOcean refuses it")
        run.access.tell_once(stream, missing_scope(stream, scopes.get(stream, ""), words))


def _report_refused_lists(
    run: RunContext, selected: Iterable[str], parents: Mapping[str, Sequence[str]], scopes: Mapping[str, str]
) -> None:
    """Selected streams that stay empty because the token may not read the lists they are read through."""
    for name in sorted(selected):
        refused = _refused_ancestors(run, name, parents)
        if refused and not run.access.is_refused(name):
            logger.warning(
                "Stream %s is skipped: it is read through %s, which the token may not read. Give the token the "
                "scope %s (or read access to everything), or leave the stream out.",
                name,
                " and ".join(refused),
                " and ".join(sorted({scopes[parent] for parent in refused})),
            )


def _refused_ancestors(run: RunContext, name: str, parents: Mapping[str, Sequence[str]]) -> list[str]:
    """The refused streams that all of a stream's records come through; none if there is another way."""
    above = parents.get(name, ())
    refused = [[one] if run.access.is_refused(one) else _refused_ancestors(run, one, parents) for one in above]
    return [one for chain in refused for one in chain] if all(refused) else []
