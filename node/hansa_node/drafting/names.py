"""Likeness of names: how likely a column of a city's file is the one that a contract means, by its name."""

from __future__ import annotations

from difflib import SequenceMatcher

from hansa_core.contract.spelling import folded, words

_CONCEPTS = (
    "id nr no num number nummer numero key kennung code",
    "date datum fecha dato data day tag jour dia on",
    "at time zeit timestamp zeitpunkt heure hora tijd",
    "year jahr annee ano anno jaar rok ar vuosi",
    "month monat mois mes mese maand",
    "kind type art typ tipo soort rodzaj category kategorie categorie categoria",
    "district bezirk stadtteil quartier distrito quartiere wijk dzielnica arrondissement barrio",
    "height hoehe hauteur altura altezza hoogte",
    "length laenge longueur longitud lunghezza lengte",
    "distance entfernung strecke distancia distanza afstand",
    "duration dauer duree duracion durata duur",
    "price preis prix precio prezzo prijs cost kosten amount betrag montant importe",
    "speed geschwindigkeit vitesse velocidad velocita snelheid",
    "temperature temperatur temp temperatura temperatuur",
    "start begin beginn started anfang debut inicio inizio",
    "end ende ended fin fine einde",
    "applied submitted antrag eingang solicitud demande filed application",
    "issued granted erteilt genehmigt delivre concedido",
    "planted pflanzung gepflanzt pflanz plante plantado",
    "latitude lat breite breitengrad latitud",
    "longitude lon lng long laenge laengengrad longitud",
    "name bezeichnung nom nombre nome naam",
    "zone gebiet area zona",
    "city stadt ville ciudad citta gemeente",
)
_SAME = {word: number for number, concept in enumerate(_CONCEPTS) for word in concept.split()}
_LIKE = 0.85


def likeness(ours: str, theirs: str) -> float:
    """0 to 1: 1 where the names have the same words, whatever their case, accents and joining."""
    return max(_likeness(words(folded(ours)), words(folded(theirs, umlauts=umlauts))) for umlauts in (False, True))


def _likeness(ours: tuple[str, ...], theirs: tuple[str, ...]) -> float:
    if not ours or not theirs:
        return 0.0
    if "".join(ours) == "".join(theirs):
        return 1.0
    found = sum(any(_is_same(one, other) for other in theirs) for one in ours)
    told = sum(any(_is_same(one, other) for one in ours) for other in theirs)
    shared = (found / len(ours) + told / len(theirs)) / 2
    # The letters alone are a weak sign: "started_at" and "station" share most of them.
    return max(0.95 * shared, 0.7 * SequenceMatcher(None, "".join(ours), "".join(theirs)).ratio())


def _is_same(one: str, other: str) -> bool:
    if one == other or (one in _SAME and _SAME[one] == _SAME.get(other)):
        return True
    return min(len(one), len(other)) >= 4 and SequenceMatcher(None, one, other).ratio() >= _LIKE
