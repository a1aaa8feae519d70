"""Who else is there, on screen; away and back; two hands on one conversation; where one was after a crash."""

import asyncio
import itertools
from typing import Any

import pytest
from headless import Opened, lines, opened
from making import kinds, post, take

from tui import clock
from tui.clock import HOUR, MINUTE, SECOND, Millis
from tui.desk import claims, drafts, presence
from tui.screens import pulse as pulses
from tui.screens import writing
from tui.store.store import Store

US = "@northline"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "DRAFT_PAUSE_S", 0.01)
    monkeypatch.setattr(pulses, "SETTLE_S", 0.01)
    monkeypatch.setattr(pulses, "BEAT_S", 0.05)


@pytest.fixture
def desk(store: Store) -> Store:
    """Three customers."""
    now = clock.now()
    posts = [
        post(f"{n}", f"c{n}", f"{US} my train {n} is late", created_at=now - (30 - n) * MINUTE, account=US)
        for n in (1, 2, 3)
    ]
    take(store, *posts, now=now)
    return store


def beat(store: Store, agent: str, doing: Any, at: int | None, *, desk: str = "", ago: Millis = 0) -> None:
    """Another desk tells what its agent does."""
    with store.transaction() as session:
        presence.beat(
            session, desk or f"desk of {agent}", agent=agent, host="elsewhere", pid=1, doing=doing,
            conversation_id=at, now=clock.now() - ago,
        )  # fmt: skip


def claim(store: Store, agent: str, number: int, words: str = "", cursor: int = 0, lease: Millis = HOUR) -> None:
    with store.transaction() as session:
        held = claims.claim(session, number, agent=agent, now=clock.now(), lease=lease)
        if words:
            drafts.save(session, held, words, cursor=cursor, now=clock.now())


def told(store: Store, agent: str = "ana") -> list[tuple[str, int | None]]:
    """What the open desks of an agent tell."""
    return [(row.doing, row.conversation_id) for row in store.reader().present(clock.now()) if row.agent == agent]


def heading(here: Opened, customer: str) -> str:
    return next(line for line in lines(here.desk.feed) if f"@{customer}" in line)


def of_conversation(here: Opened) -> str:
    return str(here.desk.conversation.border_title)


# -- others ---------------------------------------------------------------------------------------


def test_others_are_told_in_list_and_thread_and_no_row_moves(desk: Store) -> None:
    async def play() -> None:
        async with opened(desk) as here:
            here.desk.feed.go_to(2)
            await here.until(lambda: here.shown == 2)
            before = [line.split("@")[-1] for line in lines(here.desk.feed)]
            beat(desk, "cara", "looks", 2)
            beat(desk, "ben", "writes", 2)
            await here.until(lambda: "ben is writing, cara looks" in of_conversation(here))
            assert "ben is writing, cara looks" in heading(here, "c2")
            assert "ben" not in heading(here, "c1")
            assert [line.split("@")[-1] for line in lines(here.desk.feed)] == before
            assert here.shown == 2
            beat(desk, "dora", "looks", 2)
            await here.until(lambda: "cara looks +1" in heading(here, "c2"))
            with desk.transaction() as session:
                presence.leave(session, "desk of ben")
                presence.leave(session, "desk of dora")
            await here.until(lambda: of_conversation(here).endswith(" cara looks"))

    asyncio.run(play())


