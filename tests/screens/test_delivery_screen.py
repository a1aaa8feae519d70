"""How far a reply is, on screen: the undo window, a time, the brake, what waits, what has failed."""

import asyncio

import pytest
from headless import Opened, lines, opened
from making import US, employ, post, take
from textual.widgets import Input, Static

from tui import clock
from tui.clock import HOUR, MINUTE, SECOND
from tui.config import Config, DeskSettings
from tui.desk import brake, claims, outbox
from tui.screens import review as reviews
from tui.screens.review import Review
from tui.store import tables as t
from tui.store.store import Store

CONFIG = Config(desk=DeskSettings(undo_seconds=60))


@pytest.fixture(autouse=True)
def _listening(monkeypatch: pytest.MonkeyPatch) -> None:
    """A review that listens at once."""
    monkeypatch.setattr(reviews, "SETTLE_S", 0)


@pytest.fixture
def desk(store: Store) -> Store:
    """Two questions that came just now."""
    now = clock.now()
    for number in (1, 2):
        asked = post(f"q{number}", f"guest{number}", f"{US} where is train {number}?", created_at=now - MINUTE)
        take(store, asked, now=now)
    return store


async def review(here: Opened) -> Review:
    """Write a reply and open its review, when keys count."""
    await here.do("next")
    await here.write("It stands in York.")
    here.desk.composer.action_ask("send")
    await here.until(lambda: isinstance(here.app.screen, Review))
    found = here.app.screen
    assert isinstance(found, Review)
    await here.until(lambda: found.is_mounted and "y  send" in str(found.query_one("#asks", Static).render()))
    return found


def shown(here: Opened) -> str:
    return "\n".join(lines(here.desk.conversation))


def test_a_held_reply_says_until_when_it_can_be_taken_back(desk: Store) -> None:
    async def work() -> None:
        async with opened(desk, config=CONFIG) as here:
            await review(here)
            await here.pilot.press("y")
            await here.until(lambda: here.app.held)
            await here.rest()
            assert "leaves in" in here.status
            here.app._show_status()
            await here.app.look_at(here.app.held[0].conversation_id)
            until = clock.local(here.app.held[0].due_at, "%H:%M:%S")
            assert f"held until {until}" in shown(here)

    asyncio.run(work())


def test_a_key_of_the_review_asks_for_a_time_and_u_takes_it_back(desk: Store) -> None:
    async def work() -> None:
        async with opened(desk, config=CONFIG) as here:
            await review(here)
            await here.pilot.press("t")
            await here.until(lambda: here.app.screen.query(Input))
            here.app.screen.query_one(Input).value = "2h"
            await here.pilot.press("enter")
            await here.until(lambda: here.app.braking.scheduled)
            await here.rest()
            (reply,) = here.app.braking.scheduled
            assert not here.app.held
            assert abs(reply.due_at - clock.now() - 2 * HOUR) < MINUTE
            assert "unless the thread changes" in here.status
            await here.app.look_at(reply.conversation_id)
            assert "scheduled " in shown(here)
            await here.app.sending.undo()
            await here.rest()
            assert not here.app.braking.scheduled
            assert "is recalled" in here.status

    asyncio.run(work())


@pytest.mark.parametrize("words", ["yesterday", "2020-01-01T00:00:00Z", "[/]"])
def test_a_time_that_is_none_leaves_the_review_open(desk: Store, words: str) -> None:
    async def work() -> None:
        async with opened(desk, config=CONFIG) as here:
            found = await review(here)
            await here.pilot.press("t")
            await here.until(lambda: here.app.screen.query(Input))
            here.app.screen.query_one(Input).value = words
            await here.pilot.press("enter")
            await here.until(lambda: here.app.screen is found)
            await here.until(lambda: "Refused" in str(found.query_one("#asks", Static).render()))

    asyncio.run(work())


def test_the_brake_is_put_on_and_let_go_and_always_in_sight(desk: Store) -> None:
    async def work() -> None:
        async with opened(desk, config=CONFIG) as here:
            here.app.action_do("brake")
            await here.until(lambda: here.app.screen is not here.desk)
            await here.pilot.press("1")
            await here.until(lambda: here.app.screen.query(Input))
            here.app.screen.query_one(Input).value = "wrong [b]fare"
            await here.pilot.press("enter")
            await here.until(lambda: here.app.braking.brakes)
            await here.rest()
            assert f"BRAKE {US} by ana: wrong [b]fare" in here.status
            here.app.action_do("brake")
            await here.until(lambda: here.app.screen is not here.desk)
            await here.pilot.press("1")
            await here.until(lambda: not here.app.braking.brakes)
            await here.rest()
            assert "BRAKE" not in here.status

    asyncio.run(work())


