"""The demo's world is whole, plays by the clock, and its customers answer."""

import json
import unicodedata
from collections import Counter
from dataclasses import replace

import pytest
from liquid import Environment

from tui.clock import DAY, HOUR, MINUTE, SECOND
from tui.networks.records import KINDS, Outgoing, Post, RefusedByNetwork
from tui.networks.scripted import ACCOUNTS, ANSWER_EARLIEST, ANSWER_LATEST, ECHO_AFTER, Scripted, canned

START = 1_790_000_000_000
OUR_HANDLES = {handle.removeprefix("@") for handle in ACCOUNTS.values()}
LIMITS = {"x": 280, "bluesky": 300, "mastodon": 2_100}


class Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> int:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def demo(clock: Clock) -> Scripted:
    return Scripted(START, clock=clock)


def whole_script() -> list[Post]:
    clock = Clock()
    demo = Scripted(START, clock=clock)
    clock.at = START + DAY
    return demo.backlog() + demo.read(None)[0]


SCRIPT = whole_script()
FIRST = {post.id: post for post in reversed(SCRIPT)}


def is_ours(post: Post) -> bool:
    return post.author.handle in OUR_HANDLES


def at(id: str) -> float:
    """Seconds from the start of the demo."""
    return (FIRST[id].created_at - START) / SECOND


def line(id: str, at: int = -60, **fields: object) -> dict[str, object]:
    author = {"id": "1", "handle": "amanda", "name": "Amanda C"}
    return {"at": at, "network": "x", "id": id, "author": author, "text": "hello @northline"} | fields


def reply_to(post: Post, key: str = "k1", text: str = "Hello", **fields: object) -> Outgoing:
    given = Outgoing(post.network, post.account, post.id, text, key, private=post.kind == "dm")
    return replace(given, **fields)  # type: ignore[arg-type]


def answers_to(demo: Scripted, clock: Clock, reply: Outgoing) -> list[Post]:
    own = demo.publish(reply).native_id
    clock.at += ANSWER_LATEST
    return [post for post in demo.read(None)[0] if post.in_reply_to == own]


# --- the script


def test_it_is_a_busy_day_on_three_networks() -> None:
    assert len(SCRIPT) >= 110
    assert {post.network for post in SCRIPT} == set(ACCOUNTS)
    assert all(post.account == ACCOUNTS[post.network] for post in SCRIPT)
    assert all(post.kind in KINDS for post in SCRIPT)


def test_the_desk_looks_alive_from_the_first_second(demo: Scripted) -> None:
    backlog = demo.backlog()
    begun = [post for post in backlog if not post.in_reply_to and not is_ours(post)]
    assert 40 <= len(begun) <= 50
    answered = {post.in_reply_to for post in backlog if is_ours(post)}
    assert 15 <= len([post for post in begun if post.id in answered]) <= 25
    assert any(post.created_at > START - 5 * MINUTE for post in begun)
    assert any(START - 6 * HOUR < post.created_at < START - HOUR for post in begun)


def test_posts_arrive_for_a_quarter_of_an_hour_fastest_at_first(demo: Scripted, clock: Clock) -> None:
    cursor, arrivals = None, []
    for _ in range(18 * 6):
        clock.at += 10 * SECOND
        posts, cursor = demo.read(cursor)
        arrivals.append(len(posts))
    assert all(2 <= count <= 5 for count in arrivals[:12])
    assert sum(arrivals[12:24]) < sum(arrivals[:12])
    assert all(sum(arrivals[minute : minute + 6]) for minute in range(0, 15 * 6, 6))
    assert sum(arrivals) == len(SCRIPT) - len(demo.backlog())


def test_only_the_edited_and_the_deleted_post_come_twice() -> None:
    times = Counter((post.network, post.id) for post in SCRIPT)
    assert {key: count for key, count in times.items() if count > 1} == {
        ("mastodon", "edited-platform"): 2,
        ("x", "deleted-rant"): 2,
    }
    assert len({id for _, id in times}) == len(times)


