"""Private data in a text: card numbers, IBANs, e-mail addresses, phone numbers, booking codes; and the mask of cards.

Luhn alone lets one tracking number in ten through. A card number has an issuer's prefix, a length of that issuer and
the spacing of a card too, and stands behind no word such as order. Every search is bounded: a text of any kind takes
milliseconds. Every post that comes in passes `mask`, so an ordinary one costs it a fraction of a microsecond.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from typing import Any, Literal, NamedTuple

Kind = Literal["card", "iban", "email", "phone", "booking"]

REGIONS = ("GB", "US", "DE", "FR", "ES")
"""Where a phone number without `+` is looked for when nobody knows better."""
PATTERN_SECONDS = 0.02
"""How long a pattern of booking codes may take over one text (s)."""
SHOWN_DIGITS = 4
"""Digits of a card number that stay."""
_SHORTEST = 13
_CARDS_TRIED, _RUNS_TRIED, _OTHERS_TRIED = 1_000, 100, 16
"""Likely numbers of one kind in a text that are looked at closely."""
_BEFORE = 60
"""Characters before a number in which a word may say what it is."""


class Found(NamedTuple):
    """Something private in a text."""

    kind: Kind
    start: int
    end: int
    value: str
    """To compare it by: without spaces and case, a phone number as E.164."""
    shown: str
    """All of it that may be shown."""
    why: str
    """How it was recognised."""
    certain: bool = True
    """Written as nothing else is; a card number in one piece could still be another number."""
    business: bool = False
    """Nobody's own: help@, a toll-free or shared-cost number."""


def search(text: str, regions: tuple[str, ...] = REGIONS, pattern: str = "") -> list[Found]:
    """Everything private in a text, in the order of the text.

    `regions`: where phone numbers without `+` may belong (ISO 3166). `pattern`: what the account's booking codes look
    like, as a regular expression; empty: six letters and digits behind a word such as booking.
    """
    found: list[Found] = []
    rest = text
    for kind in (_cards, _ibans, _emails):
        found += kind(rest)
        rest = _without(rest, found)
    rest = _LINK_OR_HANDLE.sub(lambda match: "|" * len(match[0]), rest)
    phones = list(_phones(rest, regions))
    found += phones
    found += _bookings(_without(rest, phones), pattern)
    return sorted(found, key=lambda one: one.start)


def mask(text: str) -> str:
    """A text with `•••• 1111` in the place of each card number. Idempotent."""
    if not _has_digits(text):
        return text
    kept, at = [], 0
    for card in _cards(text):
        kept += [text[at : card.start], card.shown]
        at = card.end
    return "".join(kept) + text[at:] if kept else text


def masked(text: str) -> list[str]:
    """The card numbers that `mask` took out of a text, as they stand in it now."""
    return _MASKED.findall(text) if "•••• " in text else []


_MASKED = re.compile(r"(?<!•)•••• \d{4}(?!\d)")
_LINK_OR_HANDLE = re.compile(r"(?:https?://|www\.)\S+|@[\w.\-]+")


def _without(text: str, found: Iterable[Found]) -> str:
    """A text with bars where these stand."""
    for one in found:
        text = f"{text[: one.start]}{'|' * (one.end - one.start)}{text[one.end :]}"
    return text


# -- card numbers ------------------------------------------------------------------------------------

_ISSUERS: dict[str, tuple[str, tuple[int, ...]]] = {
    "Visa": ("4", (13, 16, 19)),
    "Mastercard": ("5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", (16,)),
    "American Express": ("3[47]", (15,)),
    "Diners Club": ("30[0-5]|3095|3[689]", (14, 16)),
    "Discover": ("6011|64[4-9]|65", (16, 19)),
    "JCB": ("35(?:2[89]|[3-8])", (16, 19)),
    "UnionPay": ("62", (16, 17, 18, 19)),
    "Maestro": ("50(?:18|20|38)|5893|6304|6759|676[1-3]", (13, 14, 15, 16, 17, 18, 19)),
    "Mir": ("220[0-4]", (16, 17, 18, 19)),
    "Dankort": ("5019", (16,)),
    "RuPay": ("508[5-9]|8[12]", (16,)),
    "Troy": ("9792", (16,)),
}
"""Prefix and lengths by issuer (ISO/IEC 7812 ranges as the issuers publish them)."""

