"""What a document is about: its kind, its definition, its other names, read from its title and first sentence."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from tamsa.corpus.names import TOKEN, fold
from tamsa.synthesis.graph.kinds import kind_of_phrase, kind_of_title, phrase_end
from tamsa.synthesis.graph.sentences import Sentence, split_sentences
from tamsa.types import Document

_COPULA = re.compile(
    r"\b(?:is|was|are|were|refers to|became|remains)\s+(?:(?:also|now|still|currently|formerly|once|originally|perhaps|"
    r"generally|arguably|considered)\s+)*(?P<article>(?:an?|the|one of (?:the|several|many|two|three)|any of|"
    r"two|both)\s+)?"
)
_OF_KIND = re.compile(
    r"(?:name|type|kind|form|series|group|set|number|list|part|class|species|genus|style|piece) of (?:an? |the )?"
)
_SPECIES = re.compile(r"(?:[a-z-]+ ){0,3}(?:species|genus|breed|subspecies|family) of ")
_QUALIFIER = re.compile(r"\s*\(([^()]*)\)\s*$")
_ALSO = re.compile(
    r"\b(?:also known as|better known as|commonly known as|known as|also called|commonly called|nicknamed|formerly"
    r"|abbreviated(?: as| to)?|also spelled|also|or|professionally known as|known professionally as|officially"
    r"|known by h(?:is|er) stage name|stylized as|stylised as)\s+"
    r"[\"“]?(?P<name>(?:the )?[A-Z0-9][\w.&'’-]*(?: (?:of|the|and|de|da|van|von|[A-Z0-9][\w.&'’-]*))*)"
    r"[\"”]?(?=[,;)(.]| is | was |$)"
)
_ABBREVIATION = re.compile(r"\(([A-Z][A-Z&.]{1,7}s?)\)")
_OPENING = re.compile(r"^[\"“'‘(\[]*(?:The|A|An|the|a|an)?\s*")
_BORN = re.compile(
    r"\((?:[^()]*[;,]\s*)?(?:née [^;,()]*[;,]\s*)?born\b"
    r"|\((?:[^()]{0,80}\W)?\d{3,4}\s?[-–—]\s?(?:[\w.]+,? ){0,3}\d{3,4}\)"
)

CONTEXT_CHARS = 240
MIN_TWIN_CHARS = 40
"""Shorter texts that are equal say nothing about being the same thing."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What pass one keeps of a document."""

    id: str
    title: str
    kind: str
    description: str
    aliases: tuple[str, ...]
    context: str
    """How the first sentence goes on after the name."""
    about: int
    """How well the title names what the text is about: 2 literally, 1 by its words, 0 not at all."""
    hash: int
    """63 bits of the text without its white space; 0 for a text too short to be compared."""


@dataclass(frozen=True, slots=True)
class Definition:
    """The first sentence of a document that defines its subject: `NAME (…) is a PHRASE …`.

    Offsets are into the text of the document.
    """

    sentence: Sentence
    name_end: int
    """Where the part before the verb ends."""
    phrase_start: int
    phrase_end: int
    phrase: str
    """Noun phrase without its article."""
    definite: bool
    """True: defined with "the", as a role or a single thing, or by a bare name."""


def bare_title(title: str) -> str:
    """Return a title without its qualifier in brackets."""
    return _QUALIFIER.sub("", title) or title


def words_of(text: str) -> list[str]:
    """Return the folded words of a text."""
    return [fold(token) for token in TOKEN.findall(text)]


def first_sentence(document: Document) -> Sentence | None:
    """Return the first sentence of a document that is not its title alone."""
    for sentence in split_sentences(document.text[:6000], limit=4):
        if sentence.text.rstrip(".").casefold() != document.title.casefold():
            return sentence
    return None


