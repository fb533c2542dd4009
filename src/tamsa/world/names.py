"""Coined names that look natural within their culture and never collide by accident."""

from __future__ import annotations

import unicodedata
from hashlib import blake2b
from random import Random

from tamsa.world.blocked import BLOCKED, BLOCKED_PARTS
from tamsa.world.cultures import CULTURES, Culture

_FOLDED: dict[int, str] = {}
for _code in range(0xC0, 0x180):
    _base = unicodedata.normalize("NFKD", chr(_code))[0]
    _FOLDED[_code] = {"ø": "o", "Ø": "o", "ł": "l", "đ": "d"}.get(chr(_code), _base).lower()
_VOWELS = frozenset("aeiouyøåöüäéèáíóú")


def fold(name: str) -> str:
    """Fold case, accents and spacing, so that names that a reader could confuse compare equal."""
    return " ".join(name.lower().translate(_FOLDED).split())


class Names:
    """Hands out names of one world, each once.

    It keeps 8 bytes of hash per name (not the name), so that a million names cost tens of megabytes. A clash of
    hashes only makes a fresh name look taken; a name is never given twice.
    """

    def __init__(self) -> None:
        self._taken: set[int] = set()

    def __len__(self) -> int:
        return len(self._taken)

    @staticmethod
    def _key(name: str) -> int:
        return int.from_bytes(blake2b(fold(name).encode(), digest_size=7).digest(), "big")

    def claim(self, name: str) -> bool:
        """Take a name; False if it is taken already."""
        key = self._key(name)
        if key in self._taken:
            return False
        self._taken.add(key)
        return True

    def word(self, random: Random, culture: Culture, endings: tuple[str, ...], *, shortest: int = 5) -> str:
        """Coin a fresh single word of a culture, capitalised."""
        for attempt in range(1000):
            text = _compose(random, culture, endings, 1 + (random.random() < 0.12 + attempt / 40))
            if shortest <= len(text) <= 13 + attempt // 50 and acceptable(text) and self.claim(text):
                return text[0].upper() + text[1:]
        raise AssertionError(f"no fresh name left in culture {culture.name}")

    def near(self, random: Random, word: str) -> str | None:
        """Coin a fresh word one letter away from another: a deliberate near-namesake."""
        for _ in range(30):
            place = random.randrange(1, len(word))
            letter = word[place]
            around = word[place - 1 : place] + word[place + 1 : place + 2]
            if letter not in _VOWELS and not set(around.lower()) <= _VOWELS:
                continue  # another consonant in a cluster could not be spoken
            pool = "aeiou" if letter in _VOWELS else "bdgklmnrstv"
            other = random.choice(pool)
            changed = word[:place] + other + word[place + 1 :]
            if other != fold(letter) and acceptable(changed.lower()) and self.claim(changed):
                return changed
        return None


def _compose(random: Random, culture: Culture, endings: tuple[str, ...], middles: int) -> str:
    choice = random.choice
    parts = [choice(culture.onsets) if random.random() < 0.9 else "", choice(culture.vowels)]
    for index in range(middles):
        parts.append(choice(culture.medials))
        if index + 1 < middles:
            parts.append(choice(culture.vowels))
    if not endings:
        return "".join(parts) + choice(culture.vowels) + (choice(culture.codas) if culture.codas else "")
    ending = choice(endings)
    stem = "".join(parts)
    if ending[0] not in _VOWELS and (len(stem) > 1 and stem[-2] not in _VOWELS and stem[-1] not in _VOWELS):
        stem += choice(culture.vowels)  # no pile of consonants between stem and ending
    return stem + ending


def acceptable(text: str) -> bool:
    """True unless a coined word is an ordinary or unwelcome one, or unpronounceable."""
    plain = fold(text)
    if plain in BLOCKED or any(part in plain for part in BLOCKED_PARTS):
        return False
    run = 0
    last = ""
    for letter in plain:
        run = 0 if letter in _VOWELS else run + 1
        if run > 4:
            return False
        if letter == last and plain.count(letter * 3):
            return False
        last = letter
    return True


class RealmNames:
    """Names of one realm: cultures of its countries and pools of given names."""

    def __init__(self, names: Names, random: Random, cultures: list[int]) -> None:
        self.names = names
        self.random = random
        self.cultures = cultures
        self._given: dict[tuple[int, str], list[str]] = {}
        self._spare: dict[int, list[str]] = {}
        for number in cultures:
            culture = CULTURES[number]
            for gender, endings in (("male", culture.male), ("female", culture.female)):
                pool: list[str] = []
                seen: set[str] = set()
                while len(pool) < 48:
                    text = _compose(random, culture, endings, 1)
                    if 4 <= len(text) <= 8 and acceptable(text) and fold(text) not in seen:
                        seen.add(fold(text))
                        pool.append(text[0].upper() + text[1:])
                self._given[number, gender] = pool

    def given(self, culture: int, gender: str) -> str:
        """Draw a given name; these repeat, as they do in life."""
        return self.random.choice(self._given[culture, gender])

    def surname(self, culture: int) -> str:
        """Draw a surname: usually a fresh one, now and then one that another family bears too."""
        used = self._spare.setdefault(culture, [])
        if used and self.random.random() < 0.12:
            return self.random.choice(used)
        name = self.names.word(self.random, CULTURES[culture], CULTURES[culture].surnames)
        used.append(name)
        return name

    def near_surname(self, culture: int, surname: str) -> str:
        """Coin a surname one letter away from another."""
        near = self.names.near(self.random, surname)
        if near is None:
            return self.surname(culture)
        self._spare.setdefault(culture, []).append(near)
        return near

    def town(self, culture: int) -> str:
        """Coin a town's name."""
        endings = CULTURES[culture].towns if self.random.random() < 0.75 else ()
        return self.names.word(self.random, CULTURES[culture], endings)

    def land(self, culture: int) -> str:
        """Coin the name of a country or region."""
        return self.names.word(self.random, CULTURES[culture], CULTURES[culture].countries)

    def stem(self, culture: int) -> str:
        """Coin a name for anything else: rivers, mountains, ships, genera."""
        return self.names.word(self.random, CULTURES[culture], ())


def adjective(land: str) -> str:
    """Form the adjective of a country: Velmark -> Velmarkian, Taria -> Tarian."""
    if land.endswith(("ia", "ea", "ya", "ua")):
        return land + "n"
    if land.endswith(("ie", "ii")):
        return land[:-2] + "ian"
    if land.endswith(("a", "e", "o", "i", "u", "y")):
        return land[:-1] + "ian"
    if land.endswith("land"):
        return land + "ic"
    if land.endswith("istan"):
        return land[:-5] + "i"
    return land + ("ish" if land.endswith(("mor", "ais")) else "ian")
