"""Personal columns: what the name of a column says about people, in the languages of cities."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from hansa_core.contract.spelling import folded, word_runs


class PersonalKind(StrEnum):
    """What a column may hold of a person."""

    PERSON = "the number of a person"
    NAME = "names of people"
    EMAIL = "e-mail addresses"
    PHONE = "telephone numbers"
    NATIONAL_ID = "national numbers of people"
    ACCOUNT = "bank accounts"
    ADDRESS = "addresses"
    IP = "IP addresses"
    PLATE = "number plates"
    POSITION = "positions, which may be those of homes"
    BIRTH = "dates of birth"


_WORDS: Mapping[PersonalKind, str] = MappingProxyType(
    {
        PersonalKind.EMAIL: "email mail epost epostadresse courriel correo posta_elettronica mejl sahkoposti почта",
        PersonalKind.PHONE: """
            phone telephone tel telefon telefonnummer telefonnr mobile mobil handy handynummer cellphone cell fax
            portable telefono movil celular cellulare telefoon mobiel puhelin telefone telefonszam telefonas
            τηλεφωνο телефон""",
        PersonalKind.NATIONAL_ID: """
            ssn nino nin nir insee dni nie nif cpf curp rut bsn pesel cnp egn oib emso jmbg personnummer personnr
            fodselsnummer fnr hetu henkilotunnus isikukood asmens passport passeport reisepass pasaporte passaporto
            paspoort personalausweis ausweisnummer ausweis steuerid steuernummer steueridentifikationsnummer idnr
            sozialversicherungsnummer svnr versichertennummer krankenversicherungsnummer codicefiscale
            codice_fiscale tax_id taxid national_id nationalid social_security identity_card securite_sociale
            rodne_cislo personenkennzahl ahv avs insurance_number nhs снилс паспорт инн amka αμκα αφμ""",
        PersonalKind.ACCOUNT: """
            iban konto kontonummer bankverbindung bank_account account_number creditcard credit_card kreditkarte bic
            rekeningnummer cuenta_bancaria conto_corrente compte_bancaire""",
        PersonalKind.IP: "ip ipaddress ip_address ip_adresse ipv4 ipv6 adresse_ip direccion_ip",
        PersonalKind.PLATE: """
            plate license_plate licence_plate number_plate numberplate plateno kennzeichen kfz_kennzeichen
            autokennzeichen immatriculation plaque matricula targa kenteken nummerplade registreringsnummer
            rekisteritunnus tablica_rejestracyjna rendszam spz registracni_znacka госномер πινακιδα vin""",
        PersonalKind.BIRTH: """
            birth birthday birthdate dob date_of_birth born geburtsdatum geburtstag geb gebdat geburtsjahr naissance
            date_naissance nacimiento fecha_nacimiento nascita data_nascita nascimento geboortedatum fodselsdato
            fodelsedatum fodselsdag syntymaaika urodzenia data_urodzenia narozeni szuletesi_datum рождения γεννησης""",
        PersonalKind.NAME: """
            surname lastname last_name firstname first_name forename fullname full_name given_name family_name
            maiden_name nachname vorname familienname geburtsname rufname prenom nom_famille nom_usage apellido
            apellidos nombre_completo cognome nome_cognome sobrenome apelido achternaam voornaam nazwisko imie
            prijmeni jmeno efternamn fornamn etternavn fornavn efternavn sukunimi etunimi priimek keresztnev
            vezeteknev prenume nume soyad soyadi perekonnanimi eesnimi uzvards vards pavarde vardas фамилия имя
            отчество επωνυμο ονομα""",
        PersonalKind.ADDRESS: """
            address street street_address streetname house_number housenumber home_address adresse anschrift strasse
            str hausnummer hausnr wohnort wohnadresse rue adresse_postale calle direccion domicilio indirizzo via
            civico endereco rua morada adres straat huisnummer ulica adres_zamieszkania osoite katuosoite gata
            gatuadress vej gade husnummer utca lakcim ulice адрес улица διευθυνση οδος""",
        PersonalKind.PERSON: """
            household haushalt menage foyer hogar agregado_familiar nucleo_familiare huishouden gospodarstwo hushall
            person persons personid personen personennummer people citizen resident inhabitant patient pupil student
            employee customer client rider passenger driver tenant applicant taxpayer voter subscriber borrower
            claimant beneficiary pensioner traveller traveler guest user userid username einwohner buerger burger
            schueler kunde kunden kundennummer kundennr kundenid mieter fahrer fahrgast halter antragsteller
            mitarbeiter mitarbeiterin angestellter nutzer benutzer versicherter steuerpflichtiger fahrzeughalter
            citoyen habitant eleve usager locataire conducteur titulaire demandeur beneficiaire salarie personne
            persona personas ciudadano residente paciente alumno cliente usuario conductor solicitante empleado
            inquilino cittadino utente paziente conducente richiedente dipendente inwoner leerling klant bestuurder
            huurder aanvrager medewerker osoba obywatel pacjent uczen klient kierowca mieszkaniec pracownik henkilo
            asukas potilas oppilas asiakas borger innbygger invanare medborgare elev kund kunde bruker bruger
            cidadao morador aluno obcan zak polgar lakos szemely cetatean asigurat человек гражданин житель клиент
            пациент πολιτης""",
    }
)
_POSITION_WORDS = frozenset(
    [
        "latitude",
        "longitude",
        "lat",
        "lon",
        "lng",
        "long",
        "breitengrad",
        "laengengrad",
        "geom",
        "geometry",
        "coordinates",
        "koordinaten",
        "position",
        "coordonnees",
        "coordenadas",
        "coordinate",
    ]
)


def personal_kind(name: str) -> PersonalKind | None:
    """What a column of that name most likely holds of people; None where its name says nothing of them."""
    spellings = {folded(name), folded(name, umlauts=True)}
    for words in map(word_runs, spellings):
        for kind, known in _known().items():
            if words & known:
                return kind
    return PersonalKind.POSITION if any(word_runs(one) & _POSITION_WORDS for one in spellings) else None


def names_people(name: str) -> bool:
    """Whether an identifier of that name most likely names people, and no things."""
    return personal_kind(name) not in (None, PersonalKind.ADDRESS, PersonalKind.POSITION, PersonalKind.BIRTH)


@cache
def _known() -> Mapping[PersonalKind, frozenset[str]]:
    return {kind: frozenset(map(folded, words.split())) for kind, words in _WORDS.items()}
