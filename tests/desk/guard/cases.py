"""The table of made cases: what a good guard says about each, and nothing else.

A case is one moment of sending. `says` is the whole of what must be said, check by check; an empty one means silence.
The verdicts follow what the guard is for, not how it is built: who changes one says why.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from guarding import AMANDA, NOW, REPLY, STRANGER, case, event, ours, post, reply, repost, sent

from tui.clock import DAY, HOUR, MINUTE, SECOND, Millis, parse
from tui.config import AccountSettings
from tui.desk.canned.response import Canned
from tui.desk.composition import NOTHING
from tui.desk.guard import Case, phrases
from tui.store.reader import IncidentRow, OtherRow, PostRow, SentText

CHECKS = (
    "resurfaced", "answered", "late", "changed", "claimed-elsewhere", "same-customer", "same-text", "namedrop",
    "not-allowed", "length", "placeholder", "private-data", "wrong-account", "bounce", "expired-canned", "tone",
    "off-hours", "link-cost", "locked-text",
)  # fmt: skip
"""What the guard is to know, by name."""

NETWORKS = ("x", "mastodon", "bluesky")
ANN = ("Amanda C", "amandac")
"""A customer: the name shown, and the handle."""


@dataclass(frozen=True, slots=True)
class Made:
    """One made case."""

    id: str
    story: str
    network: str
    lang: str
    """In which the reply is written (BCP 47)."""
    says: dict[str, str]
    """Check to verdict."""
    case: Case


def _made(
    id: str,
    story: str,
    says: str = "",
    *thread: PostRow,
    lang: str = "en",
    network: str = "x",
    who: tuple[str, str] = ANN,
    wrote: str | None = None,
    at: str | None = None,
    settings: dict[str, Any] | None = None,
    incident: IncidentRow | None = None,
    **values: Any,
) -> Made:
    """A case from its thread; without one, `wrote` came in ten minutes ago.

    `says` is like `late=info tone=warn`. `at`, an ISO 8601 time, moves the thread and its reading there.
    """
    moved: Millis = 0 if at is None else parse(at) - NOW
    rows = [_as_told(row, network, who, lang, moved) for row in thread or (post(10 * MINUTE),)]
    if wrote is not None:
        rows[-1] = rows[-1]._replace(text=wrote)
    if incident is not None:
        values |= {"incident_id": incident.id, "incident": incident.name}
    told = {"name": who[0], "handle": who[1], "phrases": phrases.shipped(), "now": NOW + moved} | values
    made = replace(case(*rows, settings=AccountSettings(**(settings or {})), **told), incident=incident)
    return Made(id, story, network, lang, dict(one.split("=", 1) for one in says.split()), made)


def _as_told(row: PostRow, network: str, who: tuple[str, str], lang: str, moved: Millis) -> PostRow:
    """The post on the network of the case, at its time, under the customer's name."""
    row = row._replace(network=network, lang=lang, created_at=row.created_at + moved, seen_at=row.seen_at + moved)
    return row._replace(name=who[0], handle=who[1]) if row.author_id == AMANDA else row


# -- freshness -------------------------------------------------------------------------------------

LIFT = post(206 * DAY, text="Stuck in a lift at a Northline station, brilliant", addressed="namedrop")


def _resurfaced() -> Iterable[Made]:
    brought = repost(3 * MINUTE)
    yield _made(
        "resurfaced-lift", "The lift story: old, answered, reposted by a stranger, and never written to us",
        "resurfaced=stop answered=stop namedrop=info", LIFT, ours(206 * DAY - HOUR, "Are you out of it?"), brought,
        text="Are you still in the lift? The engineer is on the way.",
    )  # fmt: skip
    yield _made(
        "resurfaced-lift-first-day", "The same post three hours after it was written, by nobody reposted",
        "namedrop=info", post(3 * HOUR, text=LIFT.text, addressed="namedrop"),
        text="Are you still in the lift? The engineer is on the way.",
    )  # fmt: skip
    yield _made(
        "resurfaced-addressed", "An old post to us, never answered, reposted today", "resurfaced=stop",
        post(30 * DAY), brought, network="mastodon",
    )  # fmt: skip
    yield _made(
        "resurfaced-quote", "A stranger quotes last year's outcry", "resurfaced=stop namedrop=info",
        post(400 * DAY, addressed="namedrop"), post(MINUTE, STRANGER, kind="quote", text="Look at this!"),
        network="bluesky",
    )  # fmt: skip
    yield _made(
        "resurfaced-search", "A search finds a post of five days ago that only names us",
        "resurfaced=stop namedrop=info", post(5 * DAY, addressed="namedrop", seen_at=NOW - MINUTE),
    )  # fmt: skip
    yield _made(
        "resurfaced-german", "Vor drei Wochen geschrieben, heute geteilt", "resurfaced=stop",
        post(21 * DAY, text="@northline die Heizung ist aus"), brought, lang="de", network="mastodon",
        text="Das tut uns leid, wir haben dem Zugteam Bescheid gegeben.",
    )  # fmt: skip
    old = HORIZON + SECOND
    yield _made(
        "resurfaced-past-horizon", "A second past two days, reposted", "resurfaced=stop",
        post(old, seen_at=NOW - MINUTE), repost(MINUTE),
    )  # fmt: skip
    yield _made(
        "resurfaced-before-horizon", "A second short of two days, reposted: still fresh enough", "",
        post(HORIZON - SECOND, seen_at=NOW - MINUTE), repost(MINUTE),
    )  # fmt: skip
    for hours, says in ((24, "resurfaced=stop"), (72, "")):
        yield _made(
            f"resurfaced-horizon-{hours}h", f"Two days old where the horizon is {hours} hours", says,
            post(2 * DAY, seen_at=NOW - MINUTE), repost(MINUTE), settings={"horizon_hours": hours},
        )  # fmt: skip
    yield _made(
        "resurfaced-new-word", "The author writes again after the repost: no old news, and the first word still waits",
        "late=info",
        post(206 * DAY), brought, post(MINUTE, text="@northline it happened again today"),
    )  # fmt: skip
    yield _made("resurfaced-never", "An old post to us that nobody brought back is owed", "late=info", post(206 * DAY))
    yield _made(
        "resurfaced-repost-then", "Reposted on the day it was written, and never since", "late=info",
        post(40 * DAY, seen_at=NOW - 40 * DAY), repost(40 * DAY - HOUR), network="bluesky",
    )  # fmt: skip
    yield _made(
        "resurfaced-taken-back", "The repost that brought it was undone", "late=info",
        post(40 * DAY), repost(MINUTE, deleted=True),
    )  # fmt: skip
    yield _made(
        "resurfaced-own-quote", "Somebody quotes an old post with a complaint of their own, to us", "",
        post(8 * MINUTE, kind="quote", text="@northline same in coach 4 right now", addressed="direct", root_id="9"),
    )  # fmt: skip
    for verdict in ("warn", "info"):
        yield _made(
            f"resurfaced-set-{verdict}", f"A team that made it {verdict}", f"resurfaced={verdict}",
            post(30 * DAY), brought, settings={"checks": {"resurfaced": verdict}},
        )  # fmt: skip
    yield _made(
        "resurfaced-off", "A team that switched it off", "", post(30 * DAY), brought,
        settings={"checks": {"resurfaced": "off"}},
    )  # fmt: skip


HORIZON = 48 * HOUR
UPDATE = "Line 4 is running again since two o'clock."


def _incident(updated: Millis, **values: Any) -> IncidentRow:
    row = IncidentRow(3, "Line 4 closed", "open", UPDATE, NOW - 6 * HOUR, NOW - updated, None, 40)
    return row._replace(**values)


def _answered() -> Iterable[Made]:
    first = post(3 * HOUR)
    tells = "We have asked the crew of your train and will write here what they say."
    yield _made("answered-hour-ago", "We answered an hour ago and she is silent", "answered=stop", first, ours(HOUR))
    yield _made(
        "answered-days-ago", "Answered three days ago, and quiet since", "answered=stop",
        post(4 * DAY), ours(3 * DAY), network="mastodon",
    )  # fmt: skip
    yield _made(
        "answered-elsewhere", "A colleague answered in the network's own app, under our second handle",
        "answered=stop wrong-account=stop", first, ours(20 * MINUTE, tells, handle="northlinehelp"), network="bluesky",
    )  # fmt: skip
    yield _made(
        "answered-french", "Déjà répondu ce matin", "answered=stop",
        post(5 * HOUR, text="@northline toujours pas de chauffage"),
        ours(4 * HOUR, "Dans quelle voiture êtes-vous ?"), lang="fr",
        text="Bonjour, nous avons prévenu l'équipe à bord. Merci de votre patience.",
    )  # fmt: skip
    yield _made(
        "answered-only-reposted-us", "She reposted our answer, which is no new word", "answered=stop",
        first, ours(HOUR), post(MINUTE, kind="repost"),
    )  # fmt: skip
    yield _made(
        "answered-word-taken-back", "She wrote again and deleted it", "answered=stop",
        first, ours(HOUR), post(20 * MINUTE, deleted=True), target=first,
    )  # fmt: skip
    yield _made(
        "answered-stranger-wrote", "Only a stranger wrote since", "answered=stop",
        first, ours(HOUR), post(MINUTE, STRANGER, text="same here"), network="mastodon",
    )  # fmt: skip
    yield _made(
        "answered-on-its-way", "Ben's reply is still in its undo window", "answered=stop",
        first, leaving=(reply(MINUTE, tells, agent="Ben"),), settings={"target_minutes": 300},
    )  # fmt: skip
    yield _made(
        "answered-perhaps-out", "A reply of ours may be out, nobody knows yet", "answered=stop",
        first, leaving=(reply(9 * MINUTE, tells, state="unknown"),), settings={"target_minutes": 300},
    )  # fmt: skip
    yield _made(
        "answered-mine-on-its-way", "The agent adds something to a reply that is still held", "", post(30 * MINUTE),
        leaving=(reply(MINUTE, tells),),
    )  # fmt: skip
    yield _made("answered-wrote-again", "She wrote again after our answer", "", first, ours(HOUR), post(MINUTE))
    yield _made(
        "answered-deleted-ours",
        "Our own answer was deleted again",
        "",
        post(30 * MINUTE),
        ours(9 * MINUTE, deleted=True),
    )
    yield _made(
        "answered-repost-of-ours", "We only reposted something", "", post(30 * MINUTE), ours(9 * MINUTE, kind="repost")
    )
    yield _made("answered-we-opened", "We opened the thread, and she answers", "", ours(HOUR), post(5 * MINUTE))
    yield _made(
        "answered-second-part", "The second half of one answer", "",
        first, ours(MINUTE, "We have looked into your booking, and the seats are 1/2"),
        text="together now, in coach 5. Have a good trip! 2/2",
    )  # fmt: skip
    yield _made(
        "answered-late-second-part", "The second half came half an hour later, but it is counted", "",
        first, ours(30 * MINUTE, "We have looked into your booking, and the seats are 1/2 ^AB"),
        text="together now, in coach 5. Have a good trip! ^AB 2/2", network="mastodon",
    )  # fmt: skip
    yield _made(
        "answered-first-part-again", "The first half for the second time", "answered=stop",
        first, ours(30 * MINUTE, "We have looked into your booking, and the seats are 1/2"),
        text="The crew has been told about the heating, and they will 1/2",
    )  # fmt: skip
    for name, ago, says in (("at", 5 * MINUTE, ""), ("past", 5 * MINUTE + SECOND, "answered=stop")):
        yield _made(
            f"answered-follow-up-{name}", "An unsigned follow-up at five minutes, and just past them", says,
            first, ours(ago, "One moment please, we ask the crew."),
        )  # fmt: skip
    for minutes, says in ((10, ""), (9, "answered=stop")):
        yield _made(
            f"answered-part-minutes-{minutes}", f"Ten minutes later where {minutes} are allowed", says,
            first, ours(10 * MINUTE, "One moment please, we ask the crew."), settings={"part_minutes": minutes},
        )  # fmt: skip
    yield _made(
        "answered-same-signature", "The same agent adds something two minutes later", "",
        first, ours(2 * MINUTE, "One moment please, we ask the crew. ^AB"), text=f"{REPLY} ^AB", network="bluesky",
    )  # fmt: skip
    yield _made(
        "answered-other-signature", "A second agent, two minutes later", "answered=stop",
        first, ours(2 * MINUTE, "One moment please, we ask the crew. ^AB"), text=f"{REPLY} ^CD",
    )  # fmt: skip
    yield _made(
        "answered-other-name", "Paul answered, now Becky does", "answered=stop",
        first, ours(2 * MINUTE, "One moment please, we ask the crew. - Paul"), text=f"{REPLY} -Becky",
    )  # fmt: skip
    yield _made(
        "answered-other-handle", "Two of our handles within a minute", "answered=stop wrong-account=stop",
        first, ours(MINUTE, tells, handle="northlinehelp"),
    )  # fmt: skip
    update = {"incident": _incident(5 * MINUTE), "text": f"An update: {UPDATE}"}
    yield _made(
        "answered-incident-update", "The incident moved since our answer, and we tell them", "",
        first, ours(2 * HOUR, "Line 4 is closed, we keep you posted."), **update,
    )  # fmt: skip
    yield _made(
        "answered-incident-old", "The incident has not moved since our answer", "answered=stop",
        first, ours(2 * HOUR, "Line 4 is closed, we keep you posted."), **update | {"incident": _incident(6 * HOUR)},
    )  # fmt: skip
    yield _made(
        "answered-dm", "Answered in private", "answered=stop",
        post(3 * HOUR, kind="dm", text="My seat is broken"), ours(HOUR, kind="dm"), private=True,
    )  # fmt: skip
    yield _made(
        "answered-set-warn", "A team that only wants to be warned", "answered=warn", first, ours(HOUR),
        settings={"checks": {"answered": "warn"}},
    )  # fmt: skip


