"""What people of the demo write: short Norwegian sentences, by what the fault is about."""

from __future__ import annotations

CATEGORIES = (
    # slug, name, kind
    ("programvare", "Programvare", "incident"),
    ("nettverk", "Nettverk", "incident"),
    ("utstyr", "Utstyr", "incident"),
    ("leverandor", "Leverandør", "incident"),
    ("tilgang", "Tilgang", "incident"),
    ("bestilling-tilgang", "Tilgang og bruker", "request"),
    ("bestilling-utstyr", "Utstyr", "request"),
    ("bestilling-annet", "Annet", "request"),
)
TITLES: dict[str, tuple[str, ...]] = {
    "programvare": (
        "{system} henger når jeg lagrer",
        "{system}: feilmelding ved utskrift",
        "Får ikke åpnet vedlegg i {system}",
        "{system} er veldig treg i dag",
        "{system}: låste rader etter natten",
        "Søket i {system} finner ingenting",
    ),
    "leverandor": (
        "{system} svarer ikke fra leverandøren",
        "{system}: integrasjonen har stoppet",
        "{system} mangler data fra i går",
        "Feil etter oppdatering av {system}",
    ),
    "nettverk": (
        "Trådløst nett borte i {place}",
        "Nettet er tregt i {place}",
        "Får ikke kontakt med fellesområdet",
        "Videomøter hakker i {place}",
    ),
    "utstyr": (
        "Skriveren i {place} svarer ikke",
        "PC-en starter ikke",
        "Skjermen blinker",
        "Dokkingen virker ikke",
        "Tastaturet mangler flere taster",
    ),
    "tilgang": (
        "Får ikke logget inn i {system}",
        "Mangler tilgang til {system}",
        "Passordet er utløpt for {system}",
    ),
    "bestilling-tilgang": (
        "Ny bruker før vikar starter mandag",
        "Tilgang til {system} for ny kollega",
        "Sluttet: steng tilganger",
        "Endre navn etter giftermål",
    ),
    "bestilling-utstyr": (
        "Ny bærbar PC til avdelingen",
        "Ekstra skjerm til kontorplass",
        "Mobiltelefon til vaktlaget",
        "Hodetelefoner til opplæring",
    ),
    "bestilling-annet": (
        "Opplæring i {system}",
        "Flytting av arbeidsplass i {place}",
        "Lisens til {system}",
        "Delt postkasse for prosjektet",
    ),
}
DETAILS = (
    "Det begynte i morges. Jeg har startet på nytt uten at det hjalp.",
    "Gjelder flere på avdelingen, vi er ved {place}.",
    "Eg har prøvd på ei anna maskin, det er likt der.",
    "Vi må ha det på plass før helgen.",
    "Feilen kommer hver gang, også etter pause.",
    "",
)
ANSWERS = (
    "Takk for meldingen. Jeg ser på saken nå og gir deg beskjed.",
    "Hei! Vi finner feilen i loggen og arbeider med den.",
    "Vi har sett det samme hos en nabokommune og prøver samme rettelse.",
    "Eg har teke over saka og melder frå når det er løyst.",
)
QUESTIONS = ("Hva står det i feilmeldingen?", "Når på dagen skjer det?", "Kan du sende et bilde av skjermen?")
REPLIES = (
    "Det står «uventet feil».",
    "Som regel rett etter lunsj.",
    "Bildet ligger i e-posten jeg nettopp sendte.",
)
SOLUTIONS = (
    "Tjenesten ble startet på nytt, og innstillingen er rettet.",
    "Profilen ble bygget på nytt. Det virker hos bruker.",
    "Leverandøren rettet feilen i en oppdatering.",
    "Byttet kabel og målte at linjen er bra.",
    "Tilgangen er gitt, bruker har fått beskjed.",
    "Levert og tatt i bruk.",
)
CHANGES = (
    "Oppdatering av {system}",
    "Bytte av {device}",
    "Ny versjon av databasen til {system}",
    "Omlegging av adresser i {place}",
    "Sikkerhetsoppdatering av {device}",
)
PROBLEMS = ("{system}: låste rader etter nattlig kopiering", "Gjentatte avbrudd på {device}")
