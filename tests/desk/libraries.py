"""Canned responses as Hypothesis makes them: everything a response can be, hostile texts included."""

from hypothesis import strategies as st

from tui import clock
from tui.desk.canned.render import check_syntax
from tui.desk.canned.response import SCOPES, Action, Canned, Variant

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=20)
WORD = TEXT.map(lambda text: " ".join(text.split()))
NAME = WORD.filter(bool) | st.sampled_from(["Billing", "Billing::Refund", "Billing::Refund::Late", "no", "rp"])
LANGUAGE = st.sampled_from(["", "en", "de", "pt-BR"])
NETWORK = st.sampled_from(["", "x", "mastodon"])
TAG = st.from_regex(r"[a-zé-]{1,8}", fullmatch=True)
TIME = st.none() | st.integers(-(10**13), 10**14)
SPAN = st.integers(1, 300 * clock.DAY // clock.SECOND).map(lambda seconds: seconds * clock.SECOND)

PIECES = st.sampled_from(
    ["\n", "\n\n", "---", "---\u00a0", "--- de", "\\", "\\ ", "\\--- x", " ", "\t", "\u00a0", "for", "#tag", "- a: b",
     "&nbsp;", "<b>x</b>", "a < b", "Hi ", "{{ customer.first_name }}", "{{ customer.name | default: 'you' }}",
     "{% locked %}legal{% endlocked %}", "{% if hours.open %}open{% endif %}"]
)  # fmt: skip
BODY = (TEXT | st.lists(PIECES, min_size=1, max_size=8).map("".join)).filter(
    lambda body: bool(body.strip()) and check_syntax(body) is None
)

VARIANT = st.builds(Variant, body=BODY, language=LANGUAGE, network=NETWORK, plain=st.booleans())
ACTION = st.one_of(
    st.builds(Action, st.just("tag"), TAG),
    st.builds(Action, st.just("snooze"), span=SPAN),
    st.builds(Action, st.just("resolve"), NAME),
    st.builds(Action, st.just("promise"), NAME, SPAN),
)
CANNED = st.builds(
    Canned,
    id=st.just(0),
    name=NAME,
    body=BODY,
    shortcut=WORD,
    tags=st.lists(TAG, max_size=3, unique=True).map(tuple),
    language=LANGUAGE,
    network=NETWORK,
    scope=st.sampled_from(SCOPES),
    valid_from=TIME,
    valid_until=TIME,
    approved=st.booleans(),
    plain=st.booleans(),
    owner=WORD,
    incident=WORD,
    variants=st.lists(VARIANT, max_size=3).map(tuple),
    actions=st.lists(ACTION, max_size=3).map(tuple),
)
LIBRARY = st.lists(CANNED, max_size=4, unique_by=lambda one: one.name)