def test_whose_line_dropped_is_told_at_their_claim(desk: Store) -> None:
    claim(desk, "ben", 2)

    async def play() -> None:
        async with opened(desk) as here:
            await here.app.looking._show(here.desk.feed, "all", "")
            assert "ben" in heading(here, "c2")
            beat(desk, "ben", "writes", 2, ago=presence.KEPT // 2 + MINUTE)
            await here.until(lambda: "ben's line dropped 12h ago" in heading(here, "c2"))
            beat(desk, "ben", "away", None)
            await here.until(lambda: "ben is away" in heading(here, "c2"))

    asyncio.run(play())


def test_mere_signs_of_life_draw_nothing(desk: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> None:
        async with opened(desk) as here:
            beat(desk, "ben", "looks", 1)
            await here.until(lambda: "ben looks" in heading(here, "c1"))
            heard, drawn = [], []
            listen = here.app.company.ear.look
            monkeypatch.setattr(here.app.company, "heard", heard.append)
            monkeypatch.setattr(here.desk.feed, "refresh", lambda *of, **_: drawn.append(of))
            looked: list[bool] = []

            def look(reader: Any, changed: bool) -> None:
                listen(reader, changed)
                looked.append(changed)

            here.app.work.beside = look
            for _ in range(3):
                beat(desk, "ben", "looks", 1)
            await here.until(lambda: looked.count(True) >= 3)
            await here.rest()
            assert (heard, drawn) == ([], [])

    asyncio.run(play())


# -- what this desk tells -------------------------------------------------------------------------


def test_it_tells_what_is_looked_at_and_that_somebody_writes_and_leaves_nothing_behind(desk: Store) -> None:
    async def play() -> None:
        async with opened(desk) as here:
            await here.until(lambda: told(desk) == [("looks", 1)])
            here.desk.feed.move(1)
            await here.until(lambda: told(desk) == [("looks", 2)])
            await here.write("We are looking")
            await here.until(lambda: told(desk) == [("writes", 2)])
            await here.pilot.press("escape")
            await here.until(lambda: told(desk) == [("looks", 2)])
            await here.do("away")
            await here.until(lambda: told(desk) == [("away", None)])
            assert "away · A when you are back" in here.status

    asyncio.run(play())
    assert told(desk) == []


@pytest.mark.parametrize("way", ["away", "next"])
def test_a_second_key_or_any_work_ends_being_away(desk: Store, way: str) -> None:
    async def play() -> None:
        async with opened(desk) as here:
            await here.do("away")
            await here.do("down", "help")
            assert here.app.company.is_away
            here.app.pop_screen()
            await here.do(way)
            assert not here.app.company.is_away
            assert "when you are back" not in here.status
            await here.until(lambda: told(desk)[0][0] == "looks")

    asyncio.run(play())


def test_a_signal_leaves_where_the_agent_was(desk: Store) -> None:
    async def play() -> None:
        async with opened(desk) as here:
            await here.write("We are")
            await here.until(lambda: told(desk) == [("writes", 1)])
            here.app._last_words()
            (row,) = desk.reader().present(clock.now())
            assert (row.doing, row.did, row.conversation_id) == ("dropped", "writes", 1)

    asyncio.run(play())


# -- claims stay alive while somebody is there ----------------------------------------------------


def lease_of(store: Store, number: int) -> Millis | None:
    row = store.reader().conversation(number)
    assert row is not None
    return row.timer_at


def test_keys_renew_the_lease_and_silence_does_not(desk: Store) -> None:
    claim(desk, "ana", 1, lease=MINUTE)

    async def play() -> None:
        async with opened(desk) as here:
            await here.until(lambda: told(desk))
            before = lease_of(desk, 1)
            beats = {row.beat_at for row in desk.reader().present(clock.now())}
            await here.until(lambda: beats != {row.beat_at for row in desk.reader().present(clock.now())})
            assert lease_of(desk, 1) == before
            await here.pilot.press("j")
            await here.until(lambda: lease_of(desk, 1) != before)

    asyncio.run(play())


def test_who_writes_in_another_program_is_not_silent(desk: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    claim(desk, "ana", 1, lease=MINUTE)
    used = itertools.count(1)
    monkeypatch.setattr(pulses, "_last_used", lambda: float(next(used)))

    async def play() -> None:
        async with opened(desk) as here:
            await here.until(lambda: told(desk))
            before = lease_of(desk, 1)
            monkeypatch.setattr(here.app._driver, "is_lent", True, raising=False)
            await here.until(lambda: lease_of(desk, 1) != before)

    asyncio.run(play())


def test_a_lease_that_has_run_out_is_not_renewed(desk: Store) -> None:
    claim(desk, "ana", 1)

    async def play() -> None:
        async with opened(desk) as here:
            with desk.transaction() as session:
                claims.claim(session, 2, agent="ana", now=clock.now(), lease=HOUR)
                session.connection().exec_driver_sql("UPDATE conversation SET timer_at = 1 WHERE id = 1")
            before = lease_of(desk, 2)
            await here.pilot.press("j")
            await here.until(lambda: lease_of(desk, 2) != before)
            assert lease_of(desk, 1) in (1, None)  # the desk brings back what has run out

    asyncio.run(play())


def test_the_pulse_goes_on_while_the_loop_stands_still_and_after_the_storage_was_gone(
    desk: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def play() -> None:
        async with opened(desk) as here:
            await here.until(lambda: told(desk))
            own, asked = here.app.company.pulse, []
            begin = own._store.transaction

            def refuse(*_: Any) -> Any:
                asked.append(1)
                raise OSError("gone")

            lives = own._lives
            monkeypatch.setattr(own, "_lives", refuse)
            monkeypatch.setattr(own._store, "transaction", refuse)
            await here.until(lambda: len(asked) > 2)
            monkeypatch.setattr(own._store, "transaction", begin)
            monkeypatch.setattr(own, "_lives", lives)
            heard = newest(desk)
            reader = desk.reader()
            while newest(desk) == heard:  # the loop does nothing meanwhile
                reader.last_event()

    def newest(store: Store) -> Millis:
        return max(row.beat_at for row in store.reader().present(clock.now()))

    asyncio.run(play())


# -- two hands ------------------------------------------------------------------------------------


def test_who_loses_a_conversation_reads_by_whom_and_why_and_can_type_no_more(desk: Store) -> None:
    async def play() -> None:
        async with opened(desk) as here:
            await here.write("We are looking")
            await here.until(lambda: desk.reader().draft(1) is not None)
            with desk.transaction() as session:
                claims.take_over(session, 1, agent="ben", reason="on the phone", now=clock.now(), lease=HOUR)
            await here.until(lambda: here.desk.composer.read_only)
            await here.until(lambda: "ben took over conversation 1: on the phone" in here.status)
            await here.pilot.press("e", "n", "enter", "space")
            await here.rest()
            assert here.app.screen is here.desk
            assert kinds(desk.reader())[-1] == "claim.taken-over"
            assert here.desk.composer.text == "We are looking"
            assert here.desk.composer.has_focus  # no key of the text reaches the list
            here.app.say("")
            await here.pilot.press("x")
            await here.until(lambda: "ben took over conversation 1: on the phone" in here.status)
            await here.until(lambda: ("looks", 1) in told(desk))
            assert desk.reader().scratch("ana", "note:1") is None

    asyncio.run(play())


def test_who_takes_over_writes_on_where_the_colleague_was(desk: Store) -> None:
    claim(desk, "ben", 2, "Dear Bill, ", cursor=5)

    async def play() -> None:
        async with opened(desk) as here:
            await here.app.looking._show(here.desk.feed, "all", "")
            here.desk.feed.go_to(2)
            await here.until(lambda: here.shown == 2)
            await here.ask("take", "ben is ill")
            await here.until(lambda: here.desk.composer.has_focus and not here.desk.composer.read_only)
            assert (here.desk.composer.text, here.desk.composer.cursor_index) == ("Dear Bill, ", 5)
            assert "It is yours now, draft included." in here.status
            await here.until(lambda: told(desk) == [("writes", 2)])

    asyncio.run(play())


def test_a_claim_that_ends_in_silence_is_said_and_closes_the_editor(desk: Store) -> None:
    async def play() -> None:
        async with opened(desk) as here:
            await here.write("We are looking")
            await here.until(lambda: desk.reader().draft(1) is not None)
            with desk.transaction() as session:
                claims.wake(session, clock.now() + 2 * HOUR)
            await here.until(lambda: here.desk.composer.read_only)
            assert "Conversation 1 went back" in here.status

    asyncio.run(play())


# -- coming back ----------------------------------------------------------------------------------


def test_after_a_crash_the_agent_writes_on_where_they_were(desk: Store) -> None:
    claim(desk, "ana", 2, "Dear Bill, sorry", cursor=10)
    beat(desk, "ana", "writes", 2, ago=5 * MINUTE)

    async def play() -> None:
        async with opened(desk) as here:
            await here.until(lambda: here.desk.composer.has_focus and not here.desk.composer.read_only)
            assert here.shown == 2
            assert (here.desk.composer.text, here.desk.composer.cursor_index) == ("Dear Bill, sorry", 10)
            assert "Your line dropped 5m ago; this is what you were writing." in here.status
            await here.until(lambda: told(desk) == [("writes", 2)])

    asyncio.run(play())


def test_after_a_crash_the_cursor_stands_where_it_was(desk: Store) -> None:
    beat(desk, "ana", "looks", 3, ago=SECOND * 30)

    async def play() -> None:
        async with opened(desk) as here:
            await here.until(lambda: "this is where you were" in here.status)
            assert here.shown == 3
            assert not here.desk.composer.has_focus

    asyncio.run(play())


def test_what_a_colleague_has_by_now_is_not_opened(desk: Store) -> None:
    claim(desk, "ben", 2)
    beat(desk, "ana", "writes", 2, ago=5 * MINUTE)

    async def play() -> None:
        async with opened(desk) as here:
            await here.until(lambda: "ben has @c2 (#2) now, to whom you were writing" in here.status)
            assert here.shown == 1
            assert not here.desk.composer.has_focus

    asyncio.run(play())


def test_what_went_back_to_the_queue_is_said(desk: Store) -> None:
    beat(desk, "ana", "writes", 2, ago=5 * MINUTE)

    async def play() -> None:
        async with opened(desk) as here:
            await here.until(lambda: "to whom you were writing, is new now, and nothing is written" in here.status)

    asyncio.run(play())


def test_no_editor_opens_under_the_keys_of_who_has_begun_already(desk: Store) -> None:
    claim(desk, "ana", 2, "Dear Bill, sorry")

    async def play() -> None:
        async with opened(desk) as here:
            await here.pilot.press("j")
            beat(desk, "ana", "writes", 2, desk="another")
            await here.until(lambda: "another" in here.app.company._own)
            with desk.transaction() as session:
                presence.drop(session, "another", clock.now())
            await here.until(lambda: "r goes on there" in here.status)
            assert not here.desk.composer.has_focus

    asyncio.run(play())


def test_a_second_desk_of_one_agent_is_said(desk: Store) -> None:
    claim(desk, "ana", 2)
    beat(desk, "ana", "writes", 2)

    async def play() -> None:
        async with opened(desk) as here:
            await here.until(lambda: "You have another desk open on elsewhere, which writes to @c2" in here.status)
            await here.app.look_at(2)
            await here.until(lambda: "you write at another desk" in of_conversation(here))

    asyncio.run(play())


def test_the_end_of_a_process_of_this_host_is_known_before_its_silence(desk: Store) -> None:
    import subprocess

    ended = subprocess.Popen(["true"])
    ended.wait()
    pulse = pulses.Pulse(desk.home, "ana", HOUR)
    with desk.transaction() as session:
        presence.beat(
            session, "other", agent="ana", host=pulse.host, pid=ended.pid, doing="looks", conversation_id=1,
            now=clock.now(),
        )  # fmt: skip
    (row,) = desk.reader().present(clock.now())
    assert row.doing == "looks"
    assert pulse.died(row)
    assert not pulse.died(row._replace(host="elsewhere"))
    assert not pulse.died(row._replace(pid=1))
