"""`doctor`, `paths` and `keys`."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from tui import spelling
from tui.cli import doctor
from tui.store import sqlite


@dataclass(frozen=True)
class Dictionaries:
    """A machine with these dictionaries."""

    tags: tuple[str, ...]
    problem: str = ""
    version: str = "2.3"


def verdicts(document) -> dict[str, str]:
    return {check["name"]: check["verdict"] for check in document["checks"]}


@pytest.mark.sqlite
def test_a_healthy_desk_is_ok(desk):
    document = desk.json("doctor")
    assert document["ok"] is True
    found = verdicts(document)
    for name in ("sqlite", "file system", "folder", "schema", "journal", "integrity", "textual", "themes"):
        assert found[name] == "ok", name
    texts = {check["name"]: check["text"] for check in document["checks"]}
    assert sqlite.sqlite3.sqlite_version in texts["sqlite"]
    assert str(desk.path) in texts["database"]
    assert "quick_check" in desk("doctor").out


def test_looking_creates_no_database(desk, folders, monkeypatch):
    monkeypatch.setenv("SHIFTDESK_DB", str(folders / "not/there.db"))
    assert desk.json("doctor")["ok"] is True
    assert not (folders / "not").exists()


@pytest.mark.sqlite
def test_a_file_that_is_no_database_exits_3(desk):
    desk.path.write_bytes(b"not a database " * 500)
    answer = desk("doctor", "--json")
    assert answer.code == 3
    assert answer.json["ok"] is False


def test_a_broken_configuration_is_said_and_exits_2(desk):
    desk.configure("[desk]\nundo_secnods = 3\n")
    answer = desk("doctor", "--json")
    assert answer.code == 2
    assert "undo_seconds" in next(one["text"] for one in answer.json["checks"] if one["name"] == "configuration")


def test_what_is_wrong_with_themes_and_keys_is_named(desk, folders):
    desk.configure('[keys]\nnexxt = "n"\n')
    themes = folders / "config/shiftdesk/themes"
    themes.mkdir(parents=True)
    (themes / "mine.toml").write_text("name = ")
    texts = " ".join(check["text"] for check in desk.json("doctor")["checks"] if check["verdict"] == "warn")
    assert "nexxt" in texts
    assert "mine.toml" in texts


@pytest.mark.parametrize(
    ("mounts", "verdict"),
    [
        ("/dev/a / ext4 rw 0 0\nserver:/x /home nfs4 rw 0 0\n", "stop"),
        ("/dev/a / ext4 rw 0 0\nserver:/x /home/anab nfs4 rw 0 0\n", "ok"),
        ("me@host: /home/ana fuse.sshfs rw 0 0\n/dev/a /home/ana/desk xfs rw 0 0\n", "ok"),
    ],
)
def test_a_network_share_is_refused_wherever_it_is_mounted(tmp_path, mounts, verdict):
    table = tmp_path / "mounts"
    table.write_text(mounts)
    assert doctor._file_system(Path("/home/ana/desk/desk.db"), table).verdict == verdict


@pytest.mark.sqlite
def test_a_database_everyone_can_open_is_a_warning(desk):
    desk.path.chmod(0o666)
    assert verdicts(desk.json("doctor"))["database"] == "warn"


def test_paths_name_every_place_and_make_none(desk, folders, monkeypatch):
    monkeypatch.delenv("SHIFTDESK_DB")
    places = desk.json("paths")
    assert places == {
        "config": str(folders / "config/shiftdesk/config.toml"),
        "database": str(folders / "data/shiftdesk/desk.db"),
        "themes": str(folders / "config/shiftdesk/themes"),
        "outbox": str(folders / "data/shiftdesk"),
        "state": str(folders / "state/shiftdesk"),
    }
    assert not (folders / "data").exists()
    assert "desk.db" in desk("paths").out


def test_keys_are_the_table_of_actions_as_configured(desk):
    keys = {one["id"]: one["keys"] for one in desk.json("keys")}
    assert keys["next"] == ["n"]
    desk.configure('[keys]\nnext = "f5"\n')
    assert {one["id"]: one["keys"] for one in desk.json("keys")}["next"] == ["f5"]
    assert "f5" in desk("keys").out


def test_a_key_that_cannot_be_used_is_said_beside_the_answer(desk):
    desk.configure('[keys]\nnext = "c"\n')
    answer = desk("keys", "--json")
    assert answer.code == 0
    assert "keys." in answer.err
    assert answer.json


def test_what_the_spell_check_has_to_go_by_is_said(desk, monkeypatch):
    monkeypatch.setattr(spelling, "System", lambda: Dictionaries(("en_GB",)))
    desk.configure('[desk]\ndictionaries = ["en_GB", "fr_FR"]\n')
    said = [(one["verdict"], one["text"]) for one in desk.json("doctor")["checks"] if one["name"] == "spelling"]
    assert said == [("ok", "libenchant 2.3: en_GB"), ("warn", "desk.dictionaries: not on this machine: fr_FR")]
    desk.configure("[desk]\nspelling = false\n")
    assert verdicts(desk.json("doctor"))["spelling"] == "info"


def test_a_machine_without_dictionaries_is_told_what_to_install(desk, monkeypatch):
    monkeypatch.setattr(spelling, "System", lambda: Dictionaries((), spelling.NO_LIBRARY))
    texts = {one["name"]: one["text"] for one in desk.json("doctor")["checks"]}
    assert texts["spelling"] == spelling.NO_LIBRARY


def test_a_word_list_that_cannot_be_read_is_named(desk, monkeypatch):
    monkeypatch.setattr(spelling, "System", lambda: Dictionaries(("en_GB",)))
    desk.configure("")
    (desk.folder / "words" / "spelling.txt").mkdir(parents=True)
    said = [one["text"] for one in desk.json("doctor")["checks"] if one["name"] == "spelling"]
    assert any("words/spelling.txt cannot be read" in text for text in said)


def test_look_ups_that_cannot_work_are_named(desk):
    sections = {"good": ("true", "x"), "gone": ("no-such-program-here", "x"), "slow": ("true", "(a+)+$")}
    desk.configure("".join(
        f"[lookup.{name}]\ncommand = ['{command}']\npattern = '{pattern}'\nseconds = 500\n"
        for name, (command, pattern) in sections.items()
    ))  # fmt: skip
    said = [(one["verdict"], one["text"]) for one in desk.json("doctor")["checks"] if one["name"] == "look-up"]
    assert [verdict for verdict, _ in said] == ["ok", "warn", "warn"]
    assert "at most 60 s" in said[0][1]
    assert "no-such-program-here is not on the PATH" in said[1][1]
    assert "takes too long" in said[2][1]


def _reads(desk, **values):
    """`@northline` has a login; its mentions stand so."""
    from sqlalchemy import insert, update

    from tui.store import tables as t
    from tui.store.store import Store

    store = Store(desk.store.home)
    with store.transaction() as session:
        session.execute(update(t.accounts).values(server="https://x.example", native_id="1"))
        if values:
            session.execute(insert(t.sources).values(account_id=1, name="mentions", next_at=0, **values))
    store.close()


def _said(desk, name="reading"):
    return [(one["verdict"], one["text"]) for one in desk.json("doctor")["checks"] if one["name"] == name]


def test_how_far_an_account_is_read_is_said(desk, post):
    from tui.clock import HOUR, now

    desk.take_in(post())
    assert _said(desk) == []
    _reads(desk)
    assert _said(desk)[0][0] == "warn"
    assert "shiftdesk worker" in _said(desk)[0][1]
    _reads(desk, reached_at=now() - 2 * HOUR)
    assert _said(desk) == [("warn", "x @northline mentions 2h behind.")]


def test_an_account_that_is_up_to_date_is_ok_and_a_gap_is_named(desk, post):
    from tui.clock import now
    from tui.store import log
    from tui.store.store import Store

    desk.take_in(post())
    _reads(desk, reached_at=now())
    assert _said(desk) == [("ok", "x @northline: up to date (mentions)")]
    store = Store(desk.store.home)
    with store.transaction() as session:
        about = {"network": "x", "handle": "@northline", "source": "mentions", "since": None}
        log.append(session, "source.gap", at=now(), agent="intake", **about)
    store.close()
    assert [verdict for verdict, _ in _said(desk, "gap")] == ["warn"]


# -- a desk in a file --------------------------------------------------------------------------------------


def _named(desk, name):
    return [(one["verdict"], one["text"]) for one in desk.json("doctor")["checks"] if one["name"] == name]


@pytest.mark.sqlite
def test_a_desk_in_a_file_is_looked_at_whole(desk, post):
    desk.take_in(post())
    found = {check["name"]: (check["verdict"], check["text"]) for check in desk.json("doctor")["checks"]}
    assert found["synchronous"] == ("ok", "full: what is acknowledged is on the disk")
    assert found["space"][0] in ("ok", "warn")
    assert "MB free" in found["space"][1]
    assert found["in use"] == ("ok", "by no other process that can be seen")
    assert found["clock"][0] == "ok"
    assert "the host is up for" in found["clock"][1]


@pytest.mark.sqlite
def test_the_files_beside_it_are_looked_at(desk, post):
    holds = sqlite.connect(desk.path)
    holds.execute("PRAGMA journal_mode = wal")
    desk.take_in(post())
    desk.path.chmod(0o660)
    wal = desk.path.with_name("desk.db-wal")
    wal.chmod(0o660)
    desk.path.with_name("desk.db-shm").chmod(0o660)
    assert [verdict for verdict, _ in _named(desk, "beside it")] == ["ok", "ok"]
    wal.chmod(0o640)
    assert [verdict for verdict, _ in _named(desk, "beside it")] == ["warn", "ok"]
    assert "0640" in _named(desk, "beside it")[0][1]
    wal.chmod(0o660)
    with wal.open("r+b") as file:
        file.truncate(5 * sqlite.LONG_WAL)
    assert "reader that stays" in _named(desk, "beside it")[0][1]
    holds.close()


@pytest.mark.sqlite
def test_who_has_it_open_is_named(desk):
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=desk.path.open("ab")) as other:
        assert _named(desk, "in use") == [("ok", f"also open in: {other.pid} cat")]
        other.stdin.close()


@pytest.mark.sqlite
@pytest.mark.parametrize("which", ["desk.db", "desk.db-wal"])
def test_who_writes_into_a_file_that_was_removed_is_named(desk, which):
    path = desk.path.with_name(which)
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=path.open("ab")) as other:
        copied = path.read_bytes()
        path.unlink()
        path.write_bytes(copied)
        assert [verdict for verdict, _ in _named(desk, "in use")] == ["ok", "warn"]
        assert f"{other.pid} cat; what they write is lost" in _named(desk, "in use")[1][1]
        other.stdin.close()


@pytest.mark.sqlite
@pytest.mark.parametrize(("mode", "verdict"), [(0o700, "ok"), (0o2770, "ok"), (0o770, "warn"), (0o777, "warn")])
def test_a_folder_for_a_team_gives_its_group_on(desk, mode, verdict):
    desk.path.parent.chmod(mode)
    assert [one for one, _ in _named(desk, "folder")] == [verdict]


@pytest.mark.sqlite
def test_little_space_is_a_warning(desk, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=3 * 10**6))
    assert _named(desk, "space") == [("warn", "3 MB free beside the database: free some before it is full")]


@pytest.mark.sqlite
def test_a_desk_on_a_share_is_not_even_opened(desk, monkeypatch):
    monkeypatch.setattr(sqlite, "file_system", lambda *_: "nfs4")
    answer = desk("doctor", "--json")
    assert answer.code == 3
    assert verdicts(answer.json)["file system"] == "stop"
    assert "integrity" not in verdicts(answer.json)
    assert desk("queue").code == 3
    assert "network share (nfs4)" in desk("queue").err


@pytest.mark.sqlite
def test_a_clock_that_was_set_is_said_and_one_that_lags_behind_its_events(desk, post, monkeypatch):
    from tui import clock

    real = clock.shown
    desk.take_in(post())
    monkeypatch.setattr(clock, "shown", lambda: real() - clock.HOUR)
    assert "set by -1h since the last change" in _named(desk, "clock")[0][1]
    desk.take_in(post("2", minutes=90))
    ((verdict, text),) = _named(desk, "clock")
    assert verdict == "warn"
    assert "set 1x in 7 days" in text
    assert "59m ahead" in text or "1h ahead" in text
