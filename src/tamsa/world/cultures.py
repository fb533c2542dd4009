"""The sounds of twelve invented cultures, from which every proper name is coined.

Each culture lists onsets, vowels, medial consonants, codas, and endings of places, countries, given names
(male, female) and surnames. A stem is onset + vowel + (medial + vowel)*, so that names of one culture sound alike.
"""

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


def _culture(
    name: str, onsets: str, vowels: str, medials: str, codas: str, towns: str, countries: str,
    male: str, female: str, surnames: str, river_first: bool,
) -> Culture:  # fmt: skip
    parts = (tuple(p.split()) for p in (onsets, vowels, medials, codas, towns, countries, male, female, surnames))
    return Culture(name, *parts, river_first)


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

BLOCKED = frozenset(
    ["about", "above", "abroad", "across", "actor", "again", "agent", "alarm", "album", "alder", "alien", "allow", "alone", "along", "among", "angel", "anger", "angle", "animal", "ankle", "apart", "apple", "april", "arena", "argue", "armed", "armor", "arrow", "aside", "asset", "atlas", "audio", "avoid", "award", "bacon", "badge", "baker", "banana", "bandana", "banner", "barber", "barista", "barn", "baron", "basic", "basin", "basis", "baton", "beard", "beast", "begin", "bench", "berlin", "berry", "birch", "black", "blade", "blame", "blend", "block", "board", "bonus", "border", "botany", "bottle", "bottom", "bounty", "brain", "brand", "brass", "bread", "break", "brick", "bride", "brief", "bring", "broken", "bronze", "brother", "brown", "brush", "budget", "bullet", "bundle", "burden", "burger", "burn", "butter", "button", "cabin", "cable", "camel", "canal", "candle", "canoe", "canon", "canton", "canyon", "cargo", "carol", "carpet", "carton", "casino", "castle", "cattle", "cedar", "cellar", "cement", "center", "chain", "chair", "chalk", "change", "channel", "charm", "chart", "chase", "cheese", "cherry", "chest", "chief", "child", "china", "choir", "church", "cinema", "circle", "clamp", "class", "clean", "clear", "clever", "climate", "clinic", "clock", "cloud", "clover", "coast", "cobra", "colon", "colony", "color", "combat", "comedy", "comic", "copper", "coral", "corner", "cotton", "council", "count", "county", "cousin", "cover", "craft", "crane", "cream", "crime", "crown", "cruel", "crystal", "dairy", "damage", "dance", "danger", "dark", "darling", "dealer", "decade", "delta", "denim", "desert", "design", "devil", "diesel", "differ", "dinner", "doctor", "dollar", "dolphin", "donor", "double", "dragon", "drama", "dream", "drink", "driver", "drone", "eager", "early", "earth", "elder", "elect", "empty", "enter", "error", "event", "exile", "fable", "factor", "family", "famine", "farmer", "father", "fatal", "fault", "favor", "fellow", "fiber", "field", "final", "finance", "finder", "finger", "finish", "flame", "flare", "flower", "folder", "forest", "forget", "format", "former", "fortune", "found", "frame", "france", "free", "fresh", "friend", "front", "frozen", "fruit", "future", "gallery", "gamble", "garden", "garlic", "gather", "gender", "genre", "gentle", "giant", "ginger", "glass", "globe", "glory", "golden", "grain", "grand", "grant", "grape", "graph", "grass", "grave", "green", "grill", "groan", "ground", "group", "guard", "guest", "guide", "habit", "halter", "hammer", "handle", "harbor", "harden", "harder", "hatred", "heart", "heaven", "helmet", "herald", "hidden", "holder", "hollow", "holy", "honest", "honor", "horror", "hotel", "human", "humor", "hunter", "import", "inland", "inner", "invade", "island", "jacket", "japan", "jelly", "jolly", "judge", "junior", "karate", "kernel", "kettle", "khaki", "kinder", "kitchen", "kitten", "koran", "label", "labor", "ladder", "lagoon", "laser", "latin", "latte", "latter", "laundry", "lava", "lawn", "leader", "lemon", "level", "liberty", "limit", "linen", "liner", "linger", "liquor", "listen", "liter", "little", "lobby", "local", "logic", "london", "lotion", "lover", "lower", "lunar", "lunch", "madam", "madrid", "magic", "mailer", "malaria", "malaysia", "malaria", "mammal", "manager", "mango", "manner", "manor", "mantra", "manual", "marble", "march", "marina", "marine", "market", "martin", "master", "matter", "medal", "melody", "melon", "member", "memory", "mental", "mentor", "merit", "metal", "meter", "milan", "miller", "mimic", "miner", "minor", "minute", "mister", "mitten", "mobile", "model", "modern", "moment", "monarch", "money", "monitor", "monster", "morale", "morning", "mother", "motor", "mummy", "murder", "museum", "mustard", "mutter", "nation", "native", "nature", "nephew", "nerve", "nickel", "night", "noble", "normal", "north", "notice", "number", "object", "ocean", "offer", "office", "onion", "opera", "option", "orbit", "order", "organ", "other", "outer", "owner", "oyster", "paint", "panda", "panel", "panic", "paper", "paprika", "parade", "parent", "paris", "parlor", "parrot", "party", "pastor", "patent", "patrol", "pattern", "peace", "pearl", "penalty", "people", "pepper", "period", "permit", "person", "petal", "piano", "picnic", "pillar", "pilot", "pirate", "pitch", "place", "plain", "planet", "plant", "plate", "plaza", "poem", "police", "polite", "polo", "portal", "potato", "potter", "powder", "power", "prank", "prefer", "press", "pretty", "price", "priest", "prince", "prison", "profit", "prune", "pulse", "pumpkin", "puppet", "purple", "python", "quality", "queen", "quick", "rabbit", "racer", "radar", "radio", "random", "ranger", "ransom", "rather", "reader", "recent", "record", "reform", "region", "remark", "remind", "render", "rental", "repair", "reptile", "resort", "result", "retina", "return", "reveal", "rhino", "ribbon", "rider", "river", "roast", "robin", "robot", "rocket", "roman", "romance", "rose", "rotten", "round", "ruler", "rural", "russia", "saddle", "safari", "saint", "salad", "salami", "salmon", "salon", "sandal", "satin", "saturn", "sauna", "savage", "scale", "scandal", "school", "screen", "search", "season", "second", "secret", "select", "senate", "senator", "senior", "sensor", "serial", "series", "sermon", "server", "seven", "shadow", "shake", "shallow", "shame", "share", "sharia", "sharp", "shelter", "sheriff", "shine", "shirt", "shore", "short", "should", "shower", "siren", "sister", "skate", "sketch", "skill", "skirt", "slave", "slender", "slope", "small", "smart", "smile", "smoke", "snake", "social", "soda", "solar", "soldier", "solemn", "solid", "solution", "sonata", "sonic", "south", "spain", "spare", "spark", "speak", "spend", "spider", "spirit", "stable", "stadium", "staff", "stage", "stair", "stall", "stamp", "stand", "star", "start", "state", "static", "station", "statue", "steal", "steam", "steel", "stern", "stone", "store", "storm", "story", "strand", "stranger", "street", "strike", "string", "strong", "student", "studio", "sudden", "sugar", "sultan", "summer", "sunday", "supper", "surgeon", "swamp", "swan", "sweet", "table", "tailor", "talent", "talon", "target", "tavern", "tease", "temper", "temple", "tender", "tennis", "tenor", "terror", "thank", "theater", "there", "third", "three", "throne", "ticket", "tiger", "timber", "tinder", "tired", "titan", "toast", "today", "toilet", "token", "tomato", "topic", "torch", "total", "totem", "towel", "tower", "trade", "train", "treat", "trend", "trial", "tribe", "trick", "troll", "trout", "truck", "trust", "tuna", "tundra", "turban", "turkey", "turn", "tutor", "under", "union", "unite", "upper", "urban", "utter", "vacant", "valid", "valley", "value", "vanilla", "vapor", "vector", "velvet", "vendor", "venom", "verse", "vessel", "victim", "video", "villa", "village", "vinegar", "violin", "viper", "virus", "vision", "visit", "vital", "vocal", "volcano", "volume", "voter", "wagon", "waist", "walker", "wander", "warden", "warm", "warning", "water", "weather", "wedding", "welcome", "western", "whale", "wheat", "wheel", "window", "winner", "winter", "wisdom", "wonder", "wooden", "worker", "world", "worry", "wreath", "writer", "yellow", "yoga", "zebra", "zero", "zone", "anna", "maria", "david", "daniel", "marina", "sofia", "roma", "milano", "torino", "verona", "vienna", "moscow", "prague", "berlin", "hamburg", "bergen", "london", "boston", "toronto", "ottawa", "manila", "havana", "tehran", "kabul", "delhi", "mumbai", "kolkata", "osaka", "kyoto", "tokyo", "nara", "lima", "quito", "bogota", "panama", "canada", "mexico", "brazil", "russia", "norway", "sweden", "finland", "denmark", "holland", "germany", "austria", "france", "spain", "italy", "greece", "turkey", "syria", "egypt", "sudan", "kenya", "nigeria", "ghana", "india", "nepal", "iran", "iraq", "korea", "japan", "poland", "serbia", "croatia", "bosnia", "albania", "mali", "niger", "chad", "libya", "tunisia", "morocco", "angola", "namibia", "zambia", "malawi", "uganda", "rwanda", "burundi", "somalia", "hitler", "stalin", "lenin", "putin", "nazi", "rapist", "bastard", "bitch", "faggot", "nigger", "nigga", "negro", "cunt", "dick", "fuck", "shit", "penis", "vagina", "anus", "rape", "slut", "whore"]
)
"""Ordinary words, well-known names and words nobody wants on a page: never used as a coined name."""

BLOCKED_PARTS = ("fuck", "shit", "cunt", "nigg", "nazi", "rape", "slut", "penis", "anus", "whore", "porn", "sex", "kkk")