def test_the_edited_post_has_another_text_later() -> None:
    before, after = [post for post in SCRIPT if post.id == "edited-platform"]
    assert "platform 3" in before.text
    assert "platform 5" in after.text
    assert before.created_at == after.created_at


def test_the_deleted_post_was_there_before() -> None:
    before, after = [post for post in SCRIPT if post.id == "deleted-rant"]
    assert (before.deleted, after.deleted) == (False, True)


def test_an_author_is_one_person() -> None:
    authors = {(post.network, post.author.id): post.author for post in SCRIPT}
    assert all(authors[post.network, post.author.id] == post.author for post in SCRIPT)
    handles = {(network, author.handle) for (network, _), author in authors.items()}
    assert len(handles) == len(authors)


def test_replies_and_roots_point_at_posts_that_came_before() -> None:
    for post in SCRIPT:
        if post.in_reply_to:
            target = FIRST[post.in_reply_to]
            assert (target.network, target.created_at < post.created_at) == (post.network, True), post.id
        if post.kind in ("repost", "quote"):
            assert post.root is not None
            assert post.root_id == post.root.id
            assert post.root.created_at < post.created_at


def test_our_replies_go_to_customers() -> None:
    ours = [post for post in SCRIPT if is_ours(post)]
    assert all(post.kind == "reply" and post.in_reply_to for post in ours)
    assert not any(is_ours(FIRST[post.in_reply_to]) for post in ours if post.in_reply_to)


def test_what_was_seen_before_this_shift_has_our_answer(demo: Scripted) -> None:
    answered = {post.in_reply_to for post in demo.backlog() if is_ours(post)}
    told = [post for post in demo.backlog() if post.created_at < START - 5 * HOUR and not is_ours(post)]
    assert told
    assert all(post.id in answered for post in told)


def test_times_make_sense(demo: Scripted) -> None:
    for post in demo.backlog():
        assert post.seen_at is not None
        assert post.created_at <= post.seen_at <= START
        assert post.created_at > START - 207 * DAY
        assert post.seen_at - post.created_at <= 5 * SECOND
    live = [post for post in SCRIPT if post.seen_at is None]
    assert all(START < post.created_at < START + HOUR for post in live)


def test_texts_are_as_long_as_the_network_allows() -> None:
    assert all(0 < len(post.text) <= LIMITS[post.network] for post in SCRIPT)
    assert sum(len(post.text) > 500 for post in SCRIPT) == 1


def test_addresses_lead_nowhere() -> None:
    links = [post.url for post in SCRIPT if post.url] + [item["url"] for post in SCRIPT for item in post.media]
    assert links
    assert all(".example/" in link for link in links)


# --- what must be in it


def test_the_lift_was_answered_the_same_day_and_is_brought_back_by_a_stranger() -> None:
    root, answer, repost = FIRST["lift-root"], FIRST["lift-answer"], FIRST["lift-repost"]
    assert 206 * DAY <= START - root.created_at < 207 * DAY
    assert "@" not in root.text
    assert "Northline" in root.text
    assert is_ours(answer)
    assert answer.in_reply_to == root.id
    assert 0 < answer.created_at - root.created_at < DAY
    assert 15 <= at("lift-repost") <= 35
    assert repost.kind == "repost"
    assert repost.root == root
    assert repost.author != root.author
    assert root.seen_at == root.created_at


def test_an_old_post_never_answered_is_quoted_just_before_the_start(demo: Scripted) -> None:
    quote = next(post for post in demo.backlog() if post.id == "escalator-quote")
    root = quote.root
    assert root is not None
    assert (quote.kind, root.id) == ("quote", "escalator-root")
    assert START - quote.created_at < MINUTE
    assert START - root.created_at >= 90 * DAY
    assert "@" not in root.text
    assert "Northline" in root.text
    assert root.seen_at == quote.seen_at
    assert not any(post.in_reply_to == root.id for post in SCRIPT)


