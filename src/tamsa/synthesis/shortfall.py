"""What the documents did not give, and why: for the card."""

from __future__ import annotations

from tamsa.synthesis.domain import Domain
from tamsa.synthesis.graph import Graph
from tamsa.synthesis.questions.conflicts import disputes, settle

UNDECIDED = "fact: documents disagree and none has more authority by its own account"
REPEATED = "document: the same text as another"


def left_out_of(domain: Domain) -> dict[str, int]:
    """Count what a graph has left out of its documents, by reason: documents, copies, facts in dispute."""
    manifest = domain.graph.manifest
    counts = {f"document: {reason}": int(entry["documents"]) for reason, entry in manifest["left_out"].items()}
    if manifest["num_duplicates"]:
        counts[REPEATED] = int(manifest["num_duplicates"])
    undecided = sum(settle(domain, *dispute) is None for dispute in disputes(domain))
    if undecided:
        counts[UNDECIDED] = undecided
    return counts


def why_fewer(graph: Graph, made: int, wanted: int, drawn: int, known: int | None = None) -> str:
    """Say why fewer questions than wanted were made.

    Args:
        graph: the graph of the documents.
        made: questions made.
        wanted: questions asked for.
        drawn: questions drawn before the checks.
        known: most questions tried for each one, where a model knew too many of them by heart; None where it did not.
    """
    opening = f"The documents gave {made:,} of the {wanted:,} questions asked for: "
    if known is not None:
        return f"{opening}the model knew the others by heart, and no more than {known} are tried for each one."
    sources = graph.manifest["edges_by_source"]
    stated = sum(sources[name] for name in ("lead", "sentence", "table", "llm"))
    if not graph.num_edges:
        return (
            f"{opening}no statement in a form that is read, no table, no link and no title of another document is in "
            "them. They can serve as documents of mid-training; with --generator llm a model reads their statements."
        )
    if not stated:
        return (
            f"{opening}they only mention each other ({graph.num_edges:,} times), and state no fact in a form that is "
            "read. With --generator llm a model reads their statements."
        )
    if not drawn:
        return f"{opening}none of their {stated:,} facts can be put into a question that has one answer."
    return f"{opening}further ones repeat these, or are refused by a check."
