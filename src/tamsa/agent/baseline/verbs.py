"""Which words are verbs, auxiliaries, prepositions and pronouns: what the parser of questions needs to know."""

from __future__ import annotations

import re
from functools import lru_cache

from tamsa.agent.baseline.nouns import kind_of_noun

AUXILIARIES = frozenset(
    "is are was were be been being am has have had having do does did can could will would shall "
    "should may might must".split()
)
DO = frozenset("do does did".split())
BE = frozenset("is are was were be been being am".split())
PREPOSITIONS = frozenset(
    """of in on at to for from by with without within about into onto over under between among through during before
    after since until near against across around behind below above along beside besides beyond despite inside outside
    past per toward towards upon via as than alongside together opposite throughout off out up down""".split()
)
RELATIVES = frozenset("who whom whose which that where when".split())
DETERMINERS = frozenset(
    "the a an this that these those its his her their our your my some any each every both all another one same".split()
)
ADVERBS = frozenset(
    """also originally first later now not only once officially usually still currently formerly finally initially
    previously eventually mainly mostly partly jointly never ever actually famously best well primarily recently
    then always successfully simply today twice annually last most""".split()
)
_BASE = """accept accompany acquire act adapt add address adopt advise air allow announce anchor appear appoint
approve arrange arrest arrive assassinate assist attack attend award base bear beat become begin belong border
    borrow bring
broadcast build bury buy call capture carry cast catch cause chair challenge change charter choose claim climb close
coach collaborate come command commission comment compete complete compose conceive conclude conduct connect conquer
consist construct contain contribute control convert cost cover create cross crown cut date debut declare dedicate
defeat defend derive describe design destroy develop die direct discover distribute divide dominate donate draft draw
drain drop drown earn edit educate elect emerge employ empty encounter end enter establish exhibit exist expand
explore fall feature feed fight film finance focus find finish flow fly follow form found fund gain gather
    generate get give
go govern graduate grant grow happen hail hang have head hear help hire hit hold host house identify illustrate
    include
induct inherit initiate inspire install instruct interview introduce invade invent invest issue join keep kill know
land last launch lead learn leave lend license lie like limit list live locate lose love maintain make manage
manufacture marry mean measure meet mention merge migrate mint model mount move murder name narrate nominate note
occupy occur offer open operate oppose order organise organize originate own paint participate pass pay pen perform
place plan play portray practise precede premiere prepare present preserve preside print produce promote propose
protect prove provide publish purchase push put race raise range rank reach read receive recognise recognize record
recover refer reflect refuse reign release remain remove rename render renew replace report represent rescue reside
resign result retire return reveal ride rise rule run sail score sculpt seat sell send separate serialize serve
    set settle
shape share shoot show sign sing sink situate sit sketch span speak specialise specialize spend sponsor stage
    stand star
start stay stop strike study succeed suffer supply support surround survive take talk teach tell tour train transfer
translate travel treat try twin underlie unite use value visit voice vote walk want wear win withdraw witness work
worship write yield fit comprise encompass operate house honour honor commemorate depict head rise lay sing withdraw
adjoin overlook discharge originate inhabit speak border
ask bid blame deal displace drink eat feel get hand let lift look oversee persuade pick put save say seem shut split
spread switch think throw touch trade try turn weigh""".split()
_IRREGULAR = """became began begun broke broken brought built bought came caught chose chosen cut did done drew
    drawn drove
driven fell fallen fought found flew flown gave given went gone grew grown hung had held kept knew known laid led left
lent lost made meant met paid put ran read rode ridden rose risen said sang sung sank sunk sat saw seen sent set shot
showed shown sold spent spoke spoken stood struck taught told took taken thought understood was were won wore
    worn wrote
written born beaten bore borne hidden withdrew withdrawn forgotten overtook swept wed fed bred read hit cast lay
ate dealt drank drunk dug eaten felt forgave forgot froze frozen got oversaw overseen rang shook shut slept sought split
spread stole stolen swam swore sworn threw thrown tore torn undertook undertaken underwent woke""".split()