def test_what_a_colleague_stops_is_said_at_once_and_stands_on_what_waits(desk: Store) -> None:
    async def work() -> None:
        async with opened(desk, config=CONFIG) as here:
            await review(here)
            await here.pilot.press("y")
            await here.until(lambda: here.app.held)
            (reply,) = here.app.held
            with desk.transaction() as session:
                handle = brake.Handle(1, "x", US)
                brake.put_on(session, handle, agent="ben", reason="wrong fare", now=clock.now())
            await here.until(lambda: "ben stopped all sends" in here.status)
            with desk.transaction() as session:
                outbox.send_now(session, reply.id, agent="ana", now=clock.now())
                outbox.queue_due(session, clock.now())
            await here.rest()
            await here.app.look_at(reply.conversation_id)
            assert "waits: brake by ben, wrong fare" in shown(here)

    asyncio.run(work())


def test_what_waits_is_unknown_or_has_failed_says_why(desk: Store) -> None:
    async def work() -> None:
        now = clock.now()
        with desk.transaction() as session:
            claim = claims.claim(session, 1, agent="ana", now=now, lease=HOUR)
            made, _ = outbox.hold(session, claim, "It stands in York.", config=CONFIG, now=now)
            outbox.send_now(session, made, agent="ana", now=now)
            outbox.queue_due(session, now)
            assert outbox.start_sending(session, now, CONFIG) is not None
        async with opened(desk, config=CONFIG) as here:
            await here.app.look_at(1)
            assert "sending" in shown(here)
            steps = {
                "waits until": lambda s: outbox.waits(s, made, "[/] too many", until=now + HOUR, now=now),
                "unknown: no line": lambda s: outbox.unknown(s, made, "no line", now),
                "failed: they blocked us": lambda s: outbox.failed(s, made, "they blocked us", now),
            }
            for words, step in steps.items():
                with desk.transaction() as session:
                    if words == "unknown: no line":
                        session.execute(t.replies.update().values(due_at=now))
                        assert outbox.start_sending(session, now + SECOND, CONFIG) is not None
                    step(session)
                await here.rest()
                await here.app.refresh_all()
                await here.app.look_at(1)
                assert words in shown(here)
            assert "reply has failed: they blocked us" in str(here.app.thread.entry.row.reasons)  # type: ignore[union-attr]

    asyncio.run(work())


def test_the_end_of_a_shift_says_what_does_not_leave_and_the_status_that_nobody_sends(desk: Store) -> None:
    async def work() -> None:
        async with opened(desk, config=CONFIG) as here:
            await review(here)
            await here.pilot.press("y")
            await here.until(lambda: here.app.held)
            await ends(here, "waits: no sender")
            with desk.transaction() as session:
                session.execute(t.leases.insert().values(name="worker", holder="h", until=clock.now() + HOUR))
            await ends(here, "sent now")
            with desk.transaction() as session:
                brake.put_on(session, brake.Handle(1, "x", US), agent="ben", reason="wrong fare", now=clock.now())
            await ends(here, "waits: brake")
            with desk.transaction() as session:
                employ(session, ben="lead")
                brake.release(session, brake.Handle(1, "x", US), agent="ben", now=clock.now())
                session.execute(t.leases.delete())
                session.execute(t.replies.update().values(due_at=clock.now() - MINUTE))
            await here.app.refresh_all()
            here.app.say("")
            await here.app.behind.look()
            here.app._show_status()
            assert f"x {US}: nobody sends, 1 reply waits" in here.status

    asyncio.run(work())


async def ends(here: Opened, fate: str) -> None:
    """The dialog at the end of a shift says this of the reply in its undo window, and is left."""
    here.app.action_do("end-shift")
    await here.until(lambda: here.app.screen.query("#fates"))
    dialog = here.app.screen
    await here.until(lambda: f"{fate} " in str(dialog.query_one("#fates", Static).render()))
    await here.pilot.press("escape")
    await here.until(lambda: here.app.screen is here.desk)
