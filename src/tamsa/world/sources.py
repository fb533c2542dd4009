"""The wording of source pages: titles, statements of authority, entries, corrections, reasons of settlement.

Roles: A early account, B compendium, C official record, D later handbook, E printed correction of B.
"""

# ruff: noqa: E501  (one phrasing a line)

TITLES: dict[str, dict[str, tuple[str, ...]]] = {
    "land": {
        "A": ("Travels in {c} ({y})", "A Journey through {c} ({y})", "Letters from the Roads of {c} ({y})"),
        "B": ("Gazetteer of {c} ({y})", "Handbook of the Places of {c} ({y})", "{a} Almanac for {y}"),
        "C": ("National Survey of {c} ({y})", "Report of the {a} Survey Office ({y})", "Official Survey of {c} ({y})"),
        "D": ("{c} for Visitors ({y})", "Pocket Guide to {c} ({y})", "Touring {c} ({y})"),
        "E": ("Errata to the {b}", "Corrections to the {b}"),
    },
    "lives": {
        "A": ("Lives of Eminent Persons of {c} ({y})",),
        "B": ("Biographical Almanac of {c} ({y})", "{a} Dictionary of Persons ({y})", "Who Was Who in {c} ({y})"),
        "C": (
            "Registers of Birth of {c} ({y})",
            "Parish Registers of {c}, State Archive Edition ({y})",
            "{a} State Archive: Certified Births ({y})",
        ),
        "D": ("Famous Lives of {c} ({y})", "A Calendar of {a} Anniversaries ({y})", "{a} Portraits ({y})"),
        "E": ("Errata to the {b}", "Corrections to the {b}"),
    },
    "arts": {
        "A": ("Sights of {c} ({y})",),
        "B": (
            "Art and Architecture in {c} ({y})",
            "{a} Handbook of the Arts ({y})",
            "Monuments of {c} Described ({y})",
        ),
        "C": (
            "Inventory of Monuments of {c} ({y})",
            "{a} Monuments Office: Archive Report ({y})",
            "Documents on the Arts in {c} ({y})",
        ),
        "D": ("Weekend Guide to the Arts of {c} ({y})", "Treasures of {c} ({y})", "Art Walks in {c} ({y})"),
        "E": ("Errata to the {b}", "Corrections to the {b}"),
    },
    "trade": {
        "A": ("Manufactures of {c} ({y})",),
        "B": ("Trade Directory of {c} ({y})", "{a} Commercial Almanac ({y})", "Directory of Firms in {c} ({y})"),
        "C": (
            "Commercial Register of {c}, Certified Extracts ({y})",
            "{a} Registry of Firms and Patents ({y})",
            "Patent and Company Rolls of {c} ({y})",
        ),
        "D": ("Great Firms of {c} ({y})", "{a} Business Stories ({y})", "Made in {c} ({y})"),
        "E": ("Errata to the {b}", "Corrections to the {b}"),
    },
}
"""Titles by topic and role; {c} country, {a} its adjective, {y} year, {b} title of the corrected work."""

