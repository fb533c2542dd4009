"""Text analysis of the lexical index: the same for documents and queries.

Words are lower-cased, folded to ASCII, freed of stop words and stemmed (English). Scripts that are
written without spaces (Chinese, Japanese, Korean particles) are indexed as overlapping pairs of
characters, since a whole clause would otherwise be one word.
"""

from __future__ import annotations

import re
import threading
from typing import Any

import tantivy

from tamsa.corpus.documents import clean
from tamsa.corpus.stopwords import STOP_WORDS

TOKENIZER = "tamsa_en_1"
"""Name under which the analyzer is registered on every open; part of the index format."""
MAX_QUERY_CHARS = 20_000
"""Characters of a query that are looked at."""
MAX_TERMS = 64
"""Most distinct terms of one query; of a longer one the rarest are kept."""

_DENSE_SCRIPT = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]+")
_MAX_WORD = 40  # bytes; longer ones are base64 and the like

_local = threading.local()


def make_analyzer() -> Any:
    """Build the tantivy analyzer."""
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(_MAX_WORD))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .filter(tantivy.Filter.custom_stopword(sorted(STOP_WORDS)))
        .filter(tantivy.Filter.stemmer("english"))
        .build()
    )


def spread(text: str) -> str:
    """Write runs of a script without spaces as overlapping character pairs; other text stays as it is."""
    if text.isascii() or not _DENSE_SCRIPT.search(text):
        return text
    return _DENSE_SCRIPT.sub(_pairs, text)


def _pairs(match: re.Match[str]) -> str:
    run = match.group()
    if len(run) == 1:
        return f" {run} "
    return " " + " ".join(run[i : i + 2] for i in range(len(run) - 1)) + " "


def terms(text: str) -> dict[str, int]:
    """Return the index terms of a text with their counts, in order of first appearance."""
    analyzer = getattr(_local, "analyzer", None)
    if analyzer is None:
        analyzer = _local.analyzer = make_analyzer()
    counts: dict[str, int] = {}
    for term in analyzer.analyze(spread(clean(text))):
        counts[term] = counts.get(term, 0) + 1
    return counts