def _late() -> Iterable[Made]:
    yield _made("late-at-target", "An hour to the second: on time", "", post(HOUR))
    yield _made("late-past-target", "A second past the hour", "late=info", post(HOUR + SECOND))
    for minutes, says in ((15, ""), (14, "late=info")):
        yield _made(
            f"late-target-{minutes}", f"A quarter of an hour where {minutes} minutes are promised", says,
            post(15 * MINUTE), settings={"target_minutes": minutes}, network="mastodon",
        )  # fmt: skip
    yield _made(
        "late-mention", "Our handle stood inside, five hours ago", "late=info",
        post(5 * HOUR, addressed="mention", text="No heating again, @northline"), network="bluesky",
    )  # fmt: skip
    yield _made(
        "late-german", "Seit gestern ohne Antwort", "late=info", post(26 * HOUR, text="@northline wo ist mein Koffer?"),
        lang="de", text="Guten Tag, bitte entschuldigen Sie die späte Antwort. Ihr Koffer steht in Köln am Fundbüro.",
        network="mastodon",
    )  # fmt: skip
    yield _made(
        "late-spanish", "Tres horas sin respuesta", "late=info", post(3 * HOUR, text="@northline ¿sale el tren?"),
        lang="es", text="Hola, disculpe la demora. Su tren sale a las diez y cuarto de la vía dos.",
    )  # fmt: skip
    yield _made(
        "late-second-word", "Our answer was quick, but the next word waits", "late=info",
        post(9 * HOUR), ours(8 * HOUR), post(5 * HOUR),
    )  # fmt: skip
    yield _made("late-first-word-counts", "She wrote thrice; the first waits longest", "late=info",
        post(3 * HOUR), post(2 * HOUR), post(5 * MINUTE))  # fmt: skip
    yield _made(
        "late-dm", "A private message waits two hours", "late=info",
        post(2 * HOUR, kind="dm", text="Where is my refund?"), private=True,
    )  # fmt: skip
    yield _made(
        "late-year", "Never answered, a year old, and nobody brought it back", "late=info", post(365 * DAY),
        network="forum",
    )  # fmt: skip
    yield _made("late-namedrop", "Nobody waits who only named us", "namedrop=info",
        post(5 * HOUR, addressed="namedrop", text="Northline, heating?"))  # fmt: skip
    yield _made("late-off", "A team that counts elsewhere", "", post(9 * HOUR), settings={"checks": {"late": "off"}})
    yield _made("late-warn", "A team that wants to be warned", "late=warn", post(9 * HOUR),
        settings={"checks": {"late": "warn"}})  # fmt: skip


def _namedrop() -> Iterable[Made]:
    spoke = post(20 * MINUTE, addressed="namedrop", text="Northline coffee is better than its reputation")
    thanks = "Thank you, the crew of the buffet will be happy to read that."
    yield _made("namedrop-info", "They spoke about us", "namedrop=info", spoke, text=thanks)
    yield _made("namedrop-bluesky", "About us, on Bluesky", "namedrop=info", spoke, text=thanks, network="bluesky")
    yield _made("namedrop-mastodon", "Über uns, auf Mastodon", "namedrop=info", spoke, lang="de", network="mastodon",
        text="Danke, das gibt das Team im Bordbistro gern weiter.")  # fmt: skip
    yield _made("namedrop-warn", "An account that would rather not join in", "namedrop=warn", spoke, text=thanks,
        settings={"checks": {"namedrop": "warn"}})  # fmt: skip
    yield _made("namedrop-off", "An account that joins in everywhere", "", spoke, text=thanks,
        settings={"checks": {"namedrop": "off"}})  # fmt: skip
    yield _made("namedrop-mention", "Our handle stands inside: they spoke to us", "",
        post(20 * MINUTE, addressed="mention", text="Coffee on @northline is good"), text=thanks)  # fmt: skip
    yield _made("namedrop-then-direct", "First about us, then to us", "", spoke,
        post(5 * MINUTE, text="@northline I mean it"), text=thanks)  # fmt: skip


# -- the moment of sending -------------------------------------------------------------------------


def _changed() -> Iterable[Made]:
    first = post(30 * MINUTE)
    again = post(MINUTE, text="@northline it is warm again, thanks")
    yield _made("changed-new-post", "She wrote while the agent was typing", "changed=stop", first, again,
        changes=(event("post.arrived"),))  # fmt: skip
    yield _made("changed-edit", "She edited her post", "changed=stop", first._replace(versions=1),
        changes=(event("post.edited", post=first.id),), network="mastodon")  # fmt: skip
    yield _made("changed-deleted-one", "She deleted one of two posts", "changed=stop",
        first._replace(deleted=True), post(20 * MINUTE), changes=(event("post.deleted", post=first.id),),
        network="bluesky")  # fmt: skip
    yield _made("changed-deleted-all", "She deleted the only post", "changed=stop not-allowed=stop",
        first._replace(deleted=True), changes=(event("post.deleted", post=first.id),))  # fmt: skip
    yield _made("changed-note", "Ben left a note", "changed=stop", first,
        changes=(event("note.added", agent="Ben", note=1),))  # fmt: skip
    yield _made("changed-colleague-sent", "Ben's reply just left", "changed=stop answered=stop", first,
        ours(2 * MINUTE, "The crew looks at the heating now. ^BN"), text=f"{REPLY} ^AN",
        changes=(event("reply.sent", agent="Ben", reply=4),))  # fmt: skip
    yield _made("changed-answered-in-app", "Somebody answered in the network's own app", "changed=stop answered=stop",
        first, ours(10 * MINUTE, "The crew looks at the heating now."), network="mastodon",
        changes=(event("conversation.answered", 9 * MINUTE),))  # fmt: skip
    yield _made("changed-german", "Neue Nachricht beim Tippen", "changed=stop", first,
        post(MINUTE, text="@northline Hat sich erledigt"), changes=(event("post.arrived"),), lang="de",
        text="Wir haben dem Zugteam Bescheid gegeben.", network="mastodon")  # fmt: skip
    yield _made("changed-reopened", "A new word reopened what was done", "changed=stop", post(3 * HOUR), ours(2 * HOUR),
        again, changes=(event("conversation.reopened"),))  # fmt: skip
    yield _made("changed-repost", "A stranger reposted it meanwhile: the draft is as right as before", "", first,
        repost(MINUTE), changes=(event("post.reposted"),))  # fmt: skip
    yield _made("changed-tagged", "Ben set a tag", "", first,
        changes=(event("conversation.tagged", agent="Ben", tags=["heating"]),))  # fmt: skip
    yield _made("changed-nothing", "Nothing moved", "", first, again, changes=(), network="bluesky")
    yield _made("changed-repost-gone", "A stranger took a repost back", "", first, repost(5 * MINUTE, deleted=True),
        changes=(event("post.deleted", post=repost(5 * MINUTE).id),))  # fmt: skip
    yield _made("changed-set-warn", "A team that only wants to be warned", "changed=warn", first, again,
        changes=(event("post.arrived"),), settings={"checks": {"changed": "warn"}})  # fmt: skip


def _claimed_elsewhere() -> Iterable[Made]:
    stop = "claimed-elsewhere=stop"
    yield _made("claimed-ben", "Ben has it", stop, owner="Ben")
    yield _made("claimed-ben-lease", "Ben has it for another second", stop, owner="Ben", timer_at=NOW + SECOND,
        network="mastodon")  # fmt: skip
    yield _made("claimed-lapsed", "Ben's lease ran out this moment", "", owner="Ben", timer_at=NOW)
    yield _made("claimed-mine", "The agent has it", "", owner="Ana", timer_at=NOW + HOUR, network="bluesky")
    yield _made("claimed-nobody", "Nobody has it: only looked at", "", state="new", owner=None)
    yield _made("claimed-snoozed", "Ben snoozed it, and holds it no longer", "", state="snoozed", owner="Ben")
    yield _made("claimed-french", "Ben l'a prise", stop, owner="Ben", lang="fr", network="forum",
        text="Bonjour, l'équipe à bord est prévenue.", wrote="@northline il fait froid")  # fmt: skip


def _elsewhere(answered: Millis | None = None, by: str | None = None, **values: Any) -> OtherRow:
    """Another conversation of Amanda's, on Mastodon; `answered` so long ago."""
    row = OtherRow(
        7, "mastodon", "@northline", "amandac", "pending", None, None, None,
        None if answered is None else NOW - answered, by, "" if answered is None else "The crew looks at it now.",
    )  # fmt: skip
    return row._replace(**values)


def _same_customer() -> Iterable[Made]:
    warn = "same-customer=warn"
    held = {"state": "claimed", "claimed_at": NOW - 5 * MINUTE}
    yield _made("same-customer-held", "Ben holds her conversation on Mastodon", warn,
        others=(_elsewhere(owner="Ben", timer_at=NOW + HOUR, **held),))  # fmt: skip
    yield _made("same-customer-held-here", "Ben holds another of hers on this network", warn, network="bluesky",
        others=(_elsewhere(owner="Ben", network="bluesky", **held),))  # fmt: skip
    yield _made("same-customer-lapsed", "Ben's lease there has run out", "",
        others=(_elsewhere(owner="Ben", timer_at=NOW, **held),))  # fmt: skip
    yield _made("same-customer-mine", "The agent holds both", "",
        others=(_elsewhere(owner="Ana", timer_at=NOW + HOUR, **held),))  # fmt: skip
    yield _made("same-customer-answered", "Ben answered her five minutes ago", warn,
        others=(_elsewhere(5 * MINUTE, "Ben"),), network="mastodon")  # fmt: skip
    yield _made("same-customer-app", "Somebody answered her in the network's own app", warn,
        others=(_elsewhere(5 * MINUTE),))  # fmt: skip
    yield _made("same-customer-answered-by-me", "The agent answered her elsewhere and knows", "",
        others=(_elsewhere(5 * MINUTE, "Ana"),))  # fmt: skip
    yield _made("same-customer-waiting", "Another of hers waits, and nobody has it", "",
        others=(_elsewhere(state="new"),))  # fmt: skip
    yield _made("same-customer-long-ago", "Ben answered her yesterday", "", others=(_elsewhere(DAY, "Ben"),))
    yield _made("same-customer-wrote-since", "She wrote here after Ben's answer there: a new word, owed its own", "",
        others=(_elsewhere(20 * MINUTE, "Ben"),))  # fmt: skip
    for name, ago, says in (("at", HOUR, warn), ("past", HOUR + SECOND, "")):
        yield _made(f"same-customer-hour-{name}", "Ben's answer is an hour old, and just past it", says,
            post(2 * HOUR), others=(_elsewhere(ago, "Ben"),), settings={"target_minutes": 240})  # fmt: skip
    for minutes, says in ((10, warn), (9, "")):
        yield _made(f"same-customer-minutes-{minutes}", f"Ten minutes ago, where {minutes} count as just now", says,
            others=(_elsewhere(10 * MINUTE, "Ben"),), settings={"same_customer_minutes": minutes})  # fmt: skip
    for name, incident, says in (("same", 3, ""), ("other", 8, warn)):
        yield _made(f"same-customer-incident-{name}", "Ben told her about an incident elsewhere",
            says, incident=_incident(HOUR), text=f"An update: {UPDATE}",
            others=(_elsewhere(5 * MINUTE, "Ben", incident_id=incident),))  # fmt: skip
    for mark, says in (("AN", ""), ("BN", warn)):
        yield _made(f"same-customer-signed-{mark}", "The answer in the network's own app is signed", says,
            text=f"{REPLY} ^AN", others=(_elsewhere(5 * MINUTE, answer=f"The crew looks now. ^{mark}"),))  # fmt: skip
    yield _made("same-customer-same-text", "Ben sent her this very text elsewhere", f"{warn} same-text=stop",
        others=(_elsewhere(5 * MINUTE, "Ben", answer=REPLY),), network="bluesky")  # fmt: skip
    yield _made("same-customer-german", "Ben antwortet ihr gerade woanders", warn, lang="de", network="mastodon",
        others=(_elsewhere(owner="Ben", network="x", **held),), text="Wir haben dem Zugteam Bescheid gegeben.",
        wrote="@northline es ist kalt")  # fmt: skip


def _copies(text: str, count: int, ago: Millis = MINUTE, incident: int | None = None) -> tuple[SentText, ...]:
    return tuple(SentText(text, NOW - ago, f"person{n}", incident) for n in range(count))


