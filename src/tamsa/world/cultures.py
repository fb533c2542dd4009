"""The sounds of twelve invented cultures, from which every proper name is coined.

Each culture lists onsets, vowels, medial consonants, codas, and endings of places, countries, given names
(male, female) and surnames. A stem is onset + vowel + (medial + vowel)*, so that names of one culture sound alike.
"""

# ruff: noqa: E501  (one phrasing a line)

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Culture:
    """Sound inventory and name endings of one culture; all fields but the name are tuples of letters."""

    name: str
    onsets: tuple[str, ...]
    vowels: tuple[str, ...]
    medials: tuple[str, ...]
    codas: tuple[str, ...]
    towns: tuple[str, ...]
    countries: tuple[str, ...]
    male: tuple[str, ...]
    female: tuple[str, ...]
    surnames: tuple[str, ...]
    river_first: bool
    """True: `River Tarn`; False: `Tarn River`."""


def words(text: str) -> tuple[str, ...]:
    """Split a block of text into its words."""
    return tuple(text.split())


def _culture(
    name: str, onsets: str, vowels: str, medials: str, codas: str, towns: str, countries: str,
    male: str, female: str, surnames: str, river_first: bool,
) -> Culture:  # fmt: skip
    return Culture(
        name, words(onsets), words(vowels), words(medials), words(codas), words(towns), words(countries),
        words(male), words(female), words(surnames), river_first,
    )  # fmt: skip


CULTURES: tuple[Culture, ...] = (
    _culture(
        "Skarn", "b br d dr f fr g gr h hj j k kr kn l m n r sk st sv t tr v", "a e i o u ø", "ld nd rk rv lm gn ng rn lv ft d l r v tt",
        "n r l rk ld m nd", "vik holm sund dal havn ness gard foss", "mark land heim", "ar ulf rik e ald mund", "a ild hild un rid veig",
        "sen rud berg lund gaard dahl strøm", True,
    ),
    _culture(
        "Veshan", "b br d dr g gl k kr l m ml n p pr r s sl sm st t tr v vl z zd", "a e i o u", "l v r n d k z sk zn rn dr vn st b",
        "n k v r l t d", "ovo ice grad nik sko evo itsa in", "ia oviya ava", "ek an mir in oš islav", "a ena ina ka ana islava",
        "ov ić ek sky enko anin ač", False,
    ),
    _culture(
        "Talani", "b c d f g l m n p r s t v z gr tr br fr", "a e i o", "l r n nt rd ll tt ss v nn rt mb lv ld gn st",
        "n r l", "ano ello ezza ona ara aggio iero", "ia ena ania", "o io ino ardo elio", "a ia ella ina etta",
        "i elli oni ardi etti anti occhi", False,
    ),
    _culture(
        "Kheshi", "b d f g h k kh m n q r s sh t y z", "a e i u o", "rd nd l r z sh m kh st b rg hr v",
        "n r k sh m z d", "abad an kand dere shan gah ruz", "istan ar ava", "an ir ush ad od", "a eh iz ara una",
        "zadeh ani oglu far vand iyan", True,
    ),
    _culture(
        "Oruwa", "k s t n h m r y w g", "a i u e o", "k s t n h m r nd nk w g y sh", "",
        "hara moto nui rae saki mura tane", "koro nesia ua", "ro to ji ki shi", "ko mi na ri ye",
        "mori naka kawe tani zumi bara wera", False,
    ),
    _culture(
        "Brennic", "b br c cl d dr g gl gw m n p pr r rh t tr f", "a e i o y u", "dd n ll rn rth th lw nn g rw nd s",
        "n th r s c l", "wen dyn fryn lan ford combe aith", "ria wy mor", "an yn eg or ach", "wen a eth ys ona",
        "dwr llan ough arth wyn ick", True,
    ),
    _culture(
        "Sahali", "b d f h j k m n r s sh t w z", "a i u", "m r l mb nd s h f b nj z", "r l m n d b",
        "iya ara anda uru ani oro", "iya aba uri", "i u im ad ari", "a ia isha ina ma",
        "wani asi amba uma ridi eku", False,
    ),
    _culture(
        "Ashani", "b bh ch d dh g j k m n p r s sh t v", "a i u e", "r l n t nd sh v m ndr ksh rj dh", "n r m t l",
        "pur gara vati nagar kot ghat", "desh vana ata", "esh an it raj endra", "a i ika ati ini",
        "var kar wal ande ekar appa", True,
    ),
    _culture(
        "Löwen", "b br d dr g gr h kl l m n r s st t tr w z pf", "a e i o u ei au", "nd rt ck ll mm rg ls ng nz rb lb tz",
        "n r l t ch rn s", "dorf burg feld hagen brück berg stadt rode", "mark reich auen", "o ert wig mar helm", "e a linde gard traud",
        "mann er hauer stein bach wald meier", False,
    ),
    _culture(
        "Quillac", "ch h k ll m n p q s t w y tl", "a i u o", "p ch m q ll y t n sc hu r l tz", "q l c y n",
        "marca pata tlan cocha bamba calli", "suyu anga uay", "ac o oc tzin ari", "a i xochi ura ama",
        "pac que huan malli tupa ota", True,
    ),
    _culture(
        "Gallan", "b bl br c ch cl d f fl g gr j l m n p r s t v", "a e i o u ou au", "r l n nt rd ll rm v ss rt mb gn",
        "n r l t", "igny ville mont ac court oise euil", "ance onie ais", "e ien ard in aud", "ine ette e elle anne",
        "eau ier ard et oux in ignac", False,
    ),
    _culture(
        "Helladic", "k p t th ph d m n l r s x g", "a e i o y", "nth l r n str k mn d ps ll ph m", "n s r",
        "polis ia os ene aia issa", "ia ene yra", "os es on as ios", "a e ia ope ene",
        "ides akis atos eas oulos iou", True,
    ),
)  # fmt: skip
