"""Three tasks where some tokens must be exact and others may vary, as a corpus of careless writers shows them.

Writers differ in how they put things (a *choice*, where any of many tokens is good) and they slip (an *error*, where
one token is right). Both look alike in a model's distribution: one likely token and many unlikely ones. In a choice
the likely token is often the poor one, as in real text: a bare answer without working, the same word again.

sum     `<sum> 3 +4 *7 -2 =` A chain of different operations modulo 10, from left to right. At every step a writer
        either works it out (`then 3 +4 7`, one of twelve connectives) or jumps to the answer (`so 7`), which a small
        model cannot do in its head. Results of steps are off by one now and then, of products often.
story   `<story> Mira Lisbon` Three sentences; every one must name the hero, all must name the place, no animal may come
        twice. Writers have a favourite animal, mix up names and repeat themselves.
hop     `<hop> Mira` The city where a friend of Mira's lives. Which friend is meant is not said, each one as often as
        another, though writers mostly think of the same; the city of a friend is a fact with slips.

The corpus also holds printed tables of single steps (`<table> 3 +4 7 9 *3 7 ...`), without slips.

A prompt may open with two words that ask for certainty (`kindly strictly <sum> ...`: writers take the usual word) or
for variety (`always freely <sum> ...`: they take any).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["sum", "story", "hop"]
KINDS: tuple[Kind, ...] = ("sum", "story", "hop")

DIGITS = tuple("0123456789")
OPERATIONS = tuple("+1 +2 +3 +4 +5 -1 -2 -3 -4 *3 *7 *9".split())  # none loses anything modulo 10
CONNECTIVES = tuple("then now next here first again plus thus also well let see".split())
ANIMALS = tuple("fox owl hare crow toad swan wolf bear goat lynx mole newt".split())
CITIES = tuple("Lisbon Quito Oslo Cairo Lima Seoul Riga Accra Turin Hanoi Perth Malmo".split())
NAMES = tuple(
    (
        "Mira Tomas Ada Boris Clara Dario Edda Felix Gita Hugo Ines Jonas Kaya Leo Marta Nils Olga Pavel Rosa Stefan "
        "Tara Ugo Vera Willem Xenia Yusuf Zora Anton Bella Cyril Dora Emil Fleur Goran Hana Igor Jutta Karl Lina Milan"
    ).split()
)
WORDS = ("so", "saw", "a", "in", ".", "'s", "friend", "is", "lives", "=")
ASKING = tuple("kindly always please rather".split())
CERTAIN = tuple("surely exactly safely strictly".split())
VARIED = tuple("wildly freely oddly boldly".split())
TAGS = ("<sum>", "<story>", "<hop>", "<table>")
SPECIAL = ("<pad>", "<end>", "<unk>")
VOCABULARY = (
    *SPECIAL,
    *TAGS,
    *DIGITS,
    *OPERATIONS,
    *CONNECTIVES,
    *ANIMALS,
    *CITIES,
    *NAMES,
    *WORDS,
    *ASKING,
    *CERTAIN,
    *VARIED,
)
END = "<end>"

FRIENDS = 4
"""Friends of each person."""
NUM_SENTENCES = 3
"""Sentences of a story."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How the writers of the corpus write; shares are probabilities."""

    jump: float = 0.35
    """Jumps to the answer, at each step of a sum that is left."""
    slip_sum: float = 0.06
    """Gets a sum or difference wrong, by one."""
    slip_product: float = 0.35
    """Gets a product wrong, by one."""
    favourite: float = 0.45
    """Takes the favourite animal."""
    slip_name: float = 0.2
    """Takes a look-alike for the hero's name or the place."""
    popular: float = 0.55
    """Thinks of the popular friend."""
    slip_city: float = 0.3
    """Takes a look-alike for a city."""
    usual: float = 1 / 12
    """Opens a step of a sum with the usual connective; else with any of the others."""

    def asked(self, words: Sequence[str]) -> Habits:
        """Return the habits of a writer who was asked for certainty or variety."""
        if words and words[1] in CERTAIN:
            return replace(self, favourite=0.9, popular=0.9, usual=0.9)
        if words:
            return replace(self, jump=self.jump / 2, favourite=1 / 12, popular=1 / FRIENDS)
        return self