def _same_text() -> Iterable[Made]:
    stop, warn = "same-text=stop", "same-text=warn"
    told = "We have asked the station team to look for your bag and will write here."
    yield _made(
        "same-text-person", "She got this very text last week", stop, sent_to=(sent(REPLY, 7 * DAY, "amandac"),)
    )
    yield _made("same-text-person-dressed", "The same, with another greeting, link and signature", stop,
        text=f"Good morning Amanda, {REPLY} ^CD", network="mastodon",
        sent_to=(sent(f"@amandac Hi! {REPLY} https://northline.example/a -Becky", DAY, "amandac"),))  # fmt: skip
    yield _made("same-text-person-german", "Das bekam sie gestern", stop, lang="de",
        wrote="@northline schon wieder kalt", text="Hallo Amanda, das tut uns leid, das Zugteam weiß Bescheid.",
        sent_to=(sent("Das tut uns leid, das Zugteam weiß Bescheid!", DAY, "amandac"),))  # fmt: skip
    yield _made("same-text-person-japanese", "同じ文面", stop, lang="ja", network="bluesky",
        text="ご不便をおかけして申し訳ございません。乗務員に伝えました。",
        sent_to=(sent("ご不便をおかけして申し訳ございません。乗務員に伝えました！", DAY, "amandac"),))  # fmt: skip
    yield _made(
        "same-text-person-reworded",
        "The same in other words is an answer of its own",
        "",
        sent_to=(sent("Apologies for the low temperature on board; a colleague will adjust it.", DAY, "amandac"),),
    )
    yield _made("same-text-person-thanks", "Thanks said twice in other words", "", text="Thank you, Amanda!",
        sent_to=(sent("Thanks for telling us, have a good evening.", DAY, "amandac"),))  # fmt: skip
    for count, says in ((3, warn), (2, "")):
        yield _made(
            f"same-text-crowd-{count}", f"{count} others got it within the hour", says, sent=_copies(REPLY, count)
        )
    yield _made(
        "same-text-crowd-names",
        "Three others, each by name",
        warn,
        network="bluesky",
        text=f"Hi Amanda! {REPLY}",
        sent=(sent(f"Hi Bob, {REPLY} ^AB"), sent(f"@kim {REPLY}"), sent(f"Hello there, {REPLY} -Jo")),
    )
    yield _made("same-text-crowd-french", "Trois autres l'ont reçue", warn, lang="fr", wrote="@northline il fait froid",
        text="Bonjour, nous avons prévenu l'équipe à bord de votre train.", network="mastodon",
        sent=_copies("Bonjour, nous avons prévenu l'équipe à bord de votre train !", 3))  # fmt: skip
    yield _made("same-text-crowd-other", "Three others got other texts", "", sent=_copies(told, 3))
    yield _made(
        "same-text-crowd-dm",
        "In private nobody sees it thrice",
        "",
        post(9 * MINUTE, kind="dm", text="So cold"),
        sent=_copies(REPLY, 5),
        private=True,
    )
    for count, says in ((2, warn), (3, "")):
        yield _made(f"same-text-count-set-{count}", f"Two others, where {count} are too many", says,
            sent=_copies(REPLY, 2), settings={"same_text_count": count})  # fmt: skip
    for name, ago, says in (("at", HOUR, warn), ("past", HOUR + SECOND, "")):
        yield _made(f"same-text-hour-{name}", "An hour ago, and just past it", says, sent=_copies(REPLY, 3, ago))
    for minutes, says in ((20, warn), (19, "")):
        yield _made(f"same-text-minutes-{minutes}", f"Twenty minutes ago where {minutes} count", says,
            sent=_copies(REPLY, 3, 20 * MINUTE), settings={"same_text_minutes": minutes})  # fmt: skip
    near = "We are sorry about the cold train, the team has been told."
    for ratio, says in ((88, stop), (89, "")):
        yield _made(f"same-text-ratio-{ratio}", f"Alike by 88.2 of 100, where {ratio} are asked", says,
            sent_to=(sent(near, DAY, "amandac"),), settings={"same_text_ratio": ratio})  # fmt: skip
    for letters, says in ((12, stop), (13, "")):
        yield _made(
            f"same-text-letters-{letters}",
            f"Twelve letters in another order; below {letters} only the very same",
            says,
            text="We are on it now",
            sent_to=(sent("On it, we are now", DAY, "amandac"),),
            settings={"same_text_letters": letters},
        )
    for percent, says in ((60, stop), (70, "")):
        yield _made(
            f"same-text-shortest-{percent}",
            f"Two thirds of a longer text, where {percent} % make a copy",
            says,
            text="Your refund left us last Monday",
            network="mastodon",
            settings={"same_text_shortest": percent},
            sent_to=(sent("Your refund left us last Monday and is underway", DAY, "amandac"),),
        )
    linked = {
        "incident": _incident(HOUR),
        "text": "Line 4 is closed after a storm, buses replace it.",
    }
    for count, says in ((20, warn), (19, "")):
        yield _made(f"same-text-incident-{count}", f"{count} others got it about the same incident", says,
            sent=_copies(linked["text"], count, incident=3), **linked)  # fmt: skip
    for count, says in ((5, warn), (6, "")):
        yield _made(
            f"same-text-incident-set-{count}",
            f"Five others about the incident where {count} are too many",
            says,
            sent=_copies(linked["text"], 5, incident=3),
            settings={"same_text_incident_count": count},
            **linked,
        )
    yield _made("same-text-incident-apart", "Five got it about an incident that is not hers", "",
        sent=_copies(REPLY, 5, incident=8))  # fmt: skip
    yield _made("same-text-twice-pressed", "The very reply is held already", "answered=stop same-text=stop",
        post(30 * MINUTE), leaving=(reply(6 * MINUTE, REPLY),))  # fmt: skip


def _not_allowed() -> Iterable[Made]:
    stop = "not-allowed=stop"
    about = post(10 * MINUTE, addressed="namedrop", reply_allowed=False, reply_denied="summons", text="Northline, eh")
    yield _made("not-allowed-summons", "X: they never called us", f"{stop} namedrop=info", about)
    for why, network in (("blocked", "mastodon"), ("locked", "bluesky"), ("suspended", "forum"), (None, "x")):
        yield _made(f"not-allowed-{why}", f"The network refuses: {why or 'it does not say why'}", stop,
            post(10 * MINUTE, reply_allowed=False, reply_denied=why), network=network)  # fmt: skip
    yield _made("not-allowed-deleted", "The post is gone", stop, post(10 * MINUTE, deleted=True), network="mastodon")
    yield _made("not-allowed-spanish", "La red no deja responder", stop,
        post(10 * MINUTE, text="@northline hace frío", reply_allowed=False, reply_denied="locked"), lang="es",
        text="Hola, ya avisamos al equipo del tren.")  # fmt: skip
    yield _made("not-allowed-mention", "X: a mention inside is a summons", "",
        post(10 * MINUTE, addressed="mention", text="Cold again, @northline"))  # fmt: skip
    yield _made(
        "not-allowed-older-refused",
        "An older post takes no reply, the newest does",
        "",
        post(30 * MINUTE, addressed="namedrop", reply_allowed=False, reply_denied="summons"),
        post(5 * MINUTE),
    )
    yield _made(
        "not-allowed-older-deleted",
        "An older post is gone, the newest stands",
        "",
        post(30 * MINUTE, deleted=True),
        post(5 * MINUTE),
        network="bluesky",
    )