def definition_of(document: Document, sentence: Sentence | None = None) -> Definition | None:
    """Find the definition of a document's subject, None where the first sentence is about something else."""
    sentence = sentence or first_sentence(document)
    if sentence is None:
        return None
    text = sentence.text
    masked = _without_brackets(text)
    match = _COPULA.search(masked)
    if (
        match is None
        or match.start() > 400
        or not is_about(document.title, masked[: match.start()], text[: match.start()])
    ):
        return None
    start = match.end()
    of_kind = _OF_KIND.match(masked, start)
    if of_kind and not of_kind.group().startswith(("species", "genus", "series", "group", "part")):
        start = of_kind.end()
    end = start + phrase_end(masked[start:])
    species = _SPECIES.match(masked, start)
    if species:
        end = species.end() + phrase_end(masked[species.end() :])
    article = match["article"] or ""
    return Definition(
        sentence,
        sentence.start + match.start(),
        sentence.start + start,
        sentence.start + end,
        text[start:end],
        article.startswith(("the", "both", "two")) or not article,
    )


def is_about(title: str, before: str, raw: str = "") -> bool:
    """Tell whether the words before the verb name the thing of a title.

    All words of the title must stand there, or all words of the name must stand in the title and share its last one.
    """
    wanted = [word for word in words_of(bare_title(title)) if word not in ("the", "a", "an")]
    there = words_of(before) + words_of(raw)
    if not wanted:
        return bool(before.strip())
    if set(wanted) <= set(there):
        return True
    placed = [word for word in words_of(bare_title(title).split(", ")[0]) if word not in ("the", "a", "an")]
    if placed and set(placed) <= set(there):
        return True
    name = [word for word in words_of(before.split(",")[0]) if word not in ("the", "a", "an")]
    if _BORN.search(raw) and len(wanted) > 1 and wanted[-1] in name and name[0][0] == wanted[0][0]:
        return True  # "Russ Courtnall": Russell William Courtnall
    return bool(name) and len(name) <= 8 and wanted[-1] in name and (set(name) <= set(wanted) or wanted[0] in name)


def _without_brackets(text: str) -> str:
    """Blank out what stands in brackets, so that offsets stay."""
    out: list[str] = []
    depth = 0
    for char in text:
        if char in "([":
            depth += 1
        out.append(" " if depth else char)
        if char in ")]" and depth:
            depth -= 1
    return "".join(out) if depth == 0 else text


def profile(document: Document) -> Profile:
    """Read what a document is about."""
    sentence = first_sentence(document)
    found = definition_of(document, sentence)
    description = found.phrase if found and not found.definite and len(found.phrase) <= 120 else ""
    kind = kind_of_phrase(found.phrase) if found else ""
    qualifier = _QUALIFIER.search(document.title)
    if qualifier and not kind:
        kind = kind_of_phrase(re.sub(r"\d+", "", qualifier[1]))
    if not kind or document.title.startswith("List of "):
        kind = kind_of_title(bare_title(document.title)) or kind
    if sentence is not None and found and _BORN.search(sentence.text[:300]) and kind not in ("person", "organization"):
        kind = "person"
    squeezed = "".join(document.text.split())
    digest = 0
    if len(squeezed) >= MIN_TWIN_CHARS:
        digest = int.from_bytes(hashlib.blake2b(squeezed.encode("utf-8", "replace"), digest_size=8).digest()) >> 1
    context = document.text[found.name_end : sentence.end][:CONTEXT_CHARS] if found and sentence else ""
    about = 0 if found is None else 2 if bare_title(document.title) in document.text[: found.name_end] else 1
    aliases = _aliases(document, sentence, found)
    return Profile(document.id, document.title, kind, description, aliases, context, about, digest)


def _aliases(document: Document, sentence: Sentence | None, found: Definition | None) -> tuple[str, ...]:
    names: list[str] = []
    bare = bare_title(document.title)
    if bare != document.title:
        names.append(bare)
    if sentence is not None and found is not None:
        head = sentence.text[: found.name_end - sentence.start]
        lead = _OPENING.sub("", re.split(r"\s*[(,\[]", head)[0]).strip(" \"“”'")
        if 2 < len(lead) <= 80 and lead[0].isupper() and len(lead.split()) <= 8:
            names.append(lead)
        names += [match["name"] for match in _ALSO.finditer(head)]
        names += [match[1] for match in _ABBREVIATION.finditer(head)]
    unique: dict[str, None] = {}
    for name in names:
        if name.casefold() != document.title.casefold() and len(name) > 1:
            unique.setdefault(name)
    return tuple(unique)[:6]