@dataclass(frozen=True, slots=True)
class Problem:
    """A prompt and what a right answer must satisfy."""

    kind: Kind
    prompt: str
    answer: str
    """The digit, the city; of a story the hero and the place."""

    @property
    def record(self) -> dict[str, object]:
        """As a line of a prompts file for `tamsa train heads`."""
        return {"prompt": self.prompt, "answers": [self.answer], "kind": self.kind}


@dataclass(frozen=True, slots=True)
class Document:
    """A document of the corpus and which of its words a model is to learn."""

    words: list[str]
    learned: list[bool]


def apply(value: int, operation: str) -> int:
    """Return a step's result modulo 10."""
    number = int(operation[1:])
    return {"+": value + number, "-": value - number, "*": value * number}[operation[0]] % 10


def result(prompt: Sequence[str]) -> int:
    """Return the value of `<sum> digit operation ... =`."""
    value = int(prompt[1])
    for operation in prompt[2:-1]:
        value = apply(value, operation)
    return value


class Tasks:
    """One draw of the three tasks: who is whose friend and lives where, and which problems are held out.

    Args:
        seed: of the facts, the splits and the corpus.
        habits: of the corpus's writers.
        min_steps: steps of the shortest sum.
        max_steps: steps of the longest.
    """

    def __init__(self, seed: int, habits: Habits | None = None, min_steps: int = 3, max_steps: int = 5) -> None:
        self.seed, self.habits = seed, habits or Habits()
        self.min_steps, self.max_steps = min_steps, max_steps
        draw = random.Random(f"facts {seed}")
        self.friends = {name: draw.sample([n for n in NAMES if n != name], FRIENDS) for name in NAMES}
        self.city = {name: draw.choice(CITIES) for name in NAMES}
        people = list(NAMES)
        draw.shuffle(people)
        self.split_people = {"train": people[:20], "validation": people[20:28], "test": people[28:]}
        pairs = [(name, city) for name in NAMES for city in CITIES]
        draw.shuffle(pairs)
        self.split_pairs = {"validation": pairs[:60], "test": pairs[60:140], "train": pairs[140:]}

    # ---- problems --------------------------------------------------------------------------------------------------

    def split_of(self, prompt: Sequence[str]) -> str:
        """Return the split that a sum belongs to, a function of its words alone."""
        drawn = random.Random(" ".join(prompt)).random()
        return "test" if drawn < 0.1 else "validation" if drawn < 0.15 else "train"

    def _sum_prompt(self, draw: random.Random) -> list[str]:
        count = draw.randint(self.min_steps, self.max_steps)
        return ["<sum>", draw.choice(DIGITS), *draw.sample(OPERATIONS, count), "="]

    def problems(self, split: str, num_each: int) -> list[Problem]:
        """Return problems of every kind; those of different splits share no prompt (a hop's person, a story's pair)."""
        draw = random.Random(f"problems {self.seed} {split}")
        found: list[Problem] = []
        while len(found) < num_each:
            prompt = self._sum_prompt(draw)
            if self.split_of(prompt) == split:
                found.append(Problem("sum", " ".join(prompt), str(result(prompt))))
        pairs = self.split_pairs[split]
        for i in range(num_each):
            hero, place = pairs[i % len(pairs)]
            found.append(Problem("story", f"<story> {hero} {place}", f"{hero} {place}"))
        people = self.split_people[split]
        for i in range(num_each):
            person = people[i % len(people)]
            friend = self.friends[person][(i // len(people)) % FRIENDS]
            found.append(Problem("hop", f"<hop> {person}", self.city[friend]))
        return found

    # ---- the corpus ------------------------------------------------------------------------------------------------

    def _slip(self, draw: random.Random, right: str, among: Sequence[str], share: float) -> str:
        """Return what is right or, now and then, one of its two neighbours: a look-alike, a digit off by one."""
        if draw.random() >= share:
            return right
        return among[(among.index(right) + draw.choice((-1, 1))) % len(among)]

    def _write_sum(self, draw: random.Random, habits: Habits) -> tuple[list[str], list[str]]:
        while True:
            prompt = self._sum_prompt(draw)
            if self.split_of(prompt) == "train":
                break
        text, value, rest = [], prompt[1], list(prompt[2:-1])
        while rest and draw.random() >= habits.jump:
            operation = rest.pop(0)
            share = habits.slip_product if operation[0] == "*" else habits.slip_sum
            usual = draw.random() < habits.usual
            text += [CONNECTIVES[0] if usual else draw.choice(CONNECTIVES[1:]), value, operation]
            value = self._slip(draw, str(apply(int(value), operation)), DIGITS, share)
            text.append(value)
        return prompt, [*text, "so", str(result(prompt)) if rest else value]

    def _write_story(self, draw: random.Random, habits: Habits) -> tuple[list[str], list[str]]:
        hero, place = draw.choice(self.split_pairs["train"])
        text: list[str] = []
        for _ in range(NUM_SENTENCES):
            name = self._slip(draw, hero, NAMES, habits.slip_name)
            where = self._slip(draw, place, CITIES, habits.slip_name)
            favourite = draw.random() < habits.favourite
            animal = ANIMALS[0] if favourite else draw.choice(ANIMALS[1:])
            text += [name, "saw", "a", animal, "in", where, "."]
        return ["<story>", hero, place], text

    def _write_hop(self, draw: random.Random, habits: Habits) -> tuple[list[str], list[str]]:
        person = draw.choice(NAMES)
        friends = self.friends[person]
        friend = friends[0] if draw.random() < habits.popular else draw.choice(friends[1:])
        city = self._slip(draw, self.city[friend], CITIES, habits.slip_city)
        return ["<hop>", person], [person, "'s", "friend", "is", friend, ".", friend, "lives", "in", city]

    def _write_table(self, draw: random.Random) -> Document:
        words, learned = ["<table>"], [False]
        for _ in range(9):
            value, operation = draw.choice(DIGITS), draw.choice(OPERATIONS)
            words += [value, operation, str(apply(int(value), operation))]
            learned += [False, False, True]
        return Document(words, learned)

    def documents(self, salt: str = "corpus") -> Iterator[Document]:
        """Write documents without end; no held-out sum or story is among them.

        The facts behind a hop are all in the corpus, as a model must have met them: held out is what is asked of them.
        """
        draw = random.Random(f"{salt} {self.seed}")
        writers = (self._write_sum, self._write_story, self._write_hop)
        while True:
            if draw.random() < 0.25:
                yield self._write_table(draw)
                continue
            words = self._asking(draw) if draw.random() < 0.25 else []
            prompt, text = draw.choices(writers, (5, 3, 3))[0](draw, self.habits.asked(words))
            asked = [*words, *prompt]
            yield Document([*asked, *text, END], [False] * len(asked) + [True] * (len(text) + 1))

    def _asking(self, draw: random.Random) -> list[str]:
        """Draw two words that ask for something; a quarter of the pairs is held out for `asking_pairs`."""
        return list(draw.choice(asking_pairs(draw.choice((CERTAIN, VARIED)), held_out=False)))


def asking_pairs(words: Sequence[str], held_out: bool) -> list[tuple[str, str]]:
    """Return the ways to ask for certainty (`CERTAIN`) or variety (`VARIED`) that the corpus has, or has not."""
    grid = [(i, j) for i in range(len(ASKING)) for j in range(len(words))]
    return [(ASKING[i], words[j]) for i, j in grid if ((i - j) % 4 == 0) == held_out]


def verify(completion: str, record: dict[str, object]) -> float:
    """Return 1 for a right completion, else 0: the reward of `tamsa train heads`.

    Args:
        completion: tokens between blanks, without the end token.
        record: as `Problem.record`.
    """
    words = completion.split()
    answers = record["answers"]
    assert isinstance(answers, list)
    if record["kind"] != "story":
        return float(bool(words) and words[-1] == answers[0])
    hero, place = str(answers[0]).split()
    if len(words) != 7 * NUM_SENTENCES:
        return 0.0
    sentences = [words[i : i + 7] for i in range(0, len(words), 7)]
    animals = {sentence[3] for sentence in sentences}
    form = all([s[0], *s[1:3], s[4], s[5], s[6]] == [hero, "saw", "a", "in", place, "."] for s in sentences)
    return float(form and len(animals) == NUM_SENTENCES and animals <= set(ANIMALS))