_NO_DIGITS = bytes(code for code in range(128) if not chr(code).isdigit())
_GAP = r"[ \t\xa0\u2000-\u200d\u202f\u2060\u3000\ufeff.·\-‐-―−－]{1,3}"

_OTHER_WORDS = (
    "order|track|parcel|packag|shipment|shipping|deliver|consignment|waybill|awb|ticket|case|claim|invoice|imei|serial"
    "|barcode|ean|isbn|sku|item|product|ref|receipt|tweet|status"
    "|bestell|auftrag|sendung|paket|rechnung|fall|vorgang|kunden|artikel|beleg"
    "|commande|colis|suivi|facture|dossier|article|réf"
    "|pedido|envío|envio|seguimiento|rastreo|factura|paquete|caso"
)
_CARD_WORDS = "card|visa|master|maestro|amex|credit|debit|karte|carte|tarjeta|carta|cartão"
_BETWEEN = r"[\s:#.=_°()\-–]"
_LINKING = "numbers?|no|nr|num|id|code|is|was|ist|lautet|est|es|de|del|n|nº|n°|numéro|numero|número|nummer"


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    """Compiled when first wanted: most texts never get here."""
    four = rf"\d{{4}}(?:{_GAP}\d{{4}}){{3}}"
    layouts = (
        r"\d{13,19}",
        rf"(?P<four>{four})(?:{_GAP}\d{{1,3}})?",
        rf"\d{{4}}{_GAP}\d{{6}}{_GAP}\d{{4,5}}",
        rf"\d{{4}}(?:{_GAP}\d{{4}}){{2}}{_GAP}\d{{1,3}}",
        rf"\d{{8}}{_GAP}\d{{8}}",
        rf"\d{{6}}{_GAP}\d{{10,13}}",
        rf"(?:\d{{5}}{_GAP}){{2}}\d{{5}}",
        rf"(?<!\d )\d\d(?:{_GAP}\d\d){{6,7}}",
        rf"(?<!\d )\d(?:{_GAP}\d){{14,15}}",
    )
    prefixes = "|".join(f"(?P<{name.replace(' ', '_')}>{prefix})" for name, (prefix, _) in _ISSUERS.items())
    return {
        # A group of digits that is torn out of no longer number; what was masked does not begin another one.
        "card": re.compile(rf"(?<!\d)(?<!\d[.\-])(?<!•)(?<!• )(?:{'|'.join(layouts)})(?!\d|[.\-]\d)"),
        "issuer": re.compile(prefixes),
        "other": re.compile(
            rf"\b(?:{_OTHER_WORDS})\w{{0,20}}(?:{_BETWEEN}{{1,3}}(?:{_LINKING})\b)*{_BETWEEN}{{0,4}}\Z", re.I
        ),
        "card word": re.compile(rf"(?:{_CARD_WORDS})\w{{0,12}}\b[^\d]{{0,30}}\Z", re.I),
        "card attached": re.compile(rf"(?:{_CARD_WORDS}|no|nr|cc)[.\-]?\Z", re.I),
        "attached": re.compile(r"[A-Za-z_][.\-]?\Z"),
        "goes on": re.compile(r"(?!exp|cv[cv])[A-Za-z_]", re.I),
    }


def _has_digits(text: str) -> bool:
    """False where a text has too few digits for a card number, of any script: this is what most posts pay."""
    if len(text.encode("utf-8", "surrogatepass").translate(None, _NO_DIGITS)) < _SHORTEST:
        return False
    return bool(text.isascii() or _DIGITS.search(text))


_LETTER = re.compile(r"[^\W\d_]")
_DIGITS = re.compile(rf"\d(?:\D{{0,3}}\d){{{_SHORTEST - 1}}}")


def _cards(text: str) -> Iterator[Found]:
    if not _has_digits(text):
        return
    pattern, at, tried = _patterns()["card"], 0, 0
    while tried < _CARDS_TRIED and (match := pattern.search(text, at)):
        at = match.start() + 1
        ends = sorted({match.end("four"), match.end()} - {-1})
        for end in ends:
            if found := _as_card(text, match.start(), end):
                yield found
                at = end
                break
        else:
            tried += 1