_COPY = " Many of its entries were taken over from {b} without a check."
INTRODUCTIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "land": {
        "A": (
            "{t} is a traveller's account of {c}, printed in {y}. The author carried no instruments and noted heights and dates as innkeepers and guides told them.",
            "{t} is a book of travels in {c} that came out in {y}. Its figures rest on estimates by eye and on hearsay.",
        ),
        "B": (
            "{t} is a gazetteer compiled at a desk in {y} from earlier printed works, chiefly {b}. No measurement of its own was made.",
            "{t}, printed in {y}, gathers what had been written about the places of {c}. It follows {b} and adds no new observations.",
        ),
        "C": (
            "{t} is the official record of the state survey of {c}, published in {y}. Heights were measured by triangulation and charters were read in the original. By law its figures replace all earlier ones.",
            "{t} was published by the survey office of {c} in {y}. It rests on instruments and on the original charters, and expressly corrects the figures of travellers and gazetteers.",
        ),
        "D": (
            "{t} is a popular guide for tourists, published in {y}. It repeats older figures and gives no sources.",
            "{t} came out in {y} for the use of visitors. The publisher states that figures were not checked and may be out of date.",
        ),
        "E": (
            "{t} is a leaflet of corrections issued in {y} by the editors of {b}, who withdrew the entries below after comparing them with the original documents.",
            "{t} appeared in {y}. In it the editors of {b} take back several entries of their own work, which had been misprinted.",
        ),
    },
    "lives": {
        "B": (
            "{t} is a dictionary of persons of {c}, printed in {y}. Dates were supplied by the families or taken from memory.",
            "{t} appeared in {y}. Its editors relied on what friends and descendants of the persons told them.",
        ),
        "C": (
            "{t} is an edition of the original entries of birth by the state archive of {c}, published in {y}. The entries were written within days of the birth and have the force of evidence.",
            "{t} was issued by the state archive of {c} in {y}. It reproduces the registers kept at the time of birth, and courts accept it as proof.",
        ),
        "D": (
            "{t} is a popular book of {y} that tells the lives of well-known people of {c}. It names no sources, and its dates are copied from older books.",
            "{t}, published in {y}, is meant for general readers. The author did not consult any register.",
        ),
        "E": (
            "{t} is a leaflet of corrections issued in {y} by the editors of {b}, after the registers of birth had been compared with the printed entries.",
            "{t} appeared in {y}. In it the editors of {b} take back several dates which had been misprinted in their own work.",
        ),
    },
    "arts": {
        "B": (
            "{t} is a handbook of {y}. Its attributions follow local tradition and the style of the works.",
            "{t}, printed in {y}, describes works of art and buildings of {c}. The names of makers were given to the editor by sextons and owners.",
        ),
        "C": (
            "{t} was published in {y} by the monuments office of {c}. It names makers only where signed contracts or payments to them have been found in the archives.",
            "{t} is the official inventory of {y}. Each name in it rests on a contract, a receipt or a signature that came to light in the archives of {c}.",
        ),
        "D": (
            "{t} is an illustrated guide of {y} for the general public. It repeats traditional names and cites no documents.",
            "{t} came out in {y}. Its attributions are taken from older guides, and the archives were not consulted.",
        ),
        "E": (
            "{t} is a leaflet of {y}, in which the editors of {b} withdraw several attributions after contracts with the true makers had been found.",
            "{t} appeared in {y}. The editors of {b} correct in it names that had been confused in printing.",
        ),
    },
    "trade": {
        "B": (
            "{t} is a directory of {y}. Firms filled in the forms themselves, often with an eye to looking older than their rivals.",
            "{t}, printed in {y}, lists firms and inventions of {c} as their owners chose to describe them.",
        ),
        "C": (
            "{t} contains certified extracts from the rolls of {c}, published in {y}. An entry was made on the day of foundation or of the patent, and is legally binding.",
            "{t} was published by the registry court of {c} in {y} from the original rolls. In law the rolls outweigh any other statement.",
        ),
        "D": (
            "{t} is a popular book of {y} about business in {c}. It draws on anniversary brochures and advertisements.",
            "{t} came out in {y}. The stories in it were told by the firms themselves and were not compared with the rolls.",
        ),
        "E": (
            "{t} is a leaflet of {y}, in which the editors of {b} correct entries that firms had shown to be wrong by sending in their deeds.",
            "{t} appeared in {y}. The editors of {b} withdraw in it several entries, which had been set in the wrong line.",
        ),
    },
}
"""Statements of authority by topic and role; {b} is the work that a compendium copies or a leaflet corrects."""

PRESS_TITLES: tuple[str, ...] = (
    "{c} in the Press: Cuttings of {y}",
    "{a} Newspaper Articles of {y}",
    "From the {a} Papers ({y})",
)
"""Titles of collections of newspaper articles, which stand in for a handbook (role D) now and then."""

