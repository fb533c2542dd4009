"""Builds a world folder: pages, questions, facts and manifest, streamed, all or nothing.

Files are written under temporary names, fsynced and renamed; `world.json` comes last, so a folder with a manifest
is whole. A build that was killed is swept away and made again, with the same result.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from tamsa.errors import ConfigError, CorruptError, InputError, StorageError
from tamsa.store import make_folder, read_json, write_json
from tamsa.types import SCHEMA_VERSION
from tamsa.world.graph import Entity, Fact
from tamsa.world.names import Names
from tamsa.world.questions import QuestionMaker
from tamsa.world.realm import Realm
from tamsa.world.schema import MIN_PAGES, realm_sizes

GENERATOR = "tamsa.world/1"
"""Version of the generator; another version may make another world from the same seed."""
FILES = ("pages.jsonl", "questions.jsonl", "facts.jsonl")
_MAX_FOREIGN = 60


@dataclass(frozen=True, slots=True)
class WorldSummary:
    """What was built: the manifest's main figures."""

    path: Path
    num_pages: int
    seed: int
    num_facts: int
    num_questions: int
    num_realms: int
    kinds: Mapping[str, int]
    """Pages by kind."""
    question_kinds: Mapping[str, int]
    """Questions by kind."""
    built: bool
    """False if the folder already held exactly this world."""

    @property
    def pages_path(self) -> Path:
        """The corpus."""
        return self.path / "pages.jsonl"

    @property
    def questions_path(self) -> Path:
        """The gold questions."""
        return self.path / "questions.jsonl"


