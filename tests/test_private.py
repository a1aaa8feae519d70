"""Private data: what is a card number, an IBAN, an address, a phone number, a booking code, and what only looks so."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tui.private import Found, mask, masked, pattern_problem, search

HOSTILE_CHARACTERS = 40_000
HOSTILE_SECONDS = 0.5
"""Ten times what it takes here: machines that run tests are busy, and what is not linear takes minutes."""


def found(text: str, **values: str | tuple[str, ...]) -> list[tuple[str, str]]:
    return [(one.kind, one.value) for one in search(text, **values)]  # type: ignore[arg-type]


def card(text: str) -> bool:
    return any(one.kind == "card" for one in search(text))


def the(text: str) -> Found:
    (one,) = search(text)
    return one


CARDS = [
    ("4111111111111111", "1111", "Visa"),
    ("4222222222222", "2222", "Visa"),
    ("4111 1111 1111 1111", "1111", "Visa"),
    ("4111-1111-1111-1111", "1111", "Visa"),
    ("4111.1111.1111.1111", "1111", "Visa"),
    ("4111 - 1111 - 1111 - 1111", "1111", "Visa"),
    ("4111\xa01111\u20091111\u202f1111", "1111", "Visa"),
    ("4111–1111–1111–1111", "1111", "Visa"),
    ("41111111 11111111", "1111", "Visa"),
    ("41 11 11 11 11 11 11 11", "1111", "Visa"),
    ("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "1111", "Visa"),
    ("4000 0000 0000 0000 006", "0006", "Visa"),
    ("5555 5555 5555 4444", "4444", "Mastercard"),
    ("5105105105105100", "5100", "Mastercard"),
    ("2223003122003222", "3222", "Mastercard"),
    ("2720 9900 0000 0007", "0007", "Mastercard"),
    ("378282246310005", "0005", "American Express"),
    ("3714 496353 98431", "8431", "American Express"),
    ("3782 8224 6310 005", "0005", "American Express"),
    ("30569309025904", "5904", "Diners Club"),
    ("3852 000002 3237", "3237", "Diners Club"),
    ("6011111111111117", "1117", "Discover"),
    ("3530 1113 3330 0000", "0000", "JCB"),
    ("6200000000000005", "0005", "UnionPay"),
    ("6759649826438453", "8453", "Maestro"),
    ("2200 0000 0000 0004", "0004", "Mir"),
    ("４１１１　１１１１　１１１１　１１１１", "1111", "Visa"),
    ("٤١١١١١١١١١١١١١١١", "1111", "Visa"),
    ("४१११ ११११ ११११ ११११", "1111", "Visa"),
    ("𝟒𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏", "1111", "Visa"),
]
AROUND = [
    "{}", "My card is {}.", "card:{}, exp 12/27 123", "({})", "VISA {} 12/27", "visa{}", "{}exp0127", "Karte {} bitte!",
    "meine Kreditkartennummer: {}", "ma carte {} a été débitée deux fois", "mi tarjeta {} no funciona", "卡号{}谢谢",
    "Order 12345, card {}", "Order 12345 was paid with {}", "call me on 020 7946 0958, {}", "12 {} 123", "#{}",
    "I booked a ticket on 12/11 with {} and\nnothing came", "Ticket? No. {}", "@northline {}", "{}\n{}",
    "£120.50 from {}", "https://example.com/pay {}",
]  # fmt: skip


@pytest.mark.parametrize(("written", "last", "issuer"), CARDS)
def test_a_card_number_is_found_by_its_issuer_and_only_its_end_stays(written: str, last: str, issuer: str) -> None:
    one = the(written)
    assert (one.kind, one.shown) == ("card", f"•••• {last}")
    assert one.why == f"{issuer} prefix, {len(one.value)} digits, Luhn sum 0"
    assert mask(f"it is {written}, ok") == f"it is •••• {last}, ok"


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("written", ["4111111111111111", "5555 5555 5555 4444"])
def test_a_card_number_is_masked_wherever_it_stands(around: str, written: str) -> None:
    assert mask(around.format(written, written)) == around.format(*[f"•••• {written[-4:]}"] * 2)


NO_CARDS = [
    "4111111111111112",  # Luhn
    "4111 1111 1111 1112",
    "411111111111116",  # Luhn, but a digit short for Visa
    "411111111111111118",
    "5555555555554444448",
    "411111111111111111111111",
    "12345678901234567890",
    "9999999999999995",  # Luhn, no issuer
    "1234567812345670",
    "0000000000000000",
    "6331101999990016",  # a loyalty card
    "1Z4111111111111111",  # a parcel by UPS
    "JD4111111111111111",
    "4111111111111111GB",
    "9400100000000000000000",
    "Your tracking number is 4111111111111111",
    "parcel 4111 1111 1111 1111",
    "order #4111111111111111",
    "Order no. 4111111111111111",
    "my reference: 4111111111111111",
    "Sendungsnummer 4111111111111111",
    "Paketnummer: 4111111111111111",
    "Bestellnummer ist 4111111111111111",
    "numéro de suivi, colis n° 4111111111111111",
    "commande 4111111111111111",
    "el pedido es 4111111111111111",
    "número de seguimiento 4111111111111111",
    "IMEI 3530111333300000",
    "https://x.com/a/status/4111111111111111",
    "www.example.com/?id=4111111111111111",
    "@4111111111111111",
    "+4111111111111111",
    "CAS-4111111111111111",
    "0.4111111111111111",
    "4111111111111111.5",
    "99-4111-1111-1111-1111",
    "1853042671234567890",  # a tweet
    "1795000000000",  # milliseconds
    "20261124103000000",
    "2026-11-24 10:30:00",
    "111-5014070-4118645",  # an order of Amazon
    "PP-006-234-348-863",
    "0062395415777",  # an airline ticket
    "4006381333931",  # a bar code, Luhn not checked
    "4000000000006",  # Luhn and a bar code
    "8.4.24.871 1.0.68.407",
    "+49 1708733216",
    "0344 556 5650 or 0345 600 0441",
    "04 11 23 33 42 44 45",
    "IBAN DE70 4005 0150 0010 1456 78",  # its bank and account are a Visa number too
    "4111, 1111, 1111, 1111",
    "4111 1111\n1111 1111",
    "€4,111,111,111,111,111",
    "trains 1711 1811 1911 2011 2111 2211",
    "•••• 1111",
    "•••• 4111 1111 1111 1111",
    "XXXX XXXX XXXX 1111",
    "no digits at all",
    "",
]


@pytest.mark.parametrize("text", NO_CARDS)
def test_what_only_looks_like_a_card_number_stays(text: str) -> None:
    assert mask(text) == text
    assert not card(text)


def test_one_tracking_number_in_ten_passes_luhn_and_few_of_those_are_taken_for_a_card() -> None:
    numbers = [str(9_000_000_000_000_000 + 7 * n) for n in range(5_000)]  # no issuer begins so, but for 9792
    assert [n for n in numbers if card(n)] == []


def test_numbers_in_one_piece_are_less_certain_than_those_written_as_on_a_card() -> None:
    assert [the(text).certain for text in ("4111111111111111", "4111 1111 1111 1111", "card 4111111111111111")] == [
        False, True, True,
    ]  # fmt: skip


def test_what_was_masked_is_seen() -> None:
    assert masked(mask("4111111111111111 and 5555 5555 5555 4444")) == ["•••• 1111", "•••• 4444"]
    assert masked("I paid •••• for it") == masked("•••••• 1111") == masked("") == []


@given(st.text())
def test_nothing_changes_without_a_card_number(text: str) -> None:
    assert (mask(text) == text) != card(text)


PIECES = st.sampled_from(
    [
        "4111", "1111", "4111111111111111", "4111 1111 1111 1111", "5555555555554444", "4242", "•••• ", "•", " ", "-",
        ".", "41", "4", "1", "123", "order ", "card ", "https://", "www.", "a", "_", "@", "+", "\n", "٤١١١", "é",
        "4222222222222", "3714 496353 98431", "000000", "DE70 ", "tracking no ", "exp", "/",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join))
@example("4111 1111 1111 1111 4242 4242 4242")
def test_masking_twice_is_masking_once(text: str) -> None:
    once = mask(text)
    assert mask(once) == once
    assert not card(once)


@given(st.text() | st.lists(PIECES, max_size=40).map("".join) | st.text(st.characters(categories=["Cs", "Nd", "No"])))
def test_no_text_makes_a_search_fail_and_what_is_found_stands_there(text: str) -> None:
    mask(text)
    ends = 0
    for one in search(text):
        assert ends <= one.start < one.end <= len(text)
        ends = one.end


HOSTILE = [
    "1", "4", "4 ", "44 ", "4444 ", "4111 1111 1111 1112 ", "4111111111111111 ", "4111 1111 1111 1111 ", "4-",
    "4444.", "0 ", "01", "00 4", "+1", "+49 ", "(1", "0170 8733216 ", "212-555-0123 ", "a@", "a@a.", "@", "a.", "a",
    "AA00", "AA00 ", "DE89 3704 0044 0532 0130 01 ", "٤", "４１１１ ", "ref ref ABC123 ", "booking no no no no ", "• ",
    "order ", "tel on ", "\u200b1", "https://4111111111111111/", "Привет ", "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_a_long_hostile_text_takes_little_time(unit: str) -> None:
    text = (unit * HOSTILE_CHARACTERS)[:HOSTILE_CHARACTERS]
    search("4111 1111 1111 1111 DE89370400440532013000 +49 1708733216")  # what loads late is loaded
    began = time.perf_counter()
    mask(text)
    search(text)
    assert time.perf_counter() - began < HOSTILE_SECONDS


def test_a_card_number_behind_letters_and_digits_of_no_iban_is_one() -> None:
    assert mask("BA12 4005 0150 0010 1456 78") == "BA12 •••• 1456 78"


# -- IBANs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "iban"),
    [
        ("DE89370400440532013000", "DE89370400440532013000"),
        ("DE89 3704 0044 0532 0130 00", "DE89370400440532013000"),
        ("de89 3704 0044 0532 0130 00 danke und viele Grüße", "DE89370400440532013000"),
        ("IBAN:GB82WEST12345698765432.", "GB82WEST12345698765432"),
        ("Please refund to GB82 WEST 1234 5698 7654 32 as agreed on the phone", "GB82WEST12345698765432"),
        ("mon IBAN FR14 2004 1010 0505 0001 3M02 606 merci", "FR1420041010050500013M02606"),
        ("ES91 2100 0418 4502 0005 1332", "ES9121000418450200051332"),
        ("NO9386011117947", "NO9386011117947"),
    ],
)
def test_an_iban_is_found(text: str, iban: str) -> None:
    one = the(text)
    assert (one.kind, one.value) == ("iban", iban)
    assert one.shown == f"{iban[:2]}•• •••• {iban[-4:]}"


@pytest.mark.parametrize(
    "text",
    [
        "DE89370400440532013001", "DE98 3704 0044 0532 0130 00", "DE8937040044053201300", "XX46370400440532013000",
        "DE5137040044053201300",
        "ADE89370400440532013000", "DE89 3704 0044", "GB82 WEST of London 1234567890", "RE12 345678901234567890",
        "https://example.com/DE89370400440532013000",
    ],
)  # fmt: skip
def test_what_only_looks_like_an_iban_is_none(text: str) -> None:
    assert "iban" not in dict(found(text)) or "://" in text


# -- e-mail addresses --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "address", "business"),
    [
        ("write to Amanda.C@example.com please", "amanda.c@example.com", False),
        ("<amanda+trains@mail.example.co.uk>", "amanda+trains@mail.example.co.uk", False),
        ("meine Adresse: käthe@beispiel.de.", "käthe@beispiel.de", False),
        ("amandasupport@example.com", "amandasupport@example.com", False),
        ("help@northline.example", "help@northline.example", True),
        ("Customer.Relations@northline.example", "customer.relations@northline.example", True),
        ("kundenservice@northline.example", "kundenservice@northline.example", True),
        ("no-reply@northline.example", "no-reply@northline.example", True),
        ("support2@northline.example", "support2@northline.example", True),
    ],
)
def test_an_address_is_found_and_that_of_an_office_is_told_apart(text: str, address: str, business: bool) -> None:
    one = the(text)
    assert (one.kind, one.value, one.business) == ("email", address, business)
    assert one.shown.casefold() == f"{address[0]}•••@{address.partition('@')[2]}"


@pytest.mark.parametrize(
    "text",
    [
        "@northline", "@amanda@mastodon.social", "@amanda.bsky.social", "a@b", "@@__email__", "me @ home.now", "3@4.50",
        "a@b@c.example", ".@northline hi",
    ],
)  # fmt: skip
def test_handles_are_no_addresses(text: str) -> None:
    assert found(text) == []


# -- phone numbers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number", "business"),
    [
        ("Contact: +49 1708733216", "+491708733216", False),
        ("+44 (0)20 7946 0958", "+442079460958", False),
        ("(+234) 70 94250 556", "+2347094250556", False),
        ("0049 170 8733216", "+491708733216", False),
        ("850.266.3576", "+18502663576", False),
        ("It is +1(818)930-5703", "+18189305703", False),
        ("(212) 736-5000", "+12127365000", False),
        ("07911 123456", "+447911123456", False),
        ("0049301234567", "+49301234567", False),
        ("since 01.12.17 07911 123456 is dead", "+447911123456", False),
        ("call 0800 123 4567", "+448001234567", True),
        ("0344 556 5650 from 8am", "+443445565650", True),
        ("1.877.350.0038", "+18773500038", True),
        ("our Thailand Call Centre on +66 2 515 9999", "+6625159999", True),
        ("unsere Hotline ist +49 30 901820", "+4930901820", True),
    ],
)
def test_a_phone_number_is_found_and_that_of_a_business_is_told_apart(text: str, number: str, business: bool) -> None:
    one = the(text)
    assert (one.kind, one.value, one.business) == ("phone", number, business)
    assert one.shown == f"•••• {number[-3:]}"


@pytest.mark.parametrize(
    "text",
    [
        "0062395415777", "0012127365000", "02/11/17 03/11/17",
        "111-5014070-4118645", "Order# 3632693-6196346", "between 2002 and 2012 and 1982 - 2017",
        "on 01.12.2017 and 02/12/2017", "09:00-17:00, 10:00-14:00", "2026-11-24", "PP-006-234-348-863", "CRM:0326600",
        "1.0.65.320", "192.168.100.100", "€ 1.234.567,00", "$2125552368", "Reference number is 16934380",
        "Bestellnummer 0170 8733216", "order 07911 123456", "IC 1234 5678", "9400100000000000000000",
        "https://example.com/07911123456", "@07911123456", "1795000000000", "12 34 56 78 90", "+1 234", "6123456789",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_phone_number_is_none(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("Tel.: 0170/8733216", "DE", "+491708733216"),
        ("mon portable est le 06 12 34 56 78", "FR", "+33612345678"),
        ("06.12.34.56.78", "FR", "+33612345678"),
        ("mi móvil es 612 345 678", "ES", "+34612345678"),
        ("03 9652 5000", "AU", "+61396525000"),
    ],
)
def test_a_number_without_a_country_belongs_where_we_are(text: str, region: str, number: str) -> None:
    assert found(text, regions=(region,)) == [("phone", number)]


def test_a_number_of_nowhere_near_is_none() -> None:
    assert found("03 9652 5000", regions=("ES",)) == found("612 345 678", regions=("ES",)) == []


# -- booking codes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Booking ref MP79V2 and", "MP79V2"),
        ("booking #YIU8NM", "YIU8NM"),
        ("my PNR is ABCDEF", "ABCDEF"),
        ("my pnr x7k2pq", "X7K2PQ"),
        ("Buchungscode: QWE12R", "QWE12R"),
        ("Meine Buchungsnummer lautet QWERTZ", "QWERTZ"),
        ("réservation n° AB12CD", "AB12CD"),
        ("mi localizador es AB12CD", "AB12CD"),
        ("Reference number: 1A2B3C", "1A2B3C"),
        ("confirmation 123456", "123456"),
    ],
)
def test_a_booking_code_is_found_behind_its_word(text: str, code: str) -> None:
    one = the(text)
    assert (one.kind, one.value, one.shown) == ("booking", code, f"••••{code[-2:]}")


@pytest.mark.parametrize(
    "text",
    [
        "MP79V2", "booking please", "booking number", "BOOKING SYSTEM", "PNR NUMBER", "my booking failed",
        "reference guides", "booking ref MP79V2X", "booking ABC-123456", "PNR 1234567890", "Buchung wurde",
        "RESERVATION FAILED TODAY",
    ],
)  # fmt: skip
def test_a_word_behind_booking_is_no_code(text: str) -> None:
    assert found(text) == []


def test_an_account_has_a_pattern_of_its_own() -> None:
    assert found("please look at NL-123456", pattern=r"NL-\d{6}") == [("booking", "NL-123456")]
    assert found("booking MP79V2", pattern=r"NL-\d{6}") == []


def test_a_slow_pattern_finds_nothing_and_takes_no_time() -> None:
    began = time.perf_counter()
    assert found("a" * 5_000 + "!", pattern=r"(a|aa|a?)+$") == []
    assert time.perf_counter() - began < HOSTILE_SECONDS


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("[A-Z0-9]{6}", None),
        (r"NL-\d{6}", None),
        ("[A-Z", "is no regular expression"),
        ("[A-Z]*", "empty text"),
        (r"^(a|aa|a?)+(?=b)$", "too long"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_told(pattern: str, problem: str | None) -> None:
    said = pattern_problem(pattern)
    assert said == problem or (said is not None and problem is not None and problem in said)