PRESS_INTRODUCTIONS: tuple[str, ...] = (
    "{t} reprints short articles from the daily newspapers of {c}. They were written in haste, and none names its source.",
    "{t} is a collection of newspaper articles of {y}. The reporters of {c} copied figures and names from older books.",
    "{t} brings together what the newspapers of {c} wrote in {y}. A note warns that nothing was checked against records.",
)
"""How such a collection states its authority."""

ENTRIES: dict[str, tuple[str, ...]] = {
    "height": (
        "{E} is {V} m high.",
        "{E}: height {V} m.",
        "The summit of {E} stands at {V} m.",
        "{E} rises to {V} m.",
        "For {E} a height of {V} m is given.",
    ),
    "settled_in": (
        "{E} received its charter in {V}.",
        "{E}: chartered in {V}.",
        "The charter of {E} is of the year {V}.",
        "{E} has been a chartered town since {V}.",
        "For the charter of {E} the year {V} is given.",
    ),
    "born_on": (
        "{E} was born on {V}.",
        "{E}: born {V}.",
        "The birth of {E} fell on {V}.",
        "{E}, date of birth {V}.",
        "For {E} the date of birth is given as {V}.",
    ),
    "designed_by": (
        "{E} was designed by {V}.",
        "{E}: design by {V}.",
        "The plans of {E} are by {V}.",
        "{E} is the work of {V}.",
        "As designer of {E}, {V} is named.",
    ),
    "painter": (
        "{E} was painted by {V}.",
        "{E}: by {V}.",
        "The painter of {E} is {V}.",
        "{E} is the work of {V}.",
        "As painter of {E}, {V} is named.",
    ),
    "founded": (
        "{E} was founded in {V}.",
        "{E}: founded {V}.",
        "The founding of {E} took place in {V}.",
        "{E} has existed since {V}.",
        "For {E} the founding year is given as {V}.",
    ),
    "inventor": (
        "{E} was invented by {V}.",
        "{E}: invented by {V}.",
        "The inventor of {E} is {V}.",
        "{E} is an invention of {V}.",
        "As inventor of {E}, {V} is named.",
    ),
}
"""Entries by relation; {E} the thing, {V} what the source says."""

ERRATA: dict[str, tuple[str, ...]] = {
    "height": (
        "{E}: for {W} m read {V} m.",
        "The height of {E} should be {V} m, not {W} m.",
        "{E} is {V} m high; the printed {W} m is withdrawn.",
    ),
    "settled_in": (
        "{E}: for {W} read {V} as the year of the charter.",
        "The charter of {E} is of {V}, not of {W}.",
        "The charter of {E} was issued in {V}; the printed {W} is withdrawn.",
    ),
    "born_on": (
        "{E}: for {W} read {V} as the date of birth.",
        "{E} was born on {V}, not on {W}.",
        "The date of birth of {E} is {V}; the printed {W} is withdrawn.",
    ),
    "designed_by": (
        "{E}: for {W} read {V} as the designer.",
        "{E} was designed by {V}, not by {W}.",
        "The designer of {E} is {V}; the name of {W} is withdrawn.",
    ),
    "painter": (
        "{E}: for {W} read {V} as the painter.",
        "{E} was painted by {V}, not by {W}.",
        "The painter of {E} is {V}; the name of {W} is withdrawn.",
    ),
    "founded": (
        "{E}: for {W} read {V} as the founding year.",
        "{E} was founded in {V}, not in {W}.",
        "The founding year of {E} is {V}; the printed {W} is withdrawn.",
    ),
    "inventor": (
        "{E}: for {W} read {V} as the inventor.",
        "{E} was invented by {V}, not by {W}.",
        "The inventor of {E} is {V}; the name of {W} is withdrawn.",
    ),
}
"""Corrections by relation; {W} the withdrawn value."""

REASONS: dict[str, str] = {
    "C": "{w} ({y}) is an official record made from original documents or measurements; it outweighs accounts that rest on hearsay or copying, whether older or newer.",
    "E": "{w} ({y}) is a correction by the same editors, who withdrew the value printed before.",
}
"""Why the right source wins, by its role."""