def _prose(letters: int) -> str:
    """So many characters of harmless prose, closed with a full stop."""
    words = "the crew has looked at the heating of the coach and set it to the right warmth, thank you for the hint; "
    return (words * (letters // len(words) + 1))[: letters - 2] + "s."


def _length() -> Iterable[Made]:
    stop = "length=stop"
    for letters, says in ((280, ""), (281, stop)):
        yield _made(f"length-x-{letters}", f"{letters} characters on X", says, text=_prose(letters))
    for letters, says in ((140, ""), (141, stop)):
        yield _made(f"length-x-wide-{letters}", f"{letters} wide characters on X, each counts two", says, lang="ja",
            wrote="@northline 寒いです", text=("車内の暖房を乗務員が確認いたしました。" * 9)[:letters])  # fmt: skip
    link = "https://example.com/a/very/long/way/to/the/page/about/heating/in/all/our/trains/and/coaches"
    for letters, says in ((256, "link-cost=warn"), (257, f"{stop} link-cost=warn")):
        yield _made(f"length-x-link-{letters}", "A link counts 23 on X however long it is", says,
            text=f"{_prose(letters)} {link}")  # fmt: skip
    for letters, says in ((500, ""), (501, stop)):
        yield _made(f"length-mastodon-{letters}", f"{letters} characters on Mastodon", says, network="mastodon",
            text=f"@amandac {_prose(letters - 9)}")  # fmt: skip
    for letters, says in ((476, ""), (477, stop)):
        yield _made(f"length-mastodon-link-{letters}", "A link counts 23 on Mastodon", says, network="mastodon",
            text=f"@amandac {_prose(letters - 9)} {link}")  # fmt: skip
    for cost, says in ((30, stop), (29, "")):
        yield _made(f"length-link-{cost}", f"A server on which a link counts {cost}", says, network="mastodon",
            text=f"@amandac {_prose(461)} {link}", settings={"link_length": cost})  # fmt: skip
    for limit, says in ((1_000, ""), (999, stop)):
        yield _made(
            f"length-mastodon-limit-{limit}",
            f"A server that takes {limit} characters",
            says,
            network="mastodon",
            text=f"@amandac {_prose(991)}",
            settings={"length_limit": limit},
        )
    for letters, says in ((300, ""), (301, stop)):
        yield _made(f"length-bluesky-{letters}", f"{letters} characters on Bluesky", says, network="bluesky",
            text=_prose(letters))  # fmt: skip
        yield _made(
            f"length-bluesky-marks-{letters}",
            f"{letters} letters with an accent of their own: graphemes",
            says,
            network="bluesky",
            lang="fr",
            wrote="@northline il fait froid",
            text="e\u0301" * letters,
        )
    family = "👨\u200d👩\u200d👧\u200d👦"
    for count, says in ((120, ""), (121, stop)):
        yield _made(f"length-bluesky-bytes-{count}", f"{count} families: few graphemes, many bytes", says,
            network="bluesky", text=family * count)  # fmt: skip
    yield _made("length-forum-free", "A network of our own sets no limit", "", network="forum", text=_prose(2_000))
    for limit, says in ((400, ""), (399, stop)):
        yield _made(f"length-forum-{limit}", f"A network of our own that takes {limit}", says, network="forum",
            text=_prose(400), settings={"length_limit": limit})  # fmt: skip
    yield _made("length-empty", "Nothing to send", stop, text="  \n")
    yield _made("length-invisible", "Nothing that anybody could see", stop, text="\u200b\u2060", network="bluesky")
    yield _made("length-dm", "A private message on X may be longer than a post", "",
        post(9 * MINUTE, kind="dm", text="My seat is broken"), text=_prose(600), private=True)  # fmt: skip


def _placeholder() -> Iterable[Made]:
    filled = {
        "kisses": ("en", "x", "So glad it arrived, enjoy the trip xx"),
        "size": ("en", "mastodon", "We have the jacket in XXL at the station shop."),
        "part": ("en", "x", "[1/2] The crew has been told, and the heating is on."),
        "update": ("en", "x", "[Update] Line 4 is running again."),
        "languages": ("fr", "mastodon", "[FR] La ligne 4 est fermée. [EN] Line 4 is closed."),
        "heart": ("en", "bluesky", "We <3 our guards too, and will tell her."),
        "coach-x": ("en", "x", "Coach X is closed, please use coach Y."),
        "arithmetic": ("de", "x", "Für 2 Personen gilt: Preis < 40 Euro und Alter > 26."),
        "smile": ("es", "bluesky", "¡Gracias a usted! :-] Que tenga buen viaje :-}"),
    }
    for name, (lang, network, text) in filled.items():
        yield _made(
            f"placeholder-not-{name}", "Looks like a blank and is none", "", lang=lang, network=network, text=text
        )
    blanks = {
        "liquid": ("en", "x", "Hi {{ customer.first_name }}, the crew has been told."),
        "tag": ("en", "mastodon", "Hi {% if name %}there, the crew has been told."),
        "half": ("en", "x", "Hi {{ customer.first_name, the crew has been told."),
        "blank": ("en", "bluesky", "Your seat is ⟦seat⟧ in the first coach."),
        "xx": ("en", "x", "Your train leaves at XX:XX from platform two."),
        "xx-german": ("de", "mastodon", "Ihr Zug fährt um XX Uhr von Gleis zwei."),
        "xxx": ("es", "x", "Su tren sale a las XXX de la vía dos."),
        "brackets": ("en", "x", "Hi [name], the crew has been told."),
        "brackets-french": ("fr", "bluesky", "Bonjour [prénom], l'équipe à bord est prévenue."),
        "braces": ("es", "mastodon", "Hola {nombre}, ya avisamos al equipo del tren."),
        "angles": ("de", "forum", "Guten Tag <Name>, das Zugteam weiß Bescheid."),
    }
    for name, (lang, network, text) in blanks.items():
        yield _made(
            f"placeholder-{name}", "A blank was left", "placeholder=stop", lang=lang, network=network, text=text
        )


CARD = "4111 1111 1111 1111"
EMAIL = "amanda.cole@mail.example"
OURS = ("help@northline.example", "0345 600 7245", "@northlinehelp", "+49 30 901820", "service@northline.example")
MOVE = "That is good to know. The refund is on its way and takes three days."


def _private_data() -> Iterable[Made]:
    told = {
        "card": ("stop", "en", "x", f"The refund goes back to your card {CARD}."),
        "card-amex": ("stop", "en", "mastodon", "The refund goes back to 378282246310005 as agreed."),
        "card-dashes": ("stop", "de", "bluesky", "Die Erstattung geht auf Ihre Karte 5555-5555-5555-4444."),
        "iban": ("stop", "de", "mastodon", "Die Erstattung geht auf DE89 3704 0044 0532 0130 00."),
        "iban-french": ("stop", "fr", "x", "Le remboursement part sur FR1420041010050500013M02606."),
        "iban-spanish": ("stop", "es", "forum", "El reembolso va a la cuenta ES9121000418450200051332."),
        "email": ("warn", "en", "x", f"We have sent the new ticket to {EMAIL}."),
        "email-german": ("warn", "de", "mastodon", "Das neue Ticket ging an lena.vogt@post.example."),
        "phone": ("warn", "en", "x", "We tried to reach you on +44 20 7946 0958."),
        "phone-french": ("warn", "fr", "bluesky", "Nous avons essayé de vous joindre au +33 1 42 68 53 00."),
        "booking": ("warn", "en", "x", "Your booking K7RT2M is confirmed for Tuesday."),
        "booking-german": ("warn", "de", "x", "Ihre Buchung K7RT2M ist für Dienstag bestätigt."),
        "booking-spanish": ("warn", "es", "mastodon", "Su reserva K7RT2M está confirmada para el martes."),
    }
    for name, (verdict, lang, network, text) in told.items():
        yield _made(f"private-data-{name}", "It stands in our own public text", f"private-data={verdict}", lang=lang,
            network=network, text=text, wrote="@northline ?")  # fmt: skip
    harmless = {
        "tracking-luhn": ("en", "x", "Your parcel 9400110200881234567894 left the depot this morning."),
        "tracking-16": ("en", "mastodon", "Your parcel 1234567812345670 left the depot this morning."),
        "tracking-ups": ("en", "x", "Your parcel 1Z999AA10123456784 left the depot this morning."),
        "card-no-luhn": ("en", "x", "The ticket number is 4111 1111 1111 1112, it is valid all day."),
        "card-too-long": ("en", "bluesky", "The parcel is 41111111111111112, it left this morning."),
        "card-ending": ("en", "x", "The refund went to the card ending in 1111."),
        "card-stars": ("de", "mastodon", "Die Erstattung ging auf die Karte **** **** **** 1111."),
        "iban-wrong": ("de", "mastodon", "Die Kennung DE88 3704 0044 0532 0130 00 steht auf dem Aushang."),
        "acct": ("en", "mastodon", "Thank you, @kim@social.example told us the same."),
        "order": ("en", "x", "Order 302-5567 is on its way."),
        "amazon-order": ("en", "x", "We see 402-1234567-1234567 in the list, and it left us today."),
        "times": ("fr", "x", "Le train 4711 part à 14h05 le 24/11/2026 et coûte 1.299,00 euros."),
        "iso-date": ("en", "forum", "The works last from 2026-11-24 08:00 to 2026-12-01 18:00."),
        "booking-word": ("en", "x", "Which booking number is it, and did the booking office give you a receipt?"),
        "booking-german-word": ("de", "mastodon", "Um welche Buchung geht es? Die Buchungsnummer steht im Ticket."),
        "flight": ("es", "bluesky", "Su reserva es para el tren AVE123 del martes."),
        "version": ("en", "x", "Version 11.1.2 of the app mends this, build 20261124."),
    }
    for name, (lang, network, text) in harmless.items():
        yield _made(f"private-data-not-{name}", "Looks private and is not", "", lang=lang, network=network, text=text,
            wrote="@northline ?")  # fmt: skip
    for code, says in (("NL-482913", "private-data=warn"), ("NL-48291", "")):
        yield _made(f"private-data-pattern-{code}", "An account with booking codes of its own form", says,
            text=f"We found {code} and changed the seat.", settings={"booking_pattern": r"\bNL-\d{6}\b"})  # fmt: skip
    public = {
        "card": f"@northline you charged {CARD} twice",
        "masked-card": "@northline you charged •••• 1111 twice",
        "iban": "@northline bitte auf DE89 3704 0044 0532 0130 00 erstatten",
        "email": f"@northline write to me at {EMAIL}",
        "booking": "@northline my booking K7RT2M is gone",
    }
    for name, wrote in public.items():
        verdict = "warn" if name.endswith(("card", "iban")) else "info"
        yield _made(f"private-data-customer-{name}", "The customer posted it in public: offer a private message",
            f"private-data={verdict}", wrote=wrote, text=MOVE, network="forum" if name == "card" else "x")  # fmt: skip
    yield _made("private-data-customer-tracking", "The customer posted a tracking number", "",
        wrote="@northline where is 9400110200881234567894", text="It left the depot this morning.")  # fmt: skip
    secret = post(9 * MINUTE, kind="dm", text=f"My booking is K7RT2M, my mail {EMAIL}")
    shown = post(3 * HOUR, text=f"@northline you charged {CARD} twice")
    yield _made(
        "private-data-heard",
        "We answered the post with the card number; this is about another",
        "",
        shown,
        ours(2 * HOUR, "Please delete that, and send it in private."),
        post(5 * MINUTE, text="@northline done, and now?"),
    )
    yield _made("private-data-moves", "The reply goes to private messages by itself", "", network="mastodon",
        wrote=public["booking"], text="Please send us a DM, and we will look for it.")  # fmt: skip
    yield _made("private-data-dm", "In private the booking code may be said", "", secret, private=True,
        text="Thank you, your booking K7RT2M is confirmed for Tuesday.")  # fmt: skip
    yield _made(
        "private-data-dm-card",
        "A whole card number belongs in no message of ours",
        "private-data=stop",
        secret,
        private=True,
        text=f"The refund goes back to {CARD}.",
    )
    yield _made("private-data-ours", "Our own address is public", "bounce=warn", settings={"contacts": OURS},
        text="For lost property please write to help@northline.example.")  # fmt: skip
    yield _made("private-data-not-ours", "An address that is not in the list", "bounce=warn private-data=warn",
        text="For lost property please write to jo.smith@northline.example.", settings={"contacts": OURS})  # fmt: skip


def _wrong_account() -> Iterable[Made]:
    stop = "wrong-account=stop"
    yield _made("wrong-account-handle", "She wrote to @northline, it would leave from @northlinehelp", stop,
        sender="@northlinehelp")  # fmt: skip
    yield _made("wrong-account-german", "Von der falschen Adresse", stop, sender="@northline_de", lang="de",
        network="mastodon", text="Das Zugteam weiß Bescheid.")  # fmt: skip
    yield _made("wrong-account-recipient", "The text speaks to somebody else", stop, text=f"@bobmiller {REPLY}")
    yield _made("wrong-account-recipient-mastodon", "A handle of another server, and another person", stop,
        text=f"@bob@social.example {REPLY}", network="mastodon")  # fmt: skip
    yield _made("wrong-account-recipient-french", "Le nom de quelqu'un d'autre", stop, lang="fr", network="bluesky",
        text="@paul.bsky.example l'équipe à bord est prévenue.", wrote="@northline il fait froid")  # fmt: skip
    yield _made("wrong-account-reposter", "The text speaks to who only reposted", stop, post(10 * MINUTE),
        repost(3 * MINUTE), text=f"@oldnews {REPLY}", network="bluesky")  # fmt: skip
    yield _made("wrong-account-same", "Its own handle, in another spelling", "", sender="@NorthLine")
    yield _made("wrong-account-none", "No handle chosen: the conversation's own", "", network="bluesky")
    yield _made("wrong-account-customer", "Opens with her handle in capitals", "", text=f"@AmandaC {REPLY}")
    yield _made("wrong-account-local", "Mastodon: the local half of her handle", "", text=f"@amandac {REPLY}",
        who=("Amanda C", "amandac@social.example"), network="mastodon")  # fmt: skip
    yield _made(
        "wrong-account-both",
        "Opens with both who are in the thread",
        "",
        post(20 * MINUTE),
        post(9 * MINUTE, STRANGER, text="@amandac @northline same here"),
        text=f"@amandac @oldnews {REPLY}",
    )
    yield _made("wrong-account-third", "Names a third person who is in the thread", "", post(20 * MINUTE),
        post(9 * MINUTE, STRANGER, text="@amandac coach 5 is warm"), network="mastodon",
        text="Thank you Amanda, and @oldnews is right: coach 5 is warm.")  # fmt: skip
    yield _made(
        "wrong-account-mentioned",
        "She named a friend, and so do we",
        "",
        wrote="@northline @kimlee and I freeze",
        text="@amandac @kimlee we are sorry, the crew has been told.",
    )


def _bounce() -> Iterable[Made]:
    warn = "bounce=warn"
    away = {
        "handle": ("en", "x", "Please contact @northlinehelp about this, they can help."),
        "mail": ("en", "mastodon", "Please email help@northline.example and tell them what happened."),
        "phone": ("en", "x", "Please call us on 0345 600 7245, we are happy to help."),
        "call-bare": ("en", "bluesky", "Please give our customer relations team a call."),
        "handle-german": ("de", "mastodon", "Bitte wenden Sie sich an @northlinehelp."),
        "phone-german": ("de", "x", "Bitte rufen Sie unsere Hotline unter +49 30 901820 an."),
        "mail-german": ("de", "forum", "Bitte schreiben Sie eine E-Mail an service@northline.example."),
        "mail-french": ("fr", "bluesky", "Merci d'écrire à service@northline.example."),
        "phone-french": ("fr", "x", "Veuillez appeler notre service client."),
        "mail-spanish": ("es", "mastodon", "Por favor, escriba a help@northline.example."),
        "phone-spanish": ("es", "x", "Por favor, llame a nuestra oficina."),
    }
    for name, (lang, network, text) in away.items():
        yield _made(f"bounce-{name}", "Sends them away although we could answer here", warn, lang=lang, network=network,
            text=text, settings={"contacts": OURS})  # fmt: skip
    here = {
        "dm": ("en", "x", "Please send us a DM with your booking number so that we can look into it."),
        "dm-german": ("de", "mastodon", "Schicken Sie uns bitte eine Direktnachricht mit der Buchungsnummer."),
        "dm-french": ("fr", "x", "Envoyez-nous un message privé avec votre numéro de dossier, s'il vous plaît."),
        "dm-spanish": ("es", "bluesky", "Envíenos un mensaje privado con su número de reserva, por favor."),
        "called": ("en", "x", "Sorry that nobody picked up when you called; what did you want to ask?"),
        "asked": ("en", "x", "Have you spoken with our team on the phone? What did they say?"),
        "we-call": ("en", "mastodon", "We have passed this on, and a colleague is calling you now."),
        "emailed": ("en", "x", "We have emailed you the new ticket, please check your inbox."),
        "crew": ("en", "bluesky", "There is a button next to the door with which you can call the guard."),
        "passed": ("en", "x", "Thank you, we have passed this on to @cityrail, who run the lifts."),
        "emergency": ("en", "x", "If somebody is in danger, call 999 now. The guard is on the way to you."),
        "we-call-german": ("de", "x", "Wir haben Sie gerade angerufen und niemanden erreicht."),
        "phone-app": ("en", "x", "Which phone do you use the app on? Is it the newest version?"),
    }
    for name, (lang, network, text) in here.items():
        yield _made(f"bounce-not-{name}", "Nobody is sent away", "", lang=lang, network=network, text=text)
    call = "Please call us on 0345 600 7245."
    thread = [post(3 * HOUR), ours(2 * HOUR, call), post(5 * MINUTE, text="@northline nobody answers there!")]
    mail = "Please email help@northline.example about the seat."
    for count, says in ((2, warn), (3, "")):
        yield _made(f"bounce-count-{count}", f"Sent away for the second time, where {count} times are too many", says,
            *thread, text=mail, settings={"contacts": OURS, "bounce_count": count})  # fmt: skip
    yield _made("bounce-count-first", "Sent away for the first time, where two are too many", "", text=mail,
        settings={"contacts": OURS, "bounce_count": 2}, network="mastodon")  # fmt: skip
    yield _made(
        "bounce-then-answer",
        "Sent away before, and answered now",
        "",
        *thread,
        text="We are sorry about that. What is it about? We look into it here.",
        settings={"contacts": OURS},
    )
    yield _made("bounce-not-allowed", "No answer is possible here, so there is nothing else", "not-allowed=stop",
        post(10 * MINUTE, reply_allowed=False), text=call, settings={"contacts": OURS})  # fmt: skip
    form = "https://example.com/contact"
    yield _made("bounce-form", "Sent to a form, which may be the only way in", "", network="bluesky",
        text=f"Please contact us here: {form}")  # fmt: skip
    yield _made("bounce-not-dm-link", "A link that opens a private message to us", "", network="mastodon",
        text=f"Please contact us in a DM: {form}")  # fmt: skip
    yield _made("bounce-not-caller", "A number that calls them", "", settings={"contacts": OURS},
        text="If 0345 600 7245 rings this afternoon, that is us about the bag.")  # fmt: skip
    yield _made("bounce-off", "An account with nothing but a telephone", "", text=call,
        settings={"contacts": OURS, "checks": {"bounce": "off"}})  # fmt: skip


def _expired_canned() -> Iterable[Made]:
    stop = "expired-canned=stop"
    life = {
        "now": (stop, {"valid_until": NOW}),
        "long-ago": (stop, {"valid_until": NOW - 3 * DAY}),
        "not-yet": (stop, {"valid_from": NOW + 2 * HOUR}),
        "last-moment": ("", {"valid_until": NOW + SECOND}),
        "first-moment": ("", {"valid_from": NOW}),
        "for-ever": ("", {}),
    }
    for (name, (says, span)), network in zip(life.items(), (*NETWORKS, *NETWORKS), strict=True):
        yield _made(f"expired-canned-{name}", "A canned response and its shelf life", says, network=network,
            canned=(Canned(1, "cold coach", REPLY, **span),))  # fmt: skip
    yield _made("expired-canned-german", "Ein Baustein vom letzten Streik", stop, lang="de",
        text="Wegen des Streiks fahren heute nur einzelne Züge.", wrote="@northline fährt was?",
        canned=(Canned(2, "Streik", "Wegen des Streiks …", language="de", valid_until=NOW - DAY),))  # fmt: skip


LOCKED: Sequence[tuple[bool, str, str, str, str]] = (
    (False, "en", "Sorry about that. ", "Refunds are paid within 14 days of your request.", ""),
    (True, "en", "Sorry about that, we will look. ", "Refunds are paid within 14 days of your request.", "in 3 days"),
    (True, "en", "We are very sorry about this. ", "By law you have a right to withdraw.", " "),
    (
        True,
        "de",
        "Das tut uns leid. ",
        "Die Erstattung erfolgt binnen 14 Tagen.",
        "Die Erstattung erfolgt binnen 3 Tagen.",
    ),
    (False, "de", "Das tut uns leid. ", "Die Erstattung erfolgt binnen 14 Tagen.", ""),
    (
        True,
        "fr",
        "Toutes nos excuses. ",
        "Le remboursement est versé sous 14 jours.",
        "Le remboursement est versé vite.",
    ),
    (False, "es", "Lo sentimos mucho. ", "El reembolso se paga en 14 días.", ""),
)
"""Whether it stops, language, what stands before the locked wording, that wording, and what an agent made of it."""


def _locked_text() -> Iterable[Made]:
    for number, (stops, lang, before, wording, became) in enumerate(LOCKED, 1):
        yield _made(
            f"locked-text-{number}-{lang}", "A response with legal wording, as it is or changed",
            "locked-text=stop" if stops else "", lang=lang, network=NETWORKS[number % 3],
            text=before + (became or wording), made_of=NOTHING.with_inserted(1, before + wording, locked=[wording]),
        )  # fmt: skip
    legal = "Refunds are paid within 14 days."
    yield _made(
        "locked-text-taken-out", "The response was taken out again, and something else written",
        made_of=NOTHING.with_inserted(1, legal, locked=[legal]),
    )  # fmt: skip


def _tone() -> Iterable[Made]:
    warn = "tone=warn"
    rough = {
        "blame": ("en", "x", "You should have read the terms before you bought the ticket."),
        "fault": ("en", "mastodon", "That is your own fault, the platform was on the display."),
        "blame-german": ("de", "x", "Das ist Ihre eigene Schuld, das Gleis stand auf der Anzeige."),
        "read-german": ("de", "mastodon", "Sie hätten die Bedingungen lesen müssen."),
        "blame-french": ("fr", "x", "C'est de votre faute, la voie était affichée."),
        "blame-spanish": ("es", "bluesky", "Es culpa suya, la vía estaba en la pantalla."),
        "sarcasm": ("en", "x", "Obviously nobody reads our emails."),
        "calm-down": ("en", "bluesky", "Calm down please, the train is only an hour late."),
        "sarcasm-german": ("de", "x", "Offensichtlich haben Sie unsere E-Mail nicht gelesen."),
        "sarcasm-french": ("fr", "mastodon", "Évidemment, personne ne lit nos courriels."),
        "shouting": ("en", "x", "We CANNOT REFUND THIS ticket after the trip."),
        "shouting-german": ("de", "mastodon", "Eine Erstattung ist LEIDER NICHT MÖGLICH nach der Fahrt."),
        "shouting-french": ("fr", "bluesky", "Ce billet NE PEUT PAS être échangé."),
        "shouting-long": ("de", "x", "Diese VERBINDUNG GESTRICHEN HEUTE, mehr wissen wir nicht."),
        "name": ("en", "x", "Hi Brian, the crew has been told."),
        "name-german": ("de", "mastodon", "Hallo Stefan, das Zugteam weiß Bescheid."),
        "name-french": ("fr", "x", "Bonjour Sophie, l'équipe à bord est prévenue."),
        "name-spanish": ("es", "x", "Hola Carmen, ya avisamos al equipo del tren."),
    }
    for name, (lang, network, text) in rough.items():
        yield _made(f"tone-{name}", "Nobody should read this from us", warn, lang=lang, network=network, text=text)
    kind = {
        "should-have-got": ("en", "x", "You should have received an email with the new ticket by now."),
        "should-not-have": ("en", "x", "You're right, you shouldn't have to chase us for this."),
        "not-your-fault": ("en", "mastodon", "It is not your fault at all, the display was wrong."),
        "our-fault": ("de", "x", "Das ist unsere Schuld, die Anzeige war falsch."),
        "our-fault-french": ("fr", "mastodon", "C'est de notre faute, l'affichage était faux."),
        "congratulations": ("en", "bluesky", "Congratulations on the wedding, and have a lovely trip!"),
        "great": ("en", "x", "Great, glad to hear that it works now!"),
        "acronyms": ("en", "x", "Please try the HDMI port of the TV and the USB cable."),
        "acronyms-german": ("de", "x", "Das gilt für ICE und IC, nicht für S-Bahn und RE."),
        "two-words": ("en", "x", "This ticket is NOT VALID on the night train."),
        "hi-there": ("en", "x", "Hi there, the crew has been told."),
        "hi-all": ("en", "mastodon", "Hello all, line 4 is running again."),
        "hi-name": ("en", "x", "Hi Amanda, the crew has been told."),
        "guten-tag": ("de", "mastodon", "Guten Tag, das Zugteam weiß Bescheid."),
        "moin": ("de", "x", "Moin zusammen, das Zugteam weiß Bescheid."),
        "buenas": ("es", "x", "Buenas tardes, ya avisamos al equipo del tren."),
        "so-sorry": ("en", "x", "We are SO sorry, the crew has been told."),
        "calm": ("en", "x", "Coach 2 is the quiet and calm one, if you would like to move."),
        "hi-again": ("en", "bluesky", "Hi again, the crew has been told."),
    }
    for name, (lang, network, text) in kind.items():
        yield _made(f"tone-not-{name}", "Kind, or at least not rude", "", lang=lang, network=network, text=text)
    shouted = "Tickets are NOT VALID TODAY on the night train."
    for words, says in ((3, warn), (4, "")):
        yield _made(f"tone-shouted-{words}", f"Three words in capitals where {words} are shouting", says, text=shouted,
            settings={"shouted_words": words})  # fmt: skip
    yield _made("tone-name-signed", "She signed with another name than her account's", "",
        wrote="@northline still cold. Regards, Sue", text="Hi Sue, the crew has been told.")  # fmt: skip
    yield _made("tone-name-unknown", "Nobody can tell the name from the handle", "", who=("", "xk92_77"),
        text="Hi Brian, the crew has been told.")  # fmt: skip
    yield _made("tone-name-herr", "Höflich mit dem Nachnamen", "", lang="de", who=("Peter Müller", "pmueller"),
        text="Guten Tag Herr Müller, das Zugteam weiß Bescheid.", network="mastodon")  # fmt: skip
    yield _made("tone-name-accent", "Her name without its accent", "", lang="es", who=("José García", "jgarcia"),
        text="Hola Jose, ya avisamos al equipo del tren.")  # fmt: skip
    yield _made("tone-name-handle", "The name is only in the handle", "", who=("🚆🚆", "brian_t"), network="bluesky",
        text="Hi Brian, the crew has been told.")  # fmt: skip
    sorry = ("We are sorry.", "We apologise for the inconvenience.", "So sorry about this!")
    asks = [post(n * HOUR, text="@northline and now?") for n in (6, 4, 2)]
    thread = [asks[0], ours(5 * HOUR, sorry[0]), asks[1], ours(3 * HOUR, sorry[1]), post(5 * MINUTE)]
    yield _made("tone-third-apology", "Sorry for the third time, and nothing else", warn, *thread, text=sorry[2])
    yield _made("tone-second-apology", "Sorry for the second time", "", *thread[2:], text=sorry[2], network="mastodon")
    yield _made("tone-apology-with-action", "Sorry for the third time, and something is done", "", *thread,
        text="So sorry about this! The crew has moved you to coach 5, it is warm there.")  # fmt: skip
    yield _made("tone-apology-action-before", "The earlier apologies came with an action", "", asks[0],
        ours(5 * HOUR, "We are sorry, the crew looks at the heating."), asks[1],
        ours(3 * HOUR, "We are sorry, coach 5 has been opened for you."), post(5 * MINUTE), text=sorry[2])  # fmt: skip
    for count, says in ((2, warn), (3, "")):
        yield _made(f"tone-apology-count-{count}", f"Sorry for the second time where {count} are too many", says,
            *thread[2:], text=sorry[2], settings={"apology_count": count})  # fmt: skip
    yield _made("tone-third-apology-german", "Zum dritten Mal nur Bedauern", warn, asks[0],
        ours(5 * HOUR, "Das tut uns leid."), asks[1], ours(3 * HOUR, "Wir bitten um Entschuldigung."),
        post(5 * MINUTE), text="Es tut uns sehr leid!", lang="de", network="bluesky")  # fmt: skip
    yield _made("tone-off", "A team that trusts its own ear", "", text="Calm down please.",
        settings={"checks": {"tone": "off"}})  # fmt: skip


OFFICE = "mo-fr 09:00-17:00"
MONDAY = "2026-09-21T14:13:20Z"
FRIDAY = "2026-11-27T16:30:00Z"
CHRISTMAS_EVE = "2026-12-24T14:00:00Z"


def _off_hours() -> Iterable[Made]:
    warn = "off-hours=warn"
    rows: list[tuple[str, str, str, str, str, str, dict[str, Any]]] = [
        ("tomorrow-saturday", warn, "en", "x", FRIDAY, "We will call you tomorrow morning.", {}),
        ("tomorrow-tuesday", "", "en", "x", MONDAY, "We will call you tomorrow morning.", {}),
        ("morgen-samstag", warn, "de", "mastodon", FRIDAY, "Wir melden uns morgen bei Ihnen.", {}),
        ("morgen-dienstag", "", "de", "mastodon", MONDAY, "Wir melden uns morgen bei Ihnen.", {}),
        ("demain-samedi", warn, "fr", "bluesky", FRIDAY, "Nous vous répondrons demain.", {}),
        ("demain-mardi", "", "fr", "bluesky", MONDAY, "Nous vous répondrons demain.", {}),
        ("manana-sabado", warn, "es", "x", FRIDAY, "Le llamaremos mañana.", {}),
        ("manana-martes", "", "es", "x", MONDAY, "Le llamaremos mañana.", {}),
        ("tonight", warn, "en", "x", MONDAY, "We will get back to you tonight.", {}),
        ("today-open", "", "en", "mastodon", MONDAY, "We will get back to you today.", {}),
        ("today-closed", warn, "en", "mastodon", "2026-11-27T19:00:00Z", "We will get back to you today.", {}),
        ("within-hours-inside", "", "en", "x", MONDAY, "We will get back to you within 2 hours.", {}),
        ("within-hours-beyond", "", "en", "x", MONDAY, "We will get back to you within 3 hours.", {}),
        ("within-hours-closed", warn, "en", "x", "2026-09-21T17:00:00Z", "We will get back to you within 3 hours.", {}),
        ("within-hours-open", "", "en", "x", "2026-09-21T16:59:00Z", "We will get back to you within 3 hours.", {}),
        ("within-hours-next-day", "", "en", "x", "2026-09-21T17:00:00Z", "We will get back to you in 24 hours.", {}),
        ("at-eight", warn, "en", "bluesky", MONDAY, "We will call you at 8 pm.", {}),
        ("at-four", "", "en", "bluesky", MONDAY, "We will call you at 4 pm.", {}),
        ("at-four-gone", warn, "en", "bluesky", FRIDAY, "We will call you at 4 pm.", {}),
        ("at-four-tuesday", "", "en", "bluesky", "2026-09-21T16:30:00Z", "We will call you at 4 pm.", {}),
        ("monday-evening", "", "en", "x", "2026-09-21T18:30:00Z", "We will call you on Monday.", {}),
        ("sonntag", warn, "de", "x", MONDAY, "Wir rufen Sie am Sonntag an.", {}),
        ("mittwoch", "", "de", "x", MONDAY, "Wir rufen Sie am Mittwoch an.", {}),
        ("sunday", warn, "en", "x", MONDAY, "We will write to you on Sunday.", {}),
        ("zone", warn, "en", "x", "2026-09-21T16:30:00Z", "We will look into it within 10 minutes.",
            {"timezone": "Europe/London"}),
        ("zone-utc", "", "en", "x", "2026-09-21T16:30:00Z", "We will look into it within 10 minutes.", {}),
        ("christmas", warn, "en", "x", CHRISTMAS_EVE, "We will call you tomorrow.", {"holidays": "GB"}),
        ("christmas-unset", "", "en", "x", CHRISTMAS_EVE, "We will call you tomorrow.", {}),
        ("saints-bavaria", warn, "de", "mastodon", "2026-10-31T12:00:00Z", "Wir melden uns morgen bei Ihnen.",
            {"hours": "mo-su 09:00-17:00", "holidays": "DE-BY"}),
        ("saints-berlin", "", "de", "mastodon", "2026-10-31T12:00:00Z", "Wir melden uns morgen bei Ihnen.",
            {"hours": "mo-su 09:00-17:00", "holidays": "DE-BE"}),
        ("saturday-open", "", "en", "forum", FRIDAY, "We will call you tomorrow morning.",
            {"hours": "mo-fr 09:00-17:00, sa 10:00-14:00"}),
        ("always", "", "en", "x", FRIDAY, "We will call you tomorrow morning.", {"hours": ""}),
        ("fact-open", "", "en", "x", FRIDAY, "The ticket office is open from nine to five, and closed on Sunday.", {}),
        ("fact-closed", "", "en", "x", "2026-11-28T12:00:00Z", "The shop is closed today and opens on Monday.", {}),
        ("fact-train", "", "en", "mastodon", FRIDAY, "Your train leaves tomorrow at 8 pm from platform two.", {}),
        ("fact-german", "", "de", "x", FRIDAY, "Morgen fällt der Zug wegen Bauarbeiten leider aus.", {}),
        ("no-promise", "", "en", "x", "2026-11-28T12:00:00Z", "Which coach are you in today?", {}),
        ("they-promise", "", "en", "x", FRIDAY, "Could you send us the number by tomorrow?", {}),
    ]  # fmt: skip
    for name, says, lang, network, at, text, settings in rows:
        yield _made(f"off-hours-{name}", "A promise, or none, and the hours we keep", says, lang=lang, network=network,
            at=at, text=text, settings={"hours": OFFICE} | settings)  # fmt: skip


def _link_cost() -> Iterable[Made]:
    warn = "link-cost=warn"
    see = "The steps are here: https://example.com/heating"
    yield _made("link-cost-link", "A link on X", warn, text=see)
    yield _made("link-cost-bare", "X makes a link of a bare domain", warn, text="The steps are on example.com/heating")
    yield _made("link-cost-german", "Ein Link auf X", warn, text="Alles dazu steht hier: https://example.com/de",
        lang="de")  # fmt: skip
    yield _made("link-cost-french", "Un lien sur X", warn, lang="fr",
        text="Vous trouverez les étapes ici : https://example.com/fr")  # fmt: skip
    yield _made("link-cost-mastodon", "A link on Mastodon costs nothing", "", text=see, network="mastodon")
    yield _made("link-cost-bluesky", "A link on Bluesky costs nothing", "", text=see, network="bluesky")
    yield _made("link-cost-forum", "A link on a network of our own", "", text=see, network="forum")
    yield _made("link-cost-none", "No link, but a full stop without a space", "", text="It is warm again.We are glad.")
    yield _made("link-cost-handle", "A handle and a tag are no links", "", text="@amandac the crew knows. #northline")
    yield _made("link-cost-dm", "A private message is no post", "", post(9 * MINUTE, kind="dm", text="how?"), text=see,
        private=True)  # fmt: skip
    for factor, says in ((0, ""), (2, warn)):
        yield _made(f"link-cost-factor-{factor}", f"An account that pays {factor} times as much", says, text=see,
            settings={"link_cost_factor": factor})  # fmt: skip
    yield _made("link-cost-info", "A team that does not count its pennies", "link-cost=info", text=see,
        settings={"checks": {"link-cost": "info"}})  # fmt: skip


# -- silence ---------------------------------------------------------------------------------------

BEN, LENA, CHLOE, LUIS = (
    ("Ben Okafor", "benok"),
    ("Lena Vogt", "lenav"),
    ("Chloé Martin", "chloem"),
    ("Luis Ortega", "lortega"),
)
X, MASTODON, BLUESKY, FORUM = "x", "mastodon", "bluesky", "forum"

GOOD_REPLIES: tuple[tuple[str, str, tuple[str, str], str, str], ...] = (
    ("en", X, ANN, "@northline still no heating in coach 4",
     "Hi Amanda, thanks for telling us. I've asked the guard to look at coach 4. ^JB"),
    ("en", X, BEN, "@northline parcel says delivered, it is not",
     "Hi Ben, sorry to hear this. Could you DM us the order number so I can look into it? - Paul"),
    ("en", X, ANN, "@northline app crashes on start",
     "Sorry about that! Which version of the app is it, and which phone do you use? /MT"),
    ("en", X, BEN, "@northline thank you so much!!", "You're very welcome, Ben. Have a lovely evening! *TAC"),
    ("en", X, ANN, "@northline what happens with the 18:04?",
     "The 18:04 is held at Reading because of a signal fault. We expect it to leave at about 18:30. ^CB"),
    ("en", X, ANN, "@northline is the cafe open?", "It is! The buffet in coach C is open until Swindon today. Phil."),
    ("en", X, BEN, "@northline your staff at Leeds were rude",
     "That isn't the welcome we want for you. Can you tell me the time and the platform? I'd like to "
     "raise it with the station manager. -Becky"),
    ("en", X, ANN, "@northline can I bring my bike",
     "Yes, you can. Bikes travel free outside the peak hours, and it's best to reserve a space. ^OL"),
    ("en", X, BEN, "@northline refund???",
     "I can see that it was approved on Friday, so it should reach your account in three to five working days. ^RR"),
    ("en", X, ANN, "@northline lift broken again at Kings Road",
     "Thanks for the report, Amanda. An engineer has been called, and until then the ramp on the north side is open."),
    ("en", X, BEN, "@northline did you get my DM",
     "We've got your DM and will reply to you there. Thanks for your patience! ^KT"),
    ("en", X, ANN, "@northline no wifi",
     "We understand how frustrating that is. Could you turn the wifi of your device off and on, and tell "
     "us if it helps?"),
    ("en", X, BEN, "@northline you charged me twice",
     "I'm sorry for the trouble, Ben. Without posting any account details, can you tell us on which day "
     "that was? ^AC"),
    ("en", X, ANN, "@northline love the new seats",
     "So happy you like them! We'll pass your kind words to the design team. 💚"),
    ("en", X, BEN, "@northline left my umbrella on the 9:15",
     "Oh no! It was handed in at the desk in York. You can pick it up until Friday with any ID."),
    ("en", X, ANN, "@northline why are we standing",
     "Emergency services are dealing with an incident near Slough. We'll update you here as soon as we hear more."),
    ("en", X, BEN, "@northline my voucher does not work",
     "Let's get that sorted. Is there a message when you enter the code, and which shop is it?"),
    ("en", X, ANN, "@northline I want to complain about the driver",
     "We take this very seriously. Please tell us the number of the bus and about when you got on."),
    ("en", X, BEN, "@northline where is my order",
     "Hey Ben! Sorry it hasn't arrived. What does the tracking say at the moment? ^AJ"),
    ("en", X, ANN, "@northline why 5p for a bag",
     "All shops have to charge for bags by law, and ours goes to a charity for rivers. Thanks, Amanda."),
    ("en", MASTODON, ANN, "@northline are dogs allowed",
     "Yes, up to two dogs per person travel free, on a lead or in a basket."),
    ("en", MASTODON, BEN, "@northline any delay to Hull",
     "Hi Ben, not at the moment. Everything runs on time on that line. ^SG"),
    ("en", MASTODON, ANN, "@northline the toilet in coach 2 is out of order",
     "Thank you, I've logged it, and it will be mended tonight in the depot."),
    ("en", MASTODON, BEN, "@northline is the discount gone?",
     "It was on until the end of August. There's a new one for weekends, and it's on our page under Offers."),
    ("en", MASTODON, ANN, "@northline my daughter lost her teddy!!",
     "Oh dear! What does the teddy look like, and which train was it? We'll ask the crew to have a look. 🧸"),
    ("en", MASTODON, BEN, "@northline your site is down",
     "We're aware of this, and the team is working on it. Tickets can be bought on the train without a "
     "fee meanwhile."),
    ("en", MASTODON, ANN, "@northline can I change my seat",
     "Certainly. Open the trip in the app, tap Seats and choose another one; it costs nothing."),
    ("en", MASTODON, BEN, "@northline bus 7 did not come",
     "That shouldn't happen, and I'm sorry. The driver was ill, and there was nobody to take over. The "
     "next one is at ten past."),
    ("en", MASTODON, ANN, "@northline it's too hot",
     "Sorry, Amanda. The air conditioning in that coach has failed; coach 6 is cool and has free seats."),
    ("en", MASTODON, BEN, "@northline can't log in",
     "Have you tried the link under Forgotten password? If it doesn't arrive, look in your spam folder please. /NS"),
    ("en", BLUESKY, ANN, "@northline is the strike still on?",
     "Yes, until midnight. About half of our trains are running; the list for your line is updated every hour."),
    ("en", BLUESKY, BEN, "@northline great crew on the 7:40",
     "What a nice thing to read! I'll make sure they hear it. Which of them was it? -Tara"),
    ("en", BLUESKY, ANN, "@northline the doors froze shut",
     "That's not good at all. The guard knows and will open the doors by hand at your stop."),
    ("en", BLUESKY, BEN, "@northline no announcement in coach 3",
     "Thanks, the loudspeaker there is broken. The next stop is Derby, at 14:41."),
    ("en", BLUESKY, ANN, "@northline is this really your account",
     "It is! We're the care team of Northline, and we answer here from six to midnight."),
    ("en", BLUESKY, BEN, "@northline vegan food on board?",
     "Yes, there's a lentil curry and a bean wrap. Both are marked green on the menu."),
    ("en", BLUESKY, ANN, "@northline my card was declined",
     "Sorry about that. Has your bank asked you to confirm the payment? It's often that. ^RA"),
    ("en", BLUESKY, BEN, "@northline 20 min late AGAIN",
     "You're right to be annoyed, Ben. From 15 minutes on you get a quarter of the price back, and the "
     "form is in the app."),
    ("en", FORUM, ANN, "Is there an elevator at North Gate?",
     "There are two: one at the main entrance and one at the end of platform 9."),
    ("en", FORUM, BEN, "Update broke the timetable",
     "Gotcha. It's a known fault in 4.2, and 4.3 mends it. It's in the stores since this morning. ^JS"),
    ("en", FORUM, ANN, "Can I get an invoice",
     "Sure! Choose the trip under My trips, then Invoice. It comes as a PDF."),
    ("en", X, ANN, "@northline no!", "OK."),
    ("en", X, ANN, "@northline happy birthday northline", "🙏"),
    ("en", X, ("J", "jx_99"), "@northline help", "Hi there! Happy to help, what's going on?"),
    ("de", X, LENA, "@northline Der ICE steht seit 20 Minuten",
     "Hallo Lena, vor Ihnen ist ein Zug liegen geblieben. Es geht in etwa zehn Minuten weiter. /ke"),
    ("de", X, LENA, "@northline Heizung kaputt", "Danke für den Hinweis! In welchem Wagen sitzen Sie denn? /jo"),
    ("de", X, LENA, "@northline wo bleibt meine Erstattung",
     "Guten Tag, die Erstattung wurde am Freitag angewiesen und dauert drei bis fünf Werktage. /ma"),
    ("de", X, LENA, "@northline Koffer vergessen!",
     "Das ist ärgerlich. Wie sieht der Koffer aus, und in welchem Zug war er? Wir fragen beim Personal nach."),
    ("de", X, LENA, "@northline danke für die schnelle Hilfe", "Sehr gern, Lena! Gute Weiterreise. 🙂 /ke"),
    ("de", X, LENA, "@northline Klo defekt", "Oje, das geben wir gleich weiter. Im Nachbarwagen 23 ist eines offen."),
    ("de", X, LENA, "@northline kommt die S3 noch?",
     "Die S3 fällt leider aus. Die S5 um 18:12 Uhr fährt auch nach Mitte."),
    ("de", X, LENA, "@northline Wagenreihung falsch",
     "Stimmt, der Zug fährt heute in umgekehrter Reihung. Wagen 1 hält im Abschnitt F."),
    ("de", MASTODON, LENA, "@northline WLAN geht nicht",
     "Das tut uns leid, Lena. Der Router in Wagen 7 wird gerade neu gestartet; das dauert rund fünf Minuten."),
    ("de", MASTODON, LENA, "@northline gilt mein Ticket auch im Bus?",
     "Ja, das Ticket gilt in allen Bussen der Zone A, auch am Wochenende."),
    ("de", MASTODON, LENA, "@northline Aufzug Nordtor außer Betrieb",
     "Danke, der Techniker ist unterwegs. Bis dahin führt die Rampe an der Ostseite zum Gleis."),
    ("de", MASTODON, LENA, "@northline Rechnung fehlt",
     "Schicken Sie uns bitte per Direktnachricht das Datum der Fahrt, dann sehen wir nach."),
    ("de", MASTODON, LENA, "@northline Ihr seid die Besten", "Oh, wie nett! Das geben wir dem ganzen Team weiter."),
    ("de", MASTODON, LENA, "@northline warum so teuer",
     "Wir verstehen den Ärger. Der Sparpreis war leider ausgebucht; ab Mittwoch gibt es wieder Plätze ab 19,90 Euro."),
    ("de", BLUESKY, LENA, "@northline Streik morgen?", "Nein, morgen fahren alle Züge nach Plan."),
    ("de", BLUESKY, LENA, "@northline Fahrrad mitnehmen?",
     "Ja, mit einer Fahrradkarte für 6 Euro und einem reservierten Stellplatz."),
    ("de", BLUESKY, LENA, "@northline eure App ist Mist",
     "Das hören wir nicht gern. Was genau klappt denn nicht? Dann können wir es den Entwicklern melden."),
    ("de", FORUM, LENA, "Wo finde ich die Nummer?",
     "Sie steht oben rechts auf dem Ticket und beginnt mit zwei Buchstaben."),
    ("de", FORUM, LENA, "Hund im Zug?",
     "Kleine Hunde in der Tasche fahren kostenlos mit, große brauchen ein Ticket für Kinder."),
    ("fr", X, CHLOE, "@northline toujours en retard",
     "Bonjour Chloé, nous sommes désolés. Un arbre est tombé sur la voie ; le départ est prévu à 18h40. ^LM"),
    ("fr", X, CHLOE, "@northline pas de clim",
     "Merci pour le signalement. Dans quelle voiture êtes-vous installée ? ^PB"),
    ("fr", X, CHLOE, "@northline mon remboursement ?",
     "Bonjour, il a été validé vendredi et sera sur votre compte sous cinq jours ouvrés. ^LM"),
    ("fr", X, CHLOE, "@northline merci !", "Avec plaisir, Chloé ! Bon voyage et à bientôt."),
    ("fr", X, CHLOE, "@northline billet non reçu",
     "Bonjour, avez-vous regardé dans vos courriers indésirables ? Sinon, envoyez-nous votre nom en message privé."),
    ("fr", MASTODON, CHLOE, "@northline les vélos sont admis ?",
     "Oui, dans la voiture 1, avec une réservation à 10 euros."),
    ("fr", MASTODON, CHLOE, "@northline ascenseur en panne",
     "Merci, le technicien arrive dans une demi-heure. La rampe côté sud est ouverte."),
    ("fr", MASTODON, CHLOE, "@northline quai inconnu",
     "Votre train part de la voie 7, il est affiché depuis une minute."),
    ("fr", BLUESKY, CHLOE, "@northline grève demain ?", "Non, tous les trains circulent normalement demain."),
    ("fr", BLUESKY, CHLOE, "@northline doudou perdu",
     "Oh non ! Dans quel train était-il, et de quelle couleur est-il ? Nous demandons aux équipes."),
    ("fr", BLUESKY, CHLOE, "@northline trop cher",
     "Nous comprenons. Les petits prix sont en vente à partir de mercredi, dès 15 euros."),
    ("fr", FORUM, CHLOE, "Comment changer mon billet ?",
     "Dans l'application, ouvrez le voyage, puis touchez Modifier. C'est gratuit jusqu'à la veille du départ."),
    ("es", X, LUIS, "@northline el tren no llega",
     "Hola Luis, lo sentimos. Hay una avería en la vía y el tren llega a las 18:50. ^MR"),
    ("es", X, LUIS, "@northline sin aire acondicionado",
     "Gracias por avisar. ¿En qué coche viaja? Se lo decimos al equipo ahora mismo. ^JP"),
    ("es", X, LUIS, "@northline ¿y mi reembolso?",
     "Buenas tardes, se aprobó el viernes y tarda de tres a cinco días laborables. ^MR"),
    ("es", X, LUIS, "@northline gracias", "¡A usted, Luis! Que tenga un buen viaje."),
    ("es", X, LUIS, "@northline perdí la mochila",
     "Vaya, lo sentimos. ¿Cómo es la mochila y en qué tren la dejó? Preguntamos en la estación."),
    ("es", MASTODON, LUIS, "@northline ¿puedo llevar la bici?",
     "Sí, plegada es gratis, y entera con una reserva de 5 euros."),
    ("es", MASTODON, LUIS, "@northline ascensor roto",
     "Gracias, ya hemos avisado al técnico. La rampa del lado norte está abierta."),
    ("es", MASTODON, LUIS, "@northline no entra la app",
     "¿Qué versión tiene instalada? La 4.3 corrige ese fallo y está disponible desde hoy."),
    ("es", BLUESKY, LUIS, "@northline ¿hay huelga?", "No, mañana circulan todos los trenes con normalidad."),
    ("es", BLUESKY, LUIS, "@northline precios absurdos",
     "Le entendemos. El miércoles salen a la venta billetes desde 12 euros."),
    ("es", FORUM, LUIS, "¿Dónde está la factura?", "Está en Mis viajes, dentro del viaje, y se descarga en PDF."),
    ("it", X, ("Giulia Rossi", "giuliar"), "@northline treno fermo",
     "Buongiorno Giulia, c'è un guasto alla linea. Si riparte tra dieci minuti circa."),
    ("nl", MASTODON, ("Daan de Wit", "daandw"), "@northline geen verwarming",
     "Hoi Daan, dank je wel voor de melding. In welk rijtuig zit je?"),
    ("pt", BLUESKY, ("Inês Costa", "inesc"), "@northline atraso outra vez",
     "Olá Inês, lamentamos. O comboio parte às 18h50 da linha 3."),
    ("pl", X, ("Anna Nowak", "anowak"), "@northline zimno",
     "Dzień dobry, dziękujemy za zgłoszenie. W którym wagonie Pani siedzi?"),
    ("tr", X, ("Elif Kaya", "elifk"), "@northline klima yok",
     "Merhaba Elif, bildirdiğiniz için teşekkürler. Hangi vagondasınız?"),
    ("ja", X, ("山田花子", "hanako_y"), "@northline 寒いです",
     "ご連絡ありがとうございます。何号車にご乗車でしょうか。乗務員に伝えます。"),
    ("zh", BLUESKY, ("王伟", "wangwei"), "@northline 空调坏了", "感谢您的反馈，请问您在几号车厢？我们马上通知乘务员。"),
    ("ko", X, ("김민수", "minsu_k"), "@northline 너무 추워요",
     "알려 주셔서 감사합니다. 몇 호차에 계신가요? 승무원에게 전달하겠습니다."),
    ("ar", X, ("سارة", "sara_h"), "@northline القطار متأخر",
     "نعتذر عن التأخير يا سارة. سيصل القطار بعد عشر دقائق تقريبا."),
    ("hi", MASTODON, ("अनिल", "anil_p"), "@northline ट्रेन लेट है",
     "नमस्ते अनिल, देरी के लिए खेद है। ट्रेन दस मिनट में चलेगी।"),
    ("ru", MASTODON, ("Ольга", "olga_v"), "@northline холодно",
     "Здравствуйте, Ольга! Спасибо за сообщение. В каком вы вагоне?"),
    ("el", BLUESKY, ("Νίκος", "nikos_p"), "@northline καθυστέρηση",
     "Καλησπέρα Νίκο, λυπούμαστε. Το τρένο φεύγει στις 18:50."),
    ("he", BLUESKY, ("נועה", "noa_l"), "@northline קר פה", "שלום נועה, תודה על הפנייה. באיזה קרון את יושבת?"),
    ("th", X, ("สมชาย", "somchai"), "@northline รถไฟช้า", "สวัสดีค่ะ ขออภัยในความล่าช้า รถไฟจะออกในอีกสิบนาทีค่ะ"),
)  # fmt: skip
"""Language, network, customer, what they wrote ten minutes ago, and a reply that is simply right."""


def _silent() -> Iterable[Made]:
    for number, (lang, network, who, wrote, text) in enumerate(GOOD_REPLIES, 1):
        yield _made(
            f"good-{number:03}-{lang}-{network}", "A reply that is simply right", lang=lang, network=network, who=who,
            wrote=wrote, text=text, settings={"contacts": OURS, "hours": OFFICE, "holidays": "GB"},
        )  # fmt: skip


# -- in other words --------------------------------------------------------------------------------

OTHER_WORDS: tuple[tuple[str, str, str, str], ...] = (
    # what they would take amiss
    ("tone=warn", "en", X, "Maybe next time look at the departure board before you complain."),
    ("tone=warn", "en", MASTODON, "If you had bothered to read the email you would know."),
    ("tone=warn", "en", BLUESKY, "It's hardly our problem that you were late."),
    ("tone=warn", "en", X, "As I have already explained twice, it is not refundable."),
    ("tone=warn", "en", X, "PLEASE READ THE TERMS of the ticket."),
    ("tone=warn", "en", FORUM, "Dear Mr Johnson, the crew has been told."),
    ("tone=warn", "en", X, "Good morning Charlotte! The crew has been told."),
    ("tone=warn", "de", X, "Da sind Sie selbst schuld, die Frist steht auf dem Ticket."),
    ("tone=warn", "de", MASTODON, "Beruhigen Sie sich bitte erst einmal."),
    ("tone=warn", "de", BLUESKY, "Wer lesen kann, ist klar im Vorteil."),
    ("tone=warn", "de", X, "Sehr geehrter Herr Hofmann, das Zugteam weiß Bescheid."),
    ("tone=warn", "fr", X, "Vous auriez dû vérifier le quai avant de partir."),
    ("tone=warn", "fr", MASTODON, "Calmez-vous, le train n'a qu'une heure de retard."),
    ("tone=warn", "fr", X, "LISEZ BIEN VOTRE billet, tout y est."),
    ("tone=warn", "es", X, "Debería haber leído las condiciones."),
    ("tone=warn", "es", MASTODON, "Cálmese, el tren solo lleva una hora de retraso."),
    ("tone=warn", "es", BLUESKY, "Buenos días, Fernando, ya avisamos al equipo."),
    ("", "en", X, "You should have a seat in coach 3, the reservation is there."),
    ("", "en", MASTODON, "You were right to tell us, and we were wrong to send the wrong bus."),
    ("", "en", BLUESKY, "Hi folks, thanks for the lovely picture!"),
    ("", "en", X, "Dear customer, line 4 is running again."),
    ("", "en", X, "The UK, US and EU plugs all fit."),
    ("", "en", MASTODON, "Our BR 423 and ET 430 trains have step-free doors."),
    ("", "en", X, "It is a problem on our side, nothing you did."),
    ("", "en", X, "Hi! Thanks for the photo. Is that coach 4?"),
    ("", "de", X, "Da haben Sie recht, das hätten wir besser machen müssen."),
    ("", "de", MASTODON, "Liebe Fahrgäste, die Linie 4 fährt wieder."),
    ("", "de", BLUESKY, "Hallo liebe Amanda, danke für das schöne Foto!"),
    ("", "de", X, "Keine Sorge, Sie sind nicht schuld daran."),
    ("", "de", MASTODON, "Der IC und der RE halten heute in Bonn, der ICE nicht."),
    ("", "fr", X, "Vous avez bien fait de nous écrire, c'est notre erreur."),
    ("", "fr", MASTODON, "Bonjour à toutes et à tous, la ligne 4 circule de nouveau."),
    ("", "fr", BLUESKY, "Chère Amanda, merci pour cette belle photo !"),
    ("", "es", X, "Tiene razón, deberíamos haber avisado antes."),
    ("", "es", MASTODON, "Hola a todos, la línea 4 funciona de nuevo."),
    # elsewhere
    ("bounce=warn", "en", X, "You can reach our refunds team by phone, they are very helpful."),
    ("bounce=warn", "en", MASTODON, "Send an email to help@northline.example with the details."),
    ("bounce=warn", "en", X, "Our colleagues at @northlinehelp handle parcels, please tweet them."),
    ("bounce=warn", "en", BLUESKY, "You'll need to ring 0345 600 7245 for that."),
    ("bounce=warn", "en", X, "Please get in touch with @northlinehelp."),
    ("bounce=warn", "de", X, "Am besten melden Sie sich telefonisch unter +49 30 901820."),
    ("bounce=warn", "de", MASTODON, "Schreiben Sie dazu bitte @northlinehelp an."),
    ("bounce=warn", "de", BLUESKY, "Bitte kontaktieren Sie unseren Kundenservice telefonisch."),
    ("bounce=warn", "fr", X, "Veuillez contacter @northlinehelp pour les colis."),
    ("bounce=warn", "fr", MASTODON, "Appelez-nous au 0345 600 7245, s'il vous plaît."),
    ("bounce=warn", "es", X, "Póngase en contacto con @northlinehelp, por favor."),
    ("bounce=warn", "es", MASTODON, "Llámenos al 0345 600 7245, por favor."),
    ("", "en", X, "We called the station for you, and the bag is there."),
    ("", "en", MASTODON, "Our phone lines are busy today, so let's sort it out right here. What happened?"),
    ("", "en", BLUESKY, "Thanks for your email of Monday; the answer was no, and I am sorry that it was so short."),
    ("", "en", X, "Follow us and send us a private message with your postcode."),
    ("", "en", X, "The driver should call out every stop, and we'll remind them."),
    ("", "de", X, "Danke für Ihren Anruf gestern, der Koffer ist gefunden."),
    ("", "de", MASTODON, "Am Telefon war das falsch, es sind zwei Koffer erlaubt."),
    ("", "fr", X, "Merci pour votre appel d'hier, la valise est retrouvée."),
    ("", "fr", BLUESKY, "Un collègue vous appelle dans l'instant."),
    ("", "es", X, "Gracias por su llamada de ayer, apareció la maleta."),
    # what is not for everybody's eyes
    ("private-data=stop", "en", MASTODON, "We have noted the card 5105105105105100 for the refund."),
    ("private-data=stop", "es", X, "El cargo va a la tarjeta 4012 8888 8888 1881 como siempre."),
    ("private-data=stop", "en", BLUESKY, "We pay to GB82 WEST 1234 5698 7654 32 on Friday."),
    ("private-data=warn", "en", X, "Is kim.brown@post.example still the right address for the invoice?"),
    ("private-data=warn", "de", X, "Ist die Nummer +49 89 1234567 noch richtig?"),
    ("private-data=warn", "es", BLUESKY, "¿Sigue siendo +34 912 345 678 su número?"),
    ("private-data=warn", "fr", X, "Votre réservation Q4WZ8K est confirmée pour mardi."),
    ("private-data=warn", "en", MASTODON, "With reference R7KM2P you can choose a seat."),
    ("", "en", X, "The works cost 1 250 000 000 euros and end in 2031."),
    ("", "en", MASTODON, "Trains 4111, 4113 and 4115 run, and 4117 does not."),
    ("", "de", X, "Die Sendung 00340434161094042557 ist im Depot."),
    ("", "de", MASTODON, "Am 24.11.2026 um 14:05 Uhr, Gleis 12, Wagen 21, Platz 64."),
    ("", "fr", X, "Votre colis 6A12345678901 est parti ce matin."),
    ("", "en", X, "Win the raffle with ticket 0049 1234 8812 until Sunday."),
    # left open
    ("placeholder=stop", "en", X, "Dear [customer name], the crew has been told."),
    ("placeholder=stop", "de", X, "Der Zug fährt von Gleis XX ab."),
    ("placeholder=stop", "fr", MASTODON, "Votre train part à XXhXX de la voie deux."),
    ("placeholder=stop", "en", BLUESKY, "Your case number is {case_number}, keep it please."),
    ("placeholder=stop", "es", X, "Hola {{nombre}}, ya avisamos al equipo."),
    ("", "en", X, "Our XXL sandwich is back!"),
    ("", "de", MASTODON, "Bis bald und viele Grüße (auch vom Zugteam) xx"),
    # to whom, and what it costs
    ("wrong-account=stop", "de", MASTODON, "@peter_neu das Zugteam weiß Bescheid."),
    ("wrong-account=stop", "es", X, "@maria.lopez ya avisamos al equipo del tren."),
    ("", "en", X, "Well spotted! @cityrail have put the sign up again."),
    ("", "fr", BLUESKY, "@amandac l'équipe à bord est prévenue."),
    ("link-cost=warn", "en", X, "All times are on www.example.com today."),
    ("link-cost=warn", "es", X, "Los horarios están en http://example.com/es"),
    ("", "en", X, "Version 4.3 is out, e.g. for phones of 2019."),
    # the same once more
    ("tone=warn","en",X,"Had you arrived on time, none of this would have happened."),
    ("tone=warn","en",MASTODON,"I don't know what else you expected for that price."),
    ("tone=warn","en",BLUESKY,"Wow, what a shock, a train that is late."),
    ("tone=warn","en",X,"STOP WRITING TO US about this, please."),
    ("tone=warn","en",X,"Hey Oliver, your seat is in coach 2."),
    ("tone=warn","de",X,"Das hätten Sie sich vorher überlegen sollen."),
    ("tone=warn","de",MASTODON,"Lesen Sie bitte richtig, es steht alles da."),
    ("tone=warn","fr",BLUESKY,"Il fallait arriver à l'heure, c'est tout."),
    ("tone=warn","es",X,"Usted no ha leído el correo, está todo ahí."),
    ("tone=warn","fr",X,"Chère Madame Bernard, l'équipe à bord est prévenue."),
    ("","en",X,"You may have read about the storm; that is why the line is closed."),
    ("","en",MASTODON,"You didn't do anything wrong, the gate reads old tickets badly."),
    ("","en",BLUESKY,"HNY to you too! See you on the ECML in 2027."),
    ("","en",X,"Hi and thanks for the question! Dogs are welcome."),
    ("","en",X,"Poor little fox! The driver saw it and waited."),
    ("","de",X,"Sie haben richtig gelesen, das Ticket gilt auch im Bus."),
    ("","de",MASTODON,"Schönen guten Abend, der Zug hält heute auch in Bad Homburg."),
    ("","fr",X,"Vous n'avez rien oublié, le billet est bien dans l'application."),
    ("","fr",MASTODON,"Bonsoir et merci pour le message, la voie 7 est ouverte."),
    ("","es",X,"Ha hecho bien en preguntar, el billete vale todo el día."),
    ("","es",BLUESKY,"Muy buenas, el tren sale de la vía dos."),
    ("bounce=warn","en",X,"Drop a line to help@northline.example and they will sort it."),
    ("bounce=warn","en",MASTODON,"That is one for @northlinehelp, please message them."),
    ("bounce=warn","en",BLUESKY,"Best to phone our booking office about that."),
    ("bounce=warn","de",X,"Bitte wenden Sie sich per Mail an service@northline.example."),
    ("bounce=warn","de",MASTODON,"Das klären Sie am besten telefonisch mit unserer Hotline."),
    ("bounce=warn","fr",X,"Adressez-vous à @northlinehelp, merci."),
    ("bounce=warn","fr",BLUESKY,"Envoyez un courriel à service@northline.example."),
    ("bounce=warn","es",X,"Mande un correo a service@northline.example, por favor."),
    ("bounce=warn","es",MASTODON,"Tiene que llamar al 0345 600 7245."),
    ("","en",X,"We'll give the station a ring and write back here."),
    ("","en",MASTODON,"The email with the code can take five minutes; is it there now?"),
    ("","en",BLUESKY,"Was it @northlinehelp who told you that? Then we will correct it."),
    ("","en",X,"Keep your phone charged, the ticket is on it."),
    ("","de",X,"Haben Sie die Mail mit dem Gutschein schon gefunden?"),
    ("","de",BLUESKY,"Das Zugteam ruft die Haltestellen jetzt wieder aus."),
    ("","fr",MASTODON,"Avez-vous reçu notre courriel d'hier ?"),
    ("","es",MASTODON,"¿Le ha llegado nuestro correo de ayer?"),
    ("private-data=stop","fr",X,"Votre carte 4970 1012 3456 7893 sera recréditée."),
    ("private-data=warn","fr",X,"Le nouveau billet est parti à paul.durand@poste.example."),
    ("private-data=warn","en",MASTODON,"We'll ring you on 07911 123456 then."),
    ("private-data=warn","de",BLUESKY,"Die Buchungsnummer H3XK9T ist bestätigt."),
    ("","en",X,"Bus 4012 888 is not one of ours, could it be 412?"),
    ("","de",X,"Die IBAN finden Sie auf der Rechnung, bitte hier nicht posten."),
    ("","fr",MASTODON,"La réservation se fait en ligne, les places sont à 10 euros."),
    ("","es",BLUESKY,"La reserva cuesta 5 euros y el asiento es el 12A."),
    ("placeholder=stop","en",MASTODON,"Your refund of £XX.XX is on its way."),
    ("placeholder=stop","de",BLUESKY,"Guten Tag [Nachname], das Zugteam weiß Bescheid."),
    ("placeholder=stop","fr",X,"Bonjour <prénom>, l'équipe à bord est prévenue."),
    ("","en",X,"That's a 10/10 photo <3 <3"),
    ("wrong-account=stop","en",X,".@somebodyelse the crew has been told."),
    ("","en",MASTODON,"@amandac, the crew has been told."),
    ("link-cost=warn","de",X,"Mehr dazu: https://www.example.org/strecke"),
    ("","de",X,"Das gilt z.B. für Tickets ab 2. Klasse."),
    ("placeholder=stop", "en", X, "Hi [NAME], the crew has been told."),
    ("placeholder=stop", "en", MASTODON, "Your train leaves from platform [XX]."),
    ("", "en", FORUM, "[UPDATE] Line 4 is running again."),
)  # fmt: skip
"""What is due, language, network, reply: the faults and the innocents again, as other people write them."""


def _other_words() -> Iterable[Made]:
    for number, (says, lang, network, text) in enumerate(OTHER_WORDS, 1):
        yield _made(
            f"words-{number:03}-{lang}-{network}", "The same in other words", says, lang=lang, network=network,
            text=text, wrote="@northline ?", settings={"contacts": OURS},
        )  # fmt: skip


PROMISES: tuple[tuple[bool, str, str, str], ...] = (
    (True, "en", FRIDAY, "Someone from the team will be in touch on Saturday."),
    (True, "en", "2026-11-27T22:10:00Z", "I'll look into this right away and let you know."),
    (True, "de", FRIDAY, "Ein Kollege ruft Sie am Samstag an."),
    (True, "de", "2026-11-27T22:10:00Z", "Wir kümmern uns heute noch darum und geben Bescheid."),
    (True, "de", MONDAY, "Wir melden uns heute Abend."),
    (True, "fr", MONDAY, "Nous revenons vers vous ce soir."),
    (True, "fr", FRIDAY, "Un collègue vous rappellera samedi."),
    (True, "es", MONDAY, "Le contestaremos esta noche."),
    (True, "es", FRIDAY, "Nos pondremos en contacto con usted el domingo."),
    (False, "en", FRIDAY, "Someone from the team will be in touch on Monday."),
    (False, "en", FRIDAY, "We will get back to you as soon as the engineer has answered."),
    (False, "en", FRIDAY, "The replacement bus will pick you up on Saturday at ten."),
    (False, "de", FRIDAY, "Ein Kollege ruft Sie am Montag an."),
    (False, "de", FRIDAY, "Am Samstag gilt das Ticket auch vor neun Uhr."),
    (False, "fr", FRIDAY, "Un collègue vous rappellera lundi."),
    (False, "fr", FRIDAY, "La gare est fermée dimanche."),
    (False, "es", FRIDAY, "Nos pondremos en contacto con usted el lunes."),
    (False, "es", FRIDAY, "La taquilla abre el sábado a las nueve."),
    (True, "en", FRIDAY, "I'll get this answered for you over the weekend and reply on Sunday."),
    (True, "en", "2026-11-27T21:00:00Z", "We'll reply in a few minutes."),
    (True, "de", "2026-11-28T11:00:00Z", "Wir melden uns in 30 Minuten bei Ihnen."),
    (True, "fr", "2026-11-28T11:00:00Z", "Nous revenons vers vous dans une heure."),
    (True, "es", "2026-11-28T11:00:00Z", "Le respondemos en 30 minutos."),
    (False, "en", "2026-11-27T21:00:00Z", "We'll reply on Monday morning."),
    (False, "de", MONDAY, "Wir melden uns in 30 Minuten bei Ihnen."),
    (False, "fr", MONDAY, "Nous revenons vers vous dans une heure."),
    (False, "es", MONDAY, "Le respondemos en 30 minutos."),
    (False, "en", "2026-11-28T11:00:00Z", "Your refund will arrive within 30 minutes."),
)
"""Whether hours forbid it, language, when it is written, and the reply."""


def _promised() -> Iterable[Made]:
    for number, (forbidden, lang, at, text) in enumerate(PROMISES, 1):
        yield _made(
            f"promise-{number:02}-{lang}", "A promise in other words, or a fact", "off-hours=warn" if forbidden else "",
            lang=lang, network=NETWORKS[number % 3], at=at, text=text, settings={"hours": OFFICE},
        )  # fmt: skip


def table() -> Sequence[Made]:
    """All cases, by check, and then the replies about which there is nothing to say."""
    parts = (
        _resurfaced, _answered, _late, _namedrop, _changed, _claimed_elsewhere, _same_customer, _same_text,
        _not_allowed, _length, _placeholder, _private_data, _wrong_account, _bounce, _expired_canned, _tone,
        _off_hours, _link_cost, _locked_text, _silent, _other_words, _promised,
    )  # fmt: skip
    return [made for part in parts for made in part()]


KNOWN_MISSES: dict[str, str] = {
    "words-108-en-mastodon": "the handle stands before the words that send there",
    "promise-19-en": "more words than a gap holds stand between who promises and what",
}
"""Cases the guard gets wrong, and why it is let be. The benchmark counts them as errors."""