class _Lines:
    """A JSONL file in the making: counts, hashes, fsyncs, and appears under its name only when whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.part = path.with_name(path.name + ".part")
        self.count = 0
        self.size = 0
        self.digest = sha256()
        self.file = open(self.part, "wb")  # noqa: SIM115

    def write(self, record: Mapping[str, Any]) -> None:
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        self.file.write(line)
        self.digest.update(line)
        self.count += 1
        self.size += len(line)

    def finish(self) -> dict[str, Any]:
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        self.part.replace(self.path)
        return {"records": self.count, "bytes": self.size, "sha256": self.digest.hexdigest()}


def build_world(
    out: Path,
    *,
    num_pages: int,
    seed: int,
    num_questions: int = 500,
    on_progress: Callable[[int, int], None] | None = None,
) -> WorldSummary:
    """Build a simulated encyclopedia with gold questions in a folder.

    The same `num_pages`, `seed` and `num_questions` give the same bytes, on every machine and in every process.

    Args:
        out: folder to write; new, empty, or holding this world or an unfinished build.
        num_pages: pages of the world, at least `MIN_PAGES`.
        seed: any integer >= 0.
        num_questions: gold questions, of all kinds in equal parts; a small world may yield fewer.
        on_progress: called with (pages written, pages in all) now and then, and at the end.

    Raises:
        ConfigError: `num_pages`, `seed` or `num_questions` is out of range.
        InputError: `out` holds another world or foreign files, or another process is building there.
        StorageError: the disk is full or the folder not writable.
    """
    out = Path(out)
    if num_pages < MIN_PAGES:
        raise ConfigError(f"pages = {num_pages}: a world needs at least {MIN_PAGES} pages")
    if seed < 0:
        raise ConfigError(f"seed = {seed}: give an integer of 0 or more")
    if num_questions < 0:
        raise ConfigError(f"questions = {num_questions}: give 0 or more")
    order = {"num_pages": num_pages, "seed": seed, "num_questions": num_questions}
    make_folder(out)
    with _lock(out):
        existing = _existing(out, order)
        if existing is not None:
            if on_progress:
                on_progress(num_pages, num_pages)
            return _summary(out, existing, built=False)
        try:
            manifest = _build(out, order, on_progress)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StorageError(
                    f"{out}: the disk is full; free some space and run the same command again"
                ) from error
            raise StorageError(
                f"{out}: cannot write ({error.strerror}); choose another --out or mend its permissions"
            ) from error
    return _summary(out, manifest, built=True)


@contextlib.contextmanager
def _lock(out: Path) -> Iterator[None]:
    """Hold the folder against a second build; the lock dies with the process."""
    try:
        import fcntl
    except ImportError:  # no such locks on this system
        yield
        return
    try:
        handle = os.open(out, os.O_RDONLY)
    except OSError as error:
        raise StorageError(f"{out}: cannot open ({error.strerror}); choose another --out") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InputError(
                f"{out}: another process is building a world here; wait for it or choose another --out"
            ) from error
        yield
    finally:
        os.close(handle)


def _existing(out: Path, order: Mapping[str, int]) -> dict[str, Any] | None:
    """Return the manifest if this very world is here; sweep an unfinished build; refuse anything else."""
    ours = {"world.json", *FILES, *(name + ".part" for name in FILES)}
    present = {path.name for path in out.iterdir()}
    foreign = sorted(name for name in present if name not in ours and not name.startswith(".world.json."))
    if foreign:
        raise InputError(f"{out}: holds other files ({', '.join(foreign[:3])}); choose an empty folder for --out")
    if "world.json" in present:
        manifest = read_json(out / "world.json")
        if not isinstance(manifest, dict) or any(key not in manifest for key in (*order, "generator", "files")):
            raise CorruptError(f"{out / 'world.json'}: not a world's manifest; delete the folder and build anew")
        if manifest["generator"] != GENERATOR or any(manifest[key] != value for key, value in order.items()):
            have = ", ".join(f"{key} {manifest[key]}" for key in order)
            raise InputError(
                f"{out}: holds another world ({have}, {manifest['generator']}); choose another --out or delete it"
            )
        for name in FILES:
            path = out / name
            if not path.is_file() or path.stat().st_size != manifest["files"][name]["bytes"]:
                raise CorruptError(f"{path}: missing or damaged; delete {out} and build the world anew")
        return manifest
    for name in present:
        (out / name).unlink()
    return None


def _build(out: Path, order: Mapping[str, int], on_progress: Callable[[int, int], None] | None) -> dict[str, Any]:
    num_pages, seed, num_questions = order["num_pages"], order["seed"], order["num_questions"]
    names = Names()
    foreign: list[Entity] = []
    sizes = realm_sizes(num_pages)
    maker = QuestionMaker(seed, num_questions)
    kinds: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    relations: set[str] = set()
    disputes = namesakes = links = 0
    pages, questions, facts = (_Lines(out / name) for name in FILES)
    try:
        for number, size in enumerate(sizes):
            realm = Realm(seed, number, size, names, foreign)
            for page, date in realm.pages():
                record = page.record(date)
                pages.write(record)
                kinds[page.entity.kind] += 1
                links += len(record["links"])
                if on_progress and pages.count % 200 == 0:
                    on_progress(pages.count, num_pages)
            for line in fact_records(realm):
                facts.write(line)
                statuses[line["status"]] += 1
                relations.add(line["relation"])
                namesakes += line["relation"] == "namesake_of"
            disputes += len(realm.disputes)
            for question in maker.questions(
                realm, last=number == len(sizes) - 1, share=sum(sizes[: number + 1]) / num_pages
            ):
                questions.write(question)
            foreign = (foreign + realm.exports())[-_MAX_FOREIGN:]
        files = {name: lines.finish() for name, lines in zip(FILES, (pages, questions, facts), strict=True)}
    except BaseException:
        for lines in (pages, questions, facts):
            with contextlib.suppress(OSError):
                lines.file.close()  # flushes: a full disk fails here once more
            with contextlib.suppress(OSError):
                lines.part.unlink()
        raise
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "id": f"world-{num_pages}-{seed}-{num_questions}",
        "parent": None,
        "generator": GENERATOR,
        **order,
        "num_realms": len(sizes),
        "num_facts": files["facts.jsonl"]["records"],
        "num_links": links,
        "num_disputes": disputes,
        "num_namesakes": namesakes,
        "num_relations": len(relations),
        "kinds": dict(sorted(kinds.items())),
        "fact_statuses": dict(sorted(statuses.items())),
        "question_kinds": dict(sorted(maker.made.items())),
        "questions_written": files["questions.jsonl"]["records"],
        "files": files,
    }
    write_json(out / "world.json", manifest)
    if on_progress:
        on_progress(num_pages, num_pages)
    return manifest


def fact_records(realm: Realm) -> Iterator[dict[str, Any]]:
    """Yield the gold graph of a realm as JSON records: kinds, facts, refuted claims, namesakes."""
    number = 0

    def record(subject: Entity, relation: str, **more: Any) -> dict[str, Any]:
        nonlocal number
        number += 1
        head = {
            "id": f"r{realm.number}f{number}",
            "subject": subject.title,
            "subject_id": subject.id,
            "relation": relation,
        }
        return {**head, **more}

    for entity in realm.graph:
        more: dict[str, Any] = {"sub": entity.sub} if entity.sub and entity.kind != "list" else {}
        if entity.country is not None and entity.kind != "country":
            more["country"] = entity.country.title
        if entity.kind == "person":
            more["gender"] = entity.gender
        yield record(entity, "instance_of", object=entity.kind, object_id=None, status="asserted", pages=[], **more)
        for other in entity.namesakes:
            yield record(entity, "namesake_of", object=other.title, object_id=other.id, status="asserted", pages=[])
    for fact in realm.graph.facts:
        yield record(fact.subject, fact.relation.name, **_fact_body(fact))
    for dispute in realm.disputes:
        for claim in dispute.claims:
            if not claim.wins and claim.place is not None:
                body = _fact_body(Fact(claim.fact.subject, claim.fact.relation, claim.value, status="refuted"))
                place = {"title": claim.place.page, "start": claim.place.start, "end": claim.place.end}
                yield record(
                    claim.fact.subject, claim.fact.relation.name, **{**body, "pages": [place]}, reason=dispute.reason
                )


def _fact_body(fact: Fact) -> dict[str, Any]:
    target = fact.object
    body: dict[str, Any] = {
        "object": target.title if isinstance(target, Entity) else fact.text,
        "object_id": target.id if isinstance(target, Entity) else None,
        "value": None
        if isinstance(target, Entity)
        else f"{target[0]:04d}-{target[1]:02d}-{target[2]:02d}"
        if isinstance(target, tuple)
        else target,
        "status": fact.status,
        "pages": [{"title": place.page, "start": place.start, "end": place.end} for place in fact.stated],
    }
    if fact.year is not None:
        body["year"] = fact.year
    if fact.until is not None:
        body["until"] = fact.until
    return body


def _summary(out: Path, manifest: Mapping[str, Any], *, built: bool) -> WorldSummary:
    return WorldSummary(
        path=out,
        num_pages=manifest["num_pages"],
        seed=manifest["seed"],
        num_facts=manifest["num_facts"],
        num_questions=manifest["questions_written"],
        num_realms=manifest["num_realms"],
        kinds=manifest["kinds"],
        question_kinds=manifest["question_kinds"],
        built=built,
    )


__all__ = ["FILES", "GENERATOR", "WorldSummary", "build_world", "fact_records"]
