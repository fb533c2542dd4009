"""Kinship that is two steps in one: a paternal grandmother is the mother of the father."""

from __future__ import annotations

from dataclasses import replace

from tamsa.agent.baseline.lexicon import concept, stem
from tamsa.agent.baseline.steps import Step

_KIN = {
    "grandfather": ("father", "parent"),
    "grandmother": ("mother", "parent"),
    "grandparent": ("parent", "parent"),
    "grandson": ("son", "child"),
    "granddaughter": ("daughter", "child"),
    "grandchild": ("child", "child"),
    "uncle": ("brother", "parent"),
    "aunt": ("sister", "parent"),
    "nephew": ("son", "sibling"),
    "niece": ("daughter", "sibling"),
    "father-in-law": ("father", "spouse"),
    "mother-in-law": ("mother", "spouse"),
    "parent-in-law": ("parent", "spouse"),
    "brother-in-law": ("brother", "spouse"),
    "sister-in-law": ("sister", "spouse"),
    "sibling-in-law": ("sibling", "spouse"),
    "son-in-law": ("husband", "child"),
    "daughter-in-law": ("wife", "child"),
    "child-in-law": ("spouse", "child"),
    "stepmother": ("wife", "father"),
    "stepfather": ("husband", "mother"),
}
"""Kin -> what they are to whom in between, where nothing says whether that is the father or the mother."""
_SIDES = {"paternal": "father", "maternal": "mother"}


def unfold(step: Step) -> Step:
    """Part a step for kin of the second degree into the two that lead there."""
    said = {stem(word) for word in (step.head, *step.cues)}
    word = next((kin for kin in _KIN if stem(kin) in said), "")
    if not word or step.of is None:
        return step
    outer, inner = _KIN[word]
    inner = next((parent for side, parent in _SIDES.items() if side in step.cues), inner)
    between = Step(f"{inner} of {step.of.phrase}", "person", inner, (concept(inner),), of=step.of)
    if step.kind not in ("person", "any"):  # "when was the grandmother of X born" keeps its own question
        return step
    whole = replace(step, kind="person", head=word, cues=(concept(word),))
    return replace(step, kind="person", head=outer, cues=(concept(outer),), of=between, whole=whole)