def _as_card(text: str, start: int, end: int) -> Found | None:
    digits = "".join(str(int(char)) for char in text[start:end] if char.isdecimal())
    issuer = _issuer(digits)
    if issuer is None:
        return None
    from stdnum import ean, luhn

    if luhn.checksum(digits) or (len(digits) == _SHORTEST and ean.is_valid(digits)):
        return None
    if _is_something_else(text, start, end):
        return None
    grouped = not text[start:end].isdecimal()
    certain = grouped or bool(_patterns()["card word"].search(_before(text, start)))
    why = f"{issuer} prefix, {len(digits)} digits, Luhn sum 0"
    return Found("card", start, end, digits, f"•••• {digits[-SHOWN_DIGITS:]}", why, certain)


def _issuer(digits: str) -> str | None:
    match = _patterns()["issuer"].match(digits)
    if match is None:
        return None
    name = str(match.lastgroup).replace("_", " ")
    return name if len(digits) in _ISSUERS[name][1] else None


def _is_something_else(text: str, start: int, end: int) -> bool:
    """Whether what stands around a number makes it a part of a code, a link or an IBAN, or names it an order."""
    patterns = _patterns()
    if patterns["goes on"].match(text, end) or text[start - 1 : start] in ("@", "+", "_"):
        return True
    before = _before(text, start)
    if not before:
        return False
    if patterns["attached"].search(before) and not patterns["card attached"].search(before):
        return True
    return bool(patterns["other"].search(before)) or _is_in_link(text, start) or _is_in_iban(text, start, end)


def _before(text: str, start: int) -> str:
    """What may say in words what a number is; empty where there are no words."""
    before = text[max(start - _BEFORE, 0) : start]
    return before if _LETTER.search(before) else ""


def _is_in_link(text: str, start: int) -> bool:
    since = max(start - 3 * _BEFORE, 0)
    link = max(text.rfind("://", since, start), text.rfind("www.", since, start))
    return link >= 0 and not any(map(str.isspace, text[link:start]))


def _is_in_iban(text: str, start: int, end: int) -> bool:
    since = max(start - _BEFORE, 0)
    return any(since + iban.start < start < since + iban.end for iban in _ibans(text[since : end + _BEFORE]))


# -- IBANs -------------------------------------------------------------------------------------------

_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ \xa0\-]?[A-Za-z0-9]){11,40}")
_IBAN_LENGTHS = range(15, 35)
_GROUP_END = re.compile(r"(?<=[A-Za-z0-9])(?![A-Za-z0-9])")


def _ibans(text: str) -> Iterator[Found]:
    for match in islice(_IBAN.finditer(text), _OTHERS_TRIED):
        # Words behind it look like more of it: where it ends, only its country and its check digits say.
        for end in (one.end() for one in _GROUP_END.finditer(text, match.start(), match.end() + 1)):
            iban = re.sub(r"[^A-Za-z0-9]", "", text[match.start() : end]).upper()
            if len(iban) in _IBAN_LENGTHS and _is_iban(iban):
                why = f"country {iban[:2]}, {len(iban)} characters, remainder 1 of 97"
                yield Found("iban", match.start(), end, iban, f"{iban[:2]}•• •••• {iban[-4:]}", why)
                break


def _is_iban(iban: str) -> bool:
    if int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4])) % 97 != 1:
        return False
    from stdnum.iban import is_valid

    return is_valid(iban)


# -- e-mail addresses --------------------------------------------------------------------------------

_DOMAIN = re.compile(r"(?<=[\w+])@(?:[^\W_][\w\-]{0,62}\.){1,4}[^\W\d_]{2,24}(?![\w@])")
_LOCAL = re.compile(r"(?<![\w.+\-@])[\w.+\-]{1,64}\Z")
_ROLES = (
    "account accounts admin aftersales aide assistance atencion atencionalcliente atendimento ayuda baggage billing "
    "booking bookings buchung care claims client cliente clientes clients commercial complaints consumer contact "
    "contacto contactus contato corporate customer customercare customerhelp customerrelations customers "
    "customerservice customerservices customersupport datenschutz deals delivery desk dialog digital ecommerce "
    "editor email enquiries enquiry feedback fundbuero gdpr general hallo hello help helpdesk hilfe hola hotline "
    "info information jobs kontakt kunden kundendialog kundenservice legal lost lostproperty mail marketing media "
    "news no noreply office online orders payments post postmaster press presse privacy property qa refund refunds "
    "reklamation relations reply reservas reservation reservations returns sales sav security service serviceclient "
    "services servicio shop social soporte store sugerencias support team tech ticket tickets tracking web "
    "webmaster webservices website zentrale"
)
"""Words of addresses that belong to an office, not to a person."""


