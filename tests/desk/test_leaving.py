"""A text as it leaves: signature, @acct, parts, pictures; and that it comes back as it was typed."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from making import NOW, US, ours, post, take

from tui.clock import MINUTE
from tui.config import AccountSettings, Config
from tui.desk import claims, drafts, guard, leaving, outbox
from tui.desk.composition import NOTHING, Composition, composition
from tui.desk.guard import gather
from tui.errors import Misuse, Refused
from tui.networks import pictures
from tui.networks.limits import count, left, split
from tui.networks.records import Attachment, Outgoing, Receipt
from tui.store.reader import Reader
from tui.store.store import Store

SIGNED = AccountSettings(signature="^{initials}")
PLAIN = AccountSettings()
TEXT = "We are sorry. Which train was it?"
ONE = 1
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def leaves(text: str, settings: AccountSettings = SIGNED, **values: Any) -> str:
    given = {"network": "x", "recipient": "amandac", "agent": "ana bauer"} | values
    return leaving.as_it_leaves(text, settings=settings, **given)


# -- the signature -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agent", "template", "ends"),
    [
        ("ana bauer", "^{initials}", " ^AB"),
        ("ana", "^{initials}", " ^AN"),
        ("ana-maria.de la cruz", "^{initials}", " ^AMDL"),
        ("Ana", "– {agent}", " – Ana"),
        ("ben", "^{initials}", " ^BX"),
        ("BEN", "/{initials}", " /BX"),
        ("ana", "\n{agent} from Northline", "\nana from Northline"),
        ("ana", "", ""),
        ("ø", "^{initials}", " ^Ø"),
    ],
)
def test_a_text_ends_with_the_signature_of_its_agent(agent: str, template: str, ends: str) -> None:
    signed = leaves(TEXT, AccountSettings(signature=template), agent=agent, initials={"Ben": "BX"})
    assert signed == TEXT + ends


@pytest.mark.parametrize(
    "text",
    [
        f"{TEXT} ^AB", f"{TEXT}\n^ab ", f"{TEXT} ^CD", f"{TEXT} ^KX.", f"{TEXT} ^AB 1/2", f"{TEXT} ^CD (2/2)", "^AB",
    ],
)  # fmt: skip
def test_it_is_never_doubled_nor_is_a_colleague_s(text: str) -> None:
    assert leaves(text, initials={"kim": "kx"}) == text


@pytest.mark.parametrize("text", [f"{TEXT} ^AB and more", f"{TEXT} ^Ab later", "2^AB", "the ^CDEFG"])
def test_what_only_looks_like_a_signature_is_signed(text: str) -> None:
    assert leaves(text) == f"{text} ^AB"


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_nothing_is_put_around_nothing(text: str) -> None:
    assert leaves(text, network="mastodon") == text


def test_without_a_signature_texts_for_x_and_bluesky_stay_as_typed() -> None:
    for network in ("x", "bluesky", "forum"):
        assert leaves(f" {TEXT}\n", PLAIN, network=network) == f" {TEXT}\n"


def test_a_signature_with_an_unknown_placeholder_is_named() -> None:
    assert list(leaving.vet(AccountSettings(signature="^{initials} {agent}"))) == []
    assert list(guard.vet(AccountSettings(signature="^{name}"))) == [
        ("signature", "has an unknown {name}; write {initials} or {agent}")
    ]


# -- @acct -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "recipient", "front"),
    [
        (TEXT, "amandac@social.example", "@amandac@social.example "),
        (TEXT, "amandac", "@amandac "),
        (f"@AmandaC@social.example {TEXT}", "amandac@social.example", ""),
        (f"{TEXT} @amandac@social.example.", "amandac@social.example", ""),
        (f"@amandac@social.example.org {TEXT}", "amandac@social.example", "@amandac@social.example "),
        (f"@amandac {TEXT}", "amandac@social.example", "@amandac@social.example "),
        (f"@amandac@social.example {TEXT}", "amandac", ""),
        (f"@amandacc {TEXT}", "amandac", "@amandac "),
        (TEXT, "no handle at all", ""),
        (TEXT, "", ""),
    ],
)
def test_on_mastodon_a_text_names_whom_it_is_for(text: str, recipient: str, front: str) -> None:
    assert leaves(text, PLAIN, network="mastodon", recipient=recipient) == front + text


HANDLES = st.from_regex(r"\A[a-z0-9_.]{0,12}(@[a-z.]{1,12})?\Z")
TEMPLATES = st.sampled_from(["", "^{initials}", "– {agent}", "{agent}", "\n/{initials}", "*{initials}*", "{initials}."])


@given(st.text(max_size=60), TEMPLATES, HANDLES, st.text(min_size=1, max_size=12), st.sampled_from(["x", "mastodon"]))
@example("^AB 1/2", "^{initials}", "a", "ana bauer", "mastodon")
def test_what_is_final_stays_so_and_what_was_typed_can_be_had_back(
    text: str, template: str, handle: str, agent: str, network: str
) -> None:
    values: dict[str, Any] = {
        "network": network, "recipient": handle, "settings": AccountSettings(signature=template), "agent": agent
    }  # fmt: skip
    around = leaving.around(text, **values)
    final = leaving.put_around(text, around)
    assert leaving.as_it_leaves(final, **values) == final == leaving.as_it_leaves(text, **values)
    assert leaving.as_typed(final, around) == (text.rstrip() if around[1] else text)


# -- through the outbox ------------------------------------------------------------------------------

CONFIG = Config(accounts={"default": SIGNED})
UNDO = CONFIG.desk.undo
LONG = " ".join(f"This is sentence number {n} of a text that is too long." for n in range(20))
ACCT = "amandac@social.example"


@pytest.fixture
def on_mastodon(store: Store) -> None:
    asked = post("q", author=ACCT, text="@northline where is my train?", network="mastodon", account=US, ago=MINUTE)
    take(store, asked)


@pytest.fixture
def on_x(store: Store) -> None:
    take(store, post("q", text=f"{US} where is my train?", ago=MINUTE))


def hold(store: Store, text: str = TEXT, *, agent: str = "ana bauer", config: Config = CONFIG, **values: Any) -> int:
    with store.transaction() as session:
        claim = claims.claim(session, ONE, agent=agent, now=NOW, lease=30 * MINUTE)
        reply, _ = outbox.hold(session, claim, text, config=config, now=NOW, **values)
    return reply


def start(store: Store, config: Config = CONFIG) -> Outgoing | None:
    with store.transaction() as session:
        outbox.queue_due(session, NOW + UNDO)
        started = outbox.start_sending(session, NOW + UNDO, config)
    assert started is not None
    return started[1]


def draft_of(reader: Reader) -> str:
    draft = reader.draft(ONE)
    assert draft is not None
    assert composition(draft.composition).around == NOTHING.around
    return draft.text


@pytest.mark.usefixtures("on_x")
def test_guard_outbox_and_network_have_the_same_text(store: Store, reader: Reader) -> None:
    case = gather.case(reader, ONE, TEXT, agent="ana bauer", config=CONFIG, now=NOW)
    reply = hold(store)
    outgoing = start(store)
    assert outgoing is not None
    assert {case.text, reader.replies(ONE)[0].text, outgoing.text} == {f"{TEXT} ^AB"}
    assert reply == 1


@pytest.mark.usefixtures("on_x")
def test_the_signature_is_counted(store: Store, reader: Reader) -> None:
    fits = "a" * (280 - len(" ^AB"))
    for text, stops in ((fits, []), (f"{fits}a", ["length"])):
        case = gather.case(reader, ONE, text, agent="ana bauer", config=CONFIG, now=NOW)
        assert [finding.check for finding in guard.examine(case)] == stops


@pytest.mark.usefixtures("on_x")
def test_what_is_recalled_is_as_it_was_typed_and_is_signed_by_whoever_sends_it(store: Store, reader: Reader) -> None:
    reply = hold(store)
    with store.transaction() as session:
        outbox.recall(session, reply, agent="ana bauer", now=NOW)
        claims.release(session, ONE, agent="ana bauer", now=NOW)
    assert draft_of(reader) == TEXT
    hold(store, draft_of(reader), agent="ben")
    assert reader.replies(ONE)[-1].text == f"{TEXT} ^BE"


@pytest.mark.usefixtures("on_x")
def test_what_failed_is_as_it_was_typed_and_leaves_as_it_was_when_retried(store: Store, reader: Reader) -> None:
    reply = hold(store)
    start(store)
    with store.transaction() as session:
        outbox.failed(session, reply, "no", NOW + UNDO)
    assert draft_of(reader) == TEXT
    other = Config(accounts={"default": AccountSettings(signature="– {agent}")})
    with store.transaction() as session:
        outbox.retry(session, reply, agent="ana bauer", config=other, now=NOW + UNDO)
    assert reader.draft(ONE) is None, "the text that is on its way again is no draft"
    outgoing = start(store, other)
    assert outgoing is not None
    assert outgoing.text == f"{TEXT} ^AB"


@pytest.mark.usefixtures("on_mastodon")
def test_each_part_on_mastodon_names_them_and_the_last_is_signed(store: Store, reader: Reader) -> None:
    hold(store, LONG, split=True)
    texts = [row.text for row in reader.replies(ONE)]
    assert len(texts) == 3
    assert all(text.startswith(f"@{ACCT} ") and count(text, "mastodon").over == 0 for text in texts)
    assert [("^AB" in text, text.count(ACCT)) for text in texts] == [(False, 1), (False, 1), (True, 1)]
    assert texts[-1].endswith(" ^AB 3/3")


@pytest.mark.usefixtures("on_mastodon")
@pytest.mark.parametrize("gone", [0, 1, 2])
def test_of_parts_on_mastodon_what_is_left_comes_back_as_it_was_typed(store: Store, reader: Reader, gone: int) -> None:
    hold(store, LONG, split=True)
    parts = reader.replies(ONE)
    for row in parts[:gone]:
        start(store)
        with store.transaction() as session:
            outbox.sent(session, row.id, Receipt(f"n{row.id}"), NOW + UNDO)
    start(store)
    with store.transaction() as session:
        outbox.failed(session, parts[gone].id, "no", NOW + UNDO)
    went = " ".join(row.text.removeprefix(f"@{ACCT} ")[:-4] for row in parts[:gone])
    assert f"{went} {draft_of(reader)}".strip() == LONG


@pytest.mark.usefixtures("on_mastodon")
def test_who_writes_to_somebody_else_on_mastodon_is_still_stopped(reader: Reader) -> None:
    """The name that is put in front does not hide the one that was typed."""
    for text, stops in ((f"@bob@social.example {TEXT}", ["wrong-account"]), (TEXT, [])):
        case = gather.case(reader, ONE, text, agent="ana bauer", config=CONFIG, now=NOW)
        assert [finding.check for finding in guard.examine(case)] == stops


@given(st.text(st.sampled_from("ab. \n"), max_size=400), st.sampled_from(["", "@a "]))
def test_left_and_gone_make_the_whole(body: str, lead: str) -> None:
    whole = lead + body
    try:
        made = split(whole, "mastodon", limit=60, lead=lead)
    except ValueError:
        return
    if len(made) > 1:
        assert all(part.startswith(lead) for part in made)
        for gone in range(len(made) + 1):
            rest = left(whole, made[:gone], lead=lead)
            went = "".join(part.removeprefix(lead)[:-4] for part in made[:gone])
            assert "".join((went + rest.removeprefix(lead)).split()) == "".join(body.split())


def test_a_content_warning_counts_and_its_links_whole() -> None:
    link = "https://northline.example.com/" + "a" * 40
    assert count(TEXT, "mastodon", warning=link).used == len(TEXT) + len(link)
    assert len(split("word " * 90, "mastodon", warning="w" * 100)) == 2
    assert count(TEXT, "x", warning=link).used == len(TEXT)


@pytest.mark.usefixtures("on_mastodon")
def test_the_guard_counts_the_warning_above_the_text(reader: Reader) -> None:
    text = "a " * 200
    for letters, stops in ((20, []), (200, ["length"])):
        made_of = Composition(warning="w" * letters)
        case = gather.case(reader, ONE, text, agent="ana bauer", config=CONFIG, now=NOW, made_of=made_of)
        assert [finding.check for finding in guard.examine(case)] == stops


# -- pictures ----------------------------------------------------------------------------------------


def picture(folder: Path, name: str = "map.png", content: bytes = PNG) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "fits"),
    [
        (PNG, True), (b"\xff\xd8\xff\xe0" + b"\0" * 20, True), (b"GIF89a" + b"\0" * 9, True),
        (b"RIFF\0\0\0\0WEBPVP8 ", True), (b"RIFF\0\0\0\0WAVEfmt ", False), (b"<svg/>", False), (b"", False),
    ],
)  # fmt: skip
def test_a_picture_is_known_by_its_first_bytes(tmp_path: Path, content: bytes, fits: bool) -> None:
    path = picture(tmp_path, content=content)
    if fits:
        assert pictures.checked(f" {path} ", "x") == str(path)
    else:
        with pytest.raises(Misuse, match=r"map\.png is no PNG, JPEG, GIF or WebP"):
            pictures.checked(str(path), "x")


def missing(folder: Path) -> Path:
    return folder / "nothing.png"


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.png")
    return folder / "pipe.png"


def large(folder: Path) -> Path:
    path = picture(folder, "large.png")
    os.truncate(path, pictures.MOST_BYTES["bluesky"] + 1)
    return path


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (missing, "There is no file nothing.png"), (pipe, "pipe.png is no file"), (lambda folder: folder, "is no file"),
        (large, r"large.png is too large for bluesky \(2.0 of 2.0 MB\)"), (lambda _: "a\0b", "cannot be read"),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused_in_a_sentence(tmp_path: Path, made: Callable[[Path], Any], why: str) -> None:
    with pytest.raises(Misuse, match=why):
        pictures.checked(str(made(tmp_path)), "bluesky")


def test_a_picture_needs_words_for_who_cannot_see_it() -> None:
    assert pictures.described(" The map\nof line 4 ") == "The map of line 4"
    for alt, why in ((" ", "Say what the picture shows"), ("a" * 1_001, "1 characters too long")):
        with pytest.raises(Misuse, match=why):
            pictures.described(alt)


@pytest.mark.usefixtures("on_mastodon")
def test_pictures_go_with_the_first_part_and_stand_in_our_post(store: Store, reader: Reader, tmp_path: Path) -> None:
    made_of = Composition(
        media=(Attachment(str(picture(tmp_path)), "a map"),), warning="heat", visibility="unlisted"
    )  # fmt: skip
    hold(store, LONG, split=True, made_of=made_of)
    went = []
    for row in reader.replies(ONE):
        outgoing = start(store)
        assert outgoing is not None
        went.append(outgoing)
        with store.transaction() as session:
            outbox.sent(session, row.id, Receipt(f"n{row.id}"), NOW + UNDO)
    assert [len(one.media) for one in went] == [1, 0, 0]
    assert {(one.warning, one.visibility) for one in went} == {("heat", "unlisted")}
    posts = [found for found in reader.posts(ONE) if found.ours]
    assert [found.media for found in posts] == [[{"type": "image", "alt": "a map"}], [], []]


@pytest.mark.usefixtures("on_x")
def test_a_picture_that_is_gone_stops_the_reply_before_and_after_it_is_held(
    store: Store, reader: Reader, tmp_path: Path
) -> None:
    path = picture(tmp_path)
    made_of = Composition(media=(Attachment(str(path), "a map"),))
    hold(store, made_of=made_of)
    path.unlink()
    assert start(store) is None
    (row,) = reader.replies(ONE)
    assert (row.state, row.error) == ("failed", "There is no file map.png; check the path.")
    assert draft_of(reader) == TEXT
    assert composition(reader.draft(ONE).composition) == made_of  # type: ignore[union-attr]
    with store.transaction() as session:
        drafts.discard(session, ONE)
    with pytest.raises(Refused, match=r"There is no file map\.png"):
        hold(store, made_of=made_of)


@pytest.mark.usefixtures("on_mastodon")
def test_who_sees_a_private_message_is_not_chosen(store: Store) -> None:
    take(store, post("dm", author=ACCT, text="private words", network="mastodon", account=US, kind="dm"))
    with store.transaction() as session:
        two = claims.claim(session, 2, agent="ana bauer", now=NOW, lease=30 * MINUTE)
        outbox.hold(session, two, TEXT, config=CONFIG, now=NOW, made_of=Composition(visibility="public"))
    outgoing = start(store)
    assert outgoing is not None
    assert (outgoing.private, outgoing.visibility) == (True, "")
    assert outgoing.text == f"@{ACCT} {TEXT} ^AB", "a private message names them, and is signed as any other"


@pytest.mark.usefixtures("on_x")
def test_one_s_own_signed_answers_are_known_by_it(store: Store, reader: Reader) -> None:
    """The parts of an answer are told from a second answer by the signature that was put there."""
    take(store, ours("a", "q", text="First of all, sorry. ^AB", created_at=NOW - 30_000), now=NOW)
    for agent, answered in (("ana bauer", False), ("ben", True)):
        case = gather.case(reader, ONE, "It was the 8:14.", agent=agent, config=CONFIG, now=NOW)
        assert ("answered" in [finding.check for finding in guard.examine(case)]) == answered


def test_a_composition_keeps_what_was_put_around_it() -> None:
    kept = replace(NOTHING, around=("@a ", " ^AB"))
    assert composition(kept.as_json()) == kept
    assert NOTHING.as_json() is None