def test_twelve_people_complain_about_line_4_in_their_own_words() -> None:
    posts = [FIRST[f"line4-{number:02}"] for number in range(1, 13)]
    assert len({(post.network, post.author.id) for post in posts}) == 12
    assert len({post.text for post in posts}) == 12
    assert {post.network for post in posts} == set(ACCOUNTS)
    assert all("line 4" in post.text.lower() or "on 4" in post.text for post in posts)
    assert len({post.created_at // MINUTE for post in posts}) >= 8
    assert at("line4-04") < 0 < at("line4-05")


def test_a_fresh_post_is_reposted_three_times() -> None:
    reposts = [post for post in SCRIPT if post.root_id == "timetable-fresh"]
    assert [post.kind for post in reposts] == ["repost"] * 3
    assert len({post.author.id for post in reposts}) == 3
    assert reposts[-1].created_at - FIRST["timetable-fresh"].created_at < 5 * MINUTE


@pytest.mark.parametrize(
    ("id", "lang", "script"),
    [
        ("arabic-bag", "ar", "ARABIC"),
        ("japanese-pass", "ja", "HIRAGANA"),
        ("hindi-refund", "hi", "DEVANAGARI"),
        ("persian-assist", "fa", "ARABIC LETTER FARSI YEH"),
    ],
)
def test_posts_in_many_scripts(id: str, lang: str, script: str) -> None:
    assert FIRST[id].lang == lang
    assert any(unicodedata.name(character, "").startswith(script) for character in FIRST[id].text)


def test_persian_keeps_its_zero_width_non_joiner() -> None:
    assert "\u200c" in FIRST["persian-assist"].text


def test_emoji_sequences() -> None:
    text = FIRST["emoji-family"].text
    assert "\U0001f468\u200d\U0001f469" in text  # joined people
    assert "\U0001f1ef\U0001f1f5" in text  # a flag
    assert "\U0001f3fd" in text  # a skin tone
    assert "\u2764\ufe0f\u200d" in text


def test_escape_codes_reach_the_desk_raw() -> None:
    post = FIRST["escape-codes"]
    for piece in ("\x1b]52;", "\x1b[2J", "\x07", "\x9b31m", "\x90", "\u202e", "\u2066", "\x1b[?1049l"):
        assert piece in post.text
    assert "\u202e" in post.author.name


def test_markup_reaches_the_desk_raw() -> None:
    assert "[/]" in FIRST["markup-app"].text
    assert "[@click=app.quit]x[/]" in FIRST["markup-app"].text
    assert FIRST["markup-app"].author.name == "[red]Nils[/]"


def test_people_in_danger_write_early() -> None:
    assert -120 < at("danger-door") < 0 < at("danger-track") < 60


@pytest.mark.parametrize(
    "id",
    [
        "praise-guard", "question-bike", "bag-green", "refund-cancelled", "wheelchair-noramp", "toy-rabbit",
        "german-ticket", "french-delay", "spanish-card", "spam-free", "press-echo",
    ],
)  # fmt: skip
def test_daily_bread(id: str) -> None:
    assert not is_ours(FIRST[id])


def test_an_angry_thread_has_several_turns() -> None:
    turns = [FIRST[f"angry-{turn}"] for turn in range(1, 7)]
    assert [is_ours(post) for post in turns] == [False, True, False, True, False, False]
    assert [post.in_reply_to for post in turns] == [None, *(post.id for post in turns[:-1])]
    assert at("angry-5") < 0 < at("angry-6")


def test_a_letter_of_two_thousand_characters() -> None:
    assert FIRST["long-letter"].network == "mastodon"
    assert 1_900 <= len(FIRST["long-letter"].text) <= 2_100


def test_private_messages_have_no_address() -> None:
    private = [post for post in SCRIPT if post.kind == "dm"]
    assert {"dm-charged-twice", "dm-harassed"} == {post.id for post in private}
    assert all(post.url is None for post in private)


def test_someone_with_48_000_followers() -> None:
    author = FIRST["followers-48k"].author
    assert (author.followers, author.verified) == (48_000, True)


# --- reading


def test_each_post_is_read_once(demo: Scripted, clock: Clock) -> None:
    read, cursor = demo.backlog(), None
    for _ in range(200):
        clock.at += 7 * SECOND
        posts, cursor = demo.read(cursor)
        read += posts
    assert read == SCRIPT


def test_nothing_comes_before_its_time(demo: Scripted, clock: Clock) -> None:
    assert demo.read(None) == ([], None)
    clock.at += 30 * SECOND
    posts, cursor = demo.read(None)
    assert posts
    assert all(START < post.created_at <= clock.at for post in posts)
    assert demo.read(cursor) == ([], cursor)


def test_a_new_version_waits_until_it_is_seen(clock: Clock) -> None:
    demo = Scripted(START, [line("1"), line("1", seen=5, text="other")], clock)
    assert [post.text for post in demo.backlog()] == ["hello @northline"]
    assert demo.read(None) == ([], None)
    clock.at += 5 * SECOND
    assert [post.text for post in demo.read(None)[0]] == ["other"]


def test_history_was_seen_at_its_own_time_and_the_rest_never_after_the_start(clock: Clock) -> None:
    script = [line("1", -9 * 60, history=True), line("2", -8 * 60), line("3", -1)]
    old, late, new = Scripted(START, script, clock).backlog()
    assert old.seen_at == old.created_at
    assert late.seen_at == late.created_at + 5 * SECOND
    assert new.seen_at == START


def test_a_root_known_by_id_is_embedded(clock: Clock) -> None:
    script = [line("1"), line("2", kind="repost", root="1")]
    root, repost = Scripted(START, script, clock).backlog()
    assert repost.root == root
    assert repost.root_id == "1"


def test_what_a_line_says_is_in_its_post(clock: Clock) -> None:
    image = {"type": "image", "alt": "A key", "url": "https://media.example/key.jpg"}
    given = line("1", -7, metrics={"reposts": 3, "likes": 9}, media=[image], lang="de", in_reply_to="0", kind="reply")
    [post] = Scripted(START, [given], clock).backlog()
    assert (post.reposts, post.likes, post.media) == (3, 9, (image,))
    assert (post.lang, post.in_reply_to, post.kind) == ("de", "0", "reply")
    assert post.created_at == START - 7 * SECOND


# --- publishing


def test_the_same_key_is_published_once(demo: Scripted, clock: Clock) -> None:
    reply = reply_to(FIRST["platform-sign"])
    receipt = demo.publish(reply)
    clock.at += 3 * SECOND
    assert demo.publish(reply) == receipt
    assert receipt.native_id.startswith("demo-")
    clock.at += MINUTE
    assert [post.id for post in demo.read(None)[0]].count(receipt.native_id) == 1


def test_different_keys_are_different_replies(demo: Scripted) -> None:
    post = FIRST["toy-rabbit"]
    assert demo.publish(reply_to(post, "k1")).native_id != demo.publish(reply_to(post, "k2")).native_id


def test_a_reply_is_looked_up_by_its_key(demo: Scripted) -> None:
    reply = reply_to(FIRST["toy-rabbit"])
    assert demo.look_up(reply) is None
    receipt = demo.publish(reply)
    assert demo.look_up(replace(reply, text="changed")) == receipt


def test_our_reply_is_seen_again_on_our_own_timeline(demo: Scripted, clock: Clock) -> None:
    clock.at += MINUTE
    _, cursor = demo.read(None)
    published = clock.at
    receipt = demo.publish(reply_to(FIRST["toy-rabbit"], text="We look for Mr Oats."))
    clock.at += ECHO_AFTER
    [own] = [post for post in demo.read(cursor)[0] if post.id == receipt.native_id]
    assert is_ours(own)
    assert own.text == "We look for Mr Oats."
    assert own.in_reply_to == "toy-rabbit"
    assert own.created_at == published


def test_a_clock_set_back_loses_nothing(demo: Scripted, clock: Clock) -> None:
    clock.at += MINUTE
    _, cursor = demo.read(None)
    clock.at -= 30 * SECOND
    receipt = demo.publish(reply_to(FIRST["toy-rabbit"]))
    clock.at += MINUTE
    assert receipt.native_id in [post.id for post in demo.read(cursor)[0]]


def test_the_customer_answers_once_and_later_than_our_reply(demo: Scripted, clock: Clock) -> None:
    post = FIRST["toy-rabbit"]
    published = clock.at
    receipt = demo.publish(reply_to(post))
    clock.at += HOUR
    answers = [other for other in demo.read(None)[0] if other.in_reply_to == receipt.native_id]
    [answer] = answers
    assert answer.author == post.author
    assert "red thread" in answer.text
    assert ANSWER_EARLIEST <= answer.created_at - published <= ANSWER_LATEST
    _, cursor = demo.read(None)
    assert demo.read(cursor)[0] == []


def test_the_same_key_gets_the_same_answer() -> None:
    def play(key: str) -> list[Post]:
        clock = Clock()
        demo = Scripted(START, [line("1")], clock)
        return answers_to(demo, clock, reply_to(demo.backlog()[0], key))

    plays = {key: play(key) for key in map(str, range(60))}
    assert all(play(key) == answers for key, answers in plays.items())
    assert 0 < sum(not answers for answers in plays.values()) < 30  # some stay silent
    texts = {post.text for answers in plays.values() for post in answers}
    assert len(texts) > 3
    assert any("?" in text for text in texts)


@pytest.mark.parametrize("lang", ["de", "fr", "es", "ja", "ar", "fa", "hi"])
def test_the_customer_answers_in_the_language_of_their_post(clock: Clock, lang: str) -> None:
    texts = {}
    for spoken in ("en", lang):
        demo = Scripted(START, [line("1", lang=spoken)], clock)
        post = demo.backlog()[0]
        heard = [answers_to(demo, clock, reply_to(post, key, text=key)) for key in map(str, range(30))]
        texts[spoken] = {answer.text for answers in heard for answer in answers}
    assert texts[lang]
    assert not texts["en"] & texts[lang]


def test_a_sentence_pasted_a_second_time_irritates(clock: Clock) -> None:
    other = {"id": "2", "handle": "bo", "name": "Bo"}
    demo = Scripted(START, [line("1", answer="fine"), line("2", author=other, answer="fine")], clock)
    first, second = demo.backlog()
    [glad] = answers_to(demo, clock, reply_to(first, "k1", "@amanda Hi Amanda C, we are sorry."))
    [angry] = answers_to(demo, clock, reply_to(second, "k2", "@bo Hi Bo, we are sorry."))
    assert glad.text == "fine"
    assert "same" in angry.text.lower() or "exact sentence" in angry.text


def test_the_answer_to_a_private_message_is_private(demo: Scripted, clock: Clock) -> None:
    demo.publish(reply_to(FIRST["dm-charged-twice"]))
    clock.at += MINUTE
    talk = [post for post in demo.read(None)[0] if post.id.startswith(("demo-", "answer-"))]
    assert [post.kind for post in talk] == ["dm", "dm"]
    assert all(post.url is None for post in talk)


def test_a_private_message_takes_no_public_reply(demo: Scripted) -> None:
    reply = reply_to(FIRST["dm-charged-twice"], private=False)
    with pytest.raises(RefusedByNetwork, match="private"):
        demo.publish(reply)
    assert demo.look_up(reply) is None


def test_a_deleted_post_takes_no_reply(demo: Scripted, clock: Clock) -> None:
    post = FIRST["deleted-rant"]
    clock.at += 2 * MINUTE
    demo.publish(reply_to(post, "before"))
    clock.at += MINUTE
    with pytest.raises(RefusedByNetwork, match="deleted"):
        demo.publish(reply_to(post, "after"))


@pytest.mark.parametrize("id", ["lift-repost", "lift-answer"])
def test_nobody_answers_for_what_they_did_not_write(demo: Scripted, clock: Clock, id: str) -> None:
    keys = map(str, range(12))
    assert not any(answers_to(demo, clock, reply_to(FIRST[id], key, text=key)) for key in keys)


def test_an_embedded_root_has_an_author_who_answers(demo: Scripted, clock: Clock) -> None:
    root = FIRST["escalator-quote"].root
    assert root is not None
    [answer] = answers_to(demo, clock, reply_to(root))
    assert answer.author == root.author


def test_a_reply_to_something_unknown_is_taken_and_nobody_answers(demo: Scripted, clock: Clock) -> None:
    reply = Outgoing("x", None, "unheard-of", "Hello", "k1")
    assert answers_to(demo, clock, reply) == []
    assert demo.look_up(reply) is not None


def test_the_talk_goes_on(demo: Scripted, clock: Clock) -> None:
    [answer] = answers_to(demo, clock, reply_to(FIRST["toy-rabbit"], "k1"))
    heard = [answers_to(demo, clock, reply_to(answer, f"t{n}", f"Part {n}")) for n in range(8)]
    assert any(heard)


# --- canned responses

VALUES = {
    "customer": {"handle": "junipermum@saltby.example", "name": "Lotte Varga | commuting diaries"},
    "agent": {"name": "Ines"},
    "account": {"handle": "@northline@rail.example"},
}


def rendered(body: str, **values: object) -> str:
    return Environment().from_string(body).render(**(VALUES | values))


def test_there_are_canned_responses_for_a_whole_day() -> None:
    responses = canned()
    assert len(responses) >= 40
    assert {"en", "de", "fr", "ja"} == {response["language"] for response in responses}
    for field in ("name", "shortcut", "body"):
        assert len({response[field] for response in responses}) == len(responses), field
    assert {
        "Line 4 closed", "Refund policy", "Lost property", "Late apology", "Danger - call emergency line now",
        "Wheelchair assistance", "Move to private message",
    } <= {response["name"] for response in responses}  # fmt: skip


@pytest.mark.parametrize("response", canned(), ids=lambda response: response["shortcut"])
def test_a_canned_response_is_liquid_and_fits(response: dict[str, object]) -> None:
    assert response.keys() == {"name", "body", "shortcut", "tags", "language"}
    text = rendered(str(response["body"]))
    # X counts Chinese and Japanese characters twice.
    assert 0 < sum(2 if ord(character) > 0x10FF else 1 for character in text) <= 240
    assert "{" not in text
    assert text == text.strip()
    nameless = rendered(str(response["body"]), customer={"handle": "kaz", "name": None})
    assert "None" not in nameless
    assert "Lotte" not in nameless


def test_the_canned_responses_show_every_variable() -> None:
    bodies = " ".join(response["body"] for response in canned())
    for variable in (
        "{{ customer.handle }}", '{{ customer.name | default: "there" }}', "{{ agent.name }}", "{{ account.handle }}",
    ):  # fmt: skip
        assert variable in bodies


def test_the_danger_response_carries_the_emergency_number() -> None:
    danger = next(response for response in canned() if response["shortcut"] == "danger")
    assert "0808 157 0199" in danger["body"]


def test_the_data_files_hold_no_hidden_characters() -> None:
    """What a reader of the file can not see is written as an escape, joiners of scripts and emoji apart."""
    from importlib.resources import files

    for name in ("posts.jsonl", "canned.json"):
        text = files("tui.networks").joinpath("northline", name).read_text(encoding="utf-8")
        hidden = {character for character in text if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp")}
        assert hidden <= {"\n", "\u200c", "\u200d"}, [json.dumps(character) for character in hidden]