def _emails(text: str) -> Iterator[Found]:
    if "@" not in text:
        return
    for match in islice(_DOMAIN.finditer(text), _OTHERS_TRIED):
        local = _LOCAL.search(text, max(match.start() - 65, 0), match.start())
        if local and not local[0].startswith((".", "-")):
            business = _is_of_an_office(local[0].casefold())
            shown = f"{local[0][0]}•••{match[0]}"
            value = f"{local[0]}{match[0]}".casefold()
            why = "an address of an office" if business else "an address of a person"
            yield Found("email", local.start(), match.end(), value, shown, why, business=business)


def _is_of_an_office(local: str) -> bool:
    roles = _ROLES.split()
    return all(word in roles for word in re.split(r"[._\-+\d]+", local) if word)


# -- phone numbers -----------------------------------------------------------------------------------

_DATE = re.compile(r"(?<!\d)(?<!\d[./\-])(?:\d{1,2}([./\-])\d{1,2}\1(?:\d{4}|\d{2})|\d{4}-\d{2}-\d{2})(?![./\-]?\d)")
_PHONE = re.compile(
    r"(?<![\w@#+=€$£•])(?<!\d[./\-,:])(?<![A-Za-z]-)"
    r"\(?\+?\(?\d(?:[ \xa0\u2009\u202f./()\-–]{0,3}\d){6,14}(?!\w|[.,:\-]\d)"
)
_NORTH_AMERICAN = re.compile(r"(?:1[ .\-]{0,2})?\(?[2-9]\d\d\)?[ .\-/]{1,3}[2-9]\d\d[ .\-]{1,3}\d{4}")
_AIR_TICKET = re.compile(r"00[16]\d{10}")  # 3 digits of the airline, such as 001 and 006, 10 of the document
_PHONE_WORD = re.compile(
    r"\b(?:phone|tel|telephone|call|cell|mobile|whatsapp|text|ring|contact|telefon|handy|mobil|ruf|nummer|erreichbar"
    r"|téléphone|portable|appel|appeler|teléfono|telefono|móvil|movil|llamar|llame|llámame)\w{0,8}"
    rf"(?:[\W_]{{1,3}}(?:{_LINKING}|me|us|on|at|unter|au|al|my|mein|mi|mon)\b){{0,4}}[\W_]{{0,4}}\Z",
    re.IGNORECASE,
)
_TYPES = (
    "fixed line", "mobile", "fixed line or mobile", "toll-free", "premium rate", "shared cost", "internet",
    "personal number", "pager", "company number", "voicemail",
)  # fmt: skip
"""What `phonenumbers.PhoneNumberType` counts."""
_BUSINESS_TYPES = (3, 4, 5, 9)
_OFFICE = re.compile(
    r"(?:cent(?:er|re)s?|offices?|teams?|departments?|dept|desk|line|support|services?|branch|store|reception|folks"
    r"|zentrale|büro|abteilung|hotline|filiale|kundendienst|agence|bureau|équipe|service client|centro|oficina|equipo"
    r"|tienda|atención)\b"
    r"(?:[\W_]{1,3}(?:on|at|is|the|number|no|nr|unter|ist|die|au|le|en|el|al|numéro|número)\b){0,4}[\W_]{0,4}\Z",
    re.IGNORECASE,
)
"""Whose number it is when the words before it say so: our call centre on …"""


def _phones(text: str, regions: tuple[str, ...]) -> Iterator[Found]:
    text = _DATE.sub(lambda match: "|" * len(match[0]), text)
    runs = islice(_PHONE.finditer(text), _RUNS_TRIED)
    likely = ((match, places) for match in runs if (places := _places(text, match, regions)))
    for match, places in islice(likely, _OTHERS_TRIED):
        if found := _as_phone(text, match, places):
            yield found