def _inflect(base: str) -> set[str]:
    forms = {base}
    if base.endswith("y") and base[-2] not in "aeou":
        forms |= {base[:-1] + "ies", base[:-1] + "ied", base + "ing"}
    elif base.endswith("e"):
        forms |= {base + "s", base + "d", base[:-1] + "ing"}
    elif base.endswith(("s", "sh", "ch", "x", "o")):
        forms |= {base + "es", base + "ed", base + "ing"}
    else:
        forms |= {base + "s", base + "ed", base + "ing", base + base[-1] + "ed", base + base[-1] + "ing"}
    return forms


BASE_VERBS = frozenset(_BASE)
_PARTICIPLES_AND_PAST = frozenset(_IRREGULAR)
VERB_FORMS = frozenset(form for base in _BASE for form in _inflect(base)) - BASE_VERBS | _PARTICIPLES_AND_PAST
_NOUNS_LIKE_VERBS = frozenset(
    """building painting recording ring string setting beginning wedding meeting writing reading spring evening
    morning
    king wing sibling offspring being thing states works plays stars names leads heads records releases covers dates
    studies ranks scores votes places sets shows sports awards prizes points wins runs orders uses stages seats houses
    notes lists lands films models moves acts forms visits talks walks lives reports returns results supports shares
    residents parts members ends limits cuts marks known united adopted bids deals drinks hands looks picks saves
    spreads turns switches thought trades""".split()
)
"""Inflected forms that are as often nouns; they are verbs only where a verb must come."""


@lru_cache(maxsize=16384)
def is_verb(word: str) -> bool:
    """Tell whether a word is an inflected full verb: past, participle, third person or -ing form."""
    low = word.casefold()
    if low in AUXILIARIES or low in PREPOSITIONS or low in RELATIVES or low in DETERMINERS:
        return False
    if low in VERB_FORMS:
        return True
    return (
        bool(re.fullmatch(r"[a-z-]{3,}ed", low))
        and kind_of_noun(low) is None
        and low not in ("red", "hundred", "indeed")
    )


def maybe_noun(word: str) -> bool:
    """Tell whether an inflected verb form is as often a noun."""
    low = word.casefold()
    return low in _NOUNS_LIKE_VERBS or kind_of_noun(low) is not None


def is_base_verb(word: str) -> bool:
    """Tell whether a word can be the bare verb after "did" or "does"."""
    return word.casefold() in BASE_VERBS or word.casefold() in ("be", "become")


_BASE_OF = {form: base for base in sorted(_BASE) for form in _inflect(base) if form != base} | {
    form: base
    for base, forms in (
        pair.split(":")
        for pair in """become:became begin:began break:broke bring:brought build:built buy:bought
        catch:caught choose:chose draw:drew drive:drove fall:fell feel:felt fight:fought find:found
        fly:flew get:got give:gave go:went grow:grew have:had,has hold:held keep:kept know:knew
        lay:laid lead:led leave:left lend:lent lie:lay lose:lost make:made mean:meant meet:met
        pay:paid ride:rode rise:rose run:ran say:said see:saw sell:sold send:sent shoot:shot
        show:showed sing:sang sink:sank sit:sat speak:spoke spend:spent stand:stood steal:stole
        strike:struck swim:swam take:took teach:taught tell:told think:thought wear:wore win:won
        write:wrote withdraw:withdrew bear:bore""".split()
    )
    for form in forms.split(",")
}
_PAST_OF = dict(
    pair.split(":")
    for pair in """written:wrote drawn:drew sung:sang given:gave taken:took begun:began chosen:chose driven:drove
    known:knew shown:showed spoken:spoke broken:broke worn:wore ridden:rode flown:flew seen:saw done:did
    overseen:oversaw grown:grew beaten:beat undertaken:undertook rewritten:rewrote
    stolen:stole sunk:sank run:ran""".split()
)


@lru_cache(maxsize=4096)
def base_of(word: str) -> str | None:
    """Return the bare verb of a past form or third person ("moved" gives "move"), None where it is not known."""
    low = word.casefold()
    return _BASE_OF.get(low) if not low.endswith("ing") else None


def past_of(participle: str) -> str:
    """Return the past form of a participle: "written" gives "wrote"."""
    return _PAST_OF.get(participle.casefold(), participle)