def _places(text: str, match: re.Match[str], regions: tuple[str, ...]) -> tuple[str | None, ...]:
    """Where a number may belong by the way it is written: `+` or `00` in the world, `(212) 555-2368` in North America,
    a trunk prefix `0` in the regions, anything else there too, but only behind a word such as phone."""
    written, before = match[0], _before(text, match.start())
    if "+" in written:
        return (None,)
    if not _PHONE_WORD.search(before):
        digits = sum(map(str.isdigit, written))
        if digits < 10 or _AIR_TICKET.fullmatch(written) or _patterns()["other"].search(before):
            return ()
        if not (written.lstrip("(").startswith("0") or _NORTH_AMERICAN.fullmatch(written)):
            return ()
    if _NORTH_AMERICAN.fullmatch(written):
        return ("US",)
    return (None,) if written.startswith("00") else regions


def _as_phone(text: str, match: re.Match[str], places: tuple[str | None, ...]) -> Found | None:
    import phonenumbers

    written = match[0]
    if places == (None,) and "+" not in written:
        written = f"+{written[2:]}"
    for place in places:
        try:
            number = phonenumbers.parse(written, place)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            value = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            kind = phonenumbers.number_type(number)
            name = _TYPES[kind] if kind < len(_TYPES) else "unknown type"
            why = f"{name}, valid in {phonenumbers.region_code_for_number(number) or 'the world'}"
            business = kind in _BUSINESS_TYPES or bool(_OFFICE.search(_before(text, match.start())))
            return Found("phone", match.start(), match.end(), value, f"•••• {value[-3:]}", why, business=business)
    return None


# -- booking codes -----------------------------------------------------------------------------------

_BOOKED = re.compile(
    r"\b(?P<word>bookings?|reservations?|references?|ref|record locator|locator|confirmation|pnr"
    r"|buchung\w{0,20}|reservierung\w{0,12}|vorgang\w{0,12}"
    r"|réservation|référence|dossier|localizador|reserva|prenotazione|boeking\w{0,12}|reservering\w{0,12})"
    rf"(?:[\W_]{{1,3}}(?:{_LINKING}|ref|reference|locator)\b){{0,4}}[\W_]{{1,4}}(?P<code>[A-Za-z0-9]{{6}})(?![\w\-])",
    re.IGNORECASE,
)
_NO_CODES = frozenset(("number", "please", "status", "system", "thanks", "urgent", "record"))


def _bookings(text: str, pattern: str) -> list[Found]:
    if pattern:
        return [_as_booking(match, "matches booking_pattern") for match in _by_pattern(text, pattern)]
    return [
        _as_booking(match, "6 letters and digits behind a word", "code")
        for match in islice(_BOOKED.finditer(text), _OTHERS_TRIED)
        if _is_code(match["word"], match["code"])
    ]


def _is_code(word: str, code: str) -> bool:
    """With a digit, or in capitals; where the word before is shouted too, capitals say nothing."""
    if any(map(str.isdigit, code)):
        return True
    shouted = word.isupper() and word != "PNR"
    return code.isupper() and not shouted and code.casefold() not in _NO_CODES


def _as_booking(match: Any, why: str, group: str | int = 0) -> Found:
    code = str(match[group])
    return Found("booking", match.start(group), match.end(group), code.upper(), f"••••{code[-2:].upper()}", why)


def _by_pattern(text: str, pattern: str) -> list[Any]:
    """The matches that an account's pattern finds in time; a pattern that cannot be used finds nothing."""
    import regex  # type: ignore[import-untyped]

    try:
        found = regex.compile(pattern).finditer(text, timeout=PATTERN_SECONDS)
        return [match for match in islice(found, _OTHERS_TRIED) if match[0]]
    except (regex.error, TimeoutError):
        return []


def pattern_problem(pattern: str) -> str | None:
    """Why a pattern of booking codes cannot be used; None: it can."""
    import regex

    try:
        compiled = regex.compile(pattern)
        if compiled.search("", timeout=PATTERN_SECONDS):
            return "finds a booking code in an empty text"
        for sample in ("a" * 500, "A1" * 250, "1" * 500, " " * 500):
            compiled.search(sample, timeout=PATTERN_SECONDS)
    except regex.error as error:
        return f"is no regular expression: {error}"
    except TimeoutError:
        return "takes too long over a text; make it simpler"
    return None
