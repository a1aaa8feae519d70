"""Files that grow: whole lines once, whatever becomes of the file."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.errors import OutOfReach
from tui.networks import tail
from tui.networks.files import MAX_LINE
from tui.networks.tail import Piece, Place, place


def line(id: Any, text: str = "hello") -> str:
    post = {
        "network": "board",
        "id": str(id),
        "author": {"id": "a"},
        "text": text,
        "created_at": "2026-02-11T09:14:00Z",
    }
    return json.dumps(post) + "\n"


def pieces(path: Path, at: Place | None = None) -> tuple[list[Piece], Place | None]:
    """Everything there is now, and the place behind it as it would be stored."""
    found: list[Piece] = []
    while (piece := tail.read(path, at)) is not None:
        found.append(piece)
        at = place(piece.place.as_text())
    return found, at


def ids(found: list[Piece]) -> list[str]:
    return [post.id for piece in found for _, post in piece.posts]


def met(found: list[Piece]) -> list[str]:
    return [piece.met for piece in found if piece.met]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "posts.jsonl"


def append(file: Path, words: str) -> None:
    with file.open("a", encoding="utf-8") as out:
        out.write(words)


def test_a_file_that_is_not_there_yet_is_waited_for(file: Path) -> None:
    assert pieces(file) == ([], None)
    append(file, line(1))
    found, at = pieces(file)
    assert (ids(found), pieces(file, at)[0]) == (["1"], [])


def test_only_what_was_appended_is_read(file: Path) -> None:
    append(file, line(1) + line(2))
    _, at = pieces(file)
    append(file, line(3))
    found, at = pieces(file, at)
    assert ids(found) == ["3"]
    assert found[0].posts[0][0] == 3


def test_a_last_line_that_is_torn_waits(file: Path) -> None:
    whole = line(2)
    append(file, line(1) + whole[:20])
    found, at = pieces(file)
    assert ids(found) == ["1"]
    append(file, whole[20:-1])
    assert pieces(file, at)[0] == []
    append(file, "\n")
    assert ids(pieces(file, at)[0]) == ["2"]


def test_bad_lines_are_named_by_their_number_and_the_rest_goes_in(file: Path) -> None:
    append(file, line(1) + "{\n\n" + line(2) + "[]\n")
    found, at = pieces(file)
    append(file, "nothing\n" + line(3))
    more, _ = pieces(file, at)
    assert ids([*found, *more]) == ["1", "2", "3"]
    assert [bad.line for piece in (*found, *more) for bad in piece.bad] == [2, 5, 6]


def test_many_lines_come_in_pieces(file: Path) -> None:
    append(file, "".join(map(line, range(1, 1202))))
    found, _ = pieces(file)
    assert [len(piece.posts) for piece in found] == [500, 500, 201]
    assert ids(found) == [str(n) for n in range(1, 1202)]


@pytest.mark.parametrize("size", [MAX_LINE - 1, MAX_LINE, MAX_LINE + 1, 3 * MAX_LINE])
def test_a_line_that_is_too_long_is_passed_over_and_named_once(file: Path, size: int) -> None:
    append(file, line(1) + "x" * size + "\n" + line(2))
    found, _ = pieces(file)
    assert ids(found) == ["1", "2"]
    assert [bad.line for piece in found for bad in piece.bad] == [2]
    assert found[-1].posts[-1][0] == 3


def test_of_a_file_that_was_moved_away_the_rest_is_read_first(file: Path) -> None:
    append(file, line(1))
    _, at = pieces(file)
    append(file, line(2))
    file.rename(file.with_name("posts.jsonl.1"))
    append(file.with_name("posts.jsonl.1"), line(3))
    found, at = pieces(file, at)
    assert (ids(found), met(found)) == ([], [])  # nobody has begun the new one
    append(file, line(4))
    found, at = pieces(file, at)
    assert (ids(found), met(found)) == (["2", "3", "4"], ["moved on"])
    append(file, line(5))
    assert ids(pieces(file, at)[0]) == ["5"]


def test_the_torn_end_of_a_file_that_was_moved_away_is_read_as_it_is(file: Path) -> None:
    append(file, line(1))
    _, at = pieces(file)
    append(file, line(2)[:-1])
    file.rename(file.with_name("old"))
    append(file, line(3))
    found, _ = pieces(file, at)
    assert ids(found) == ["2", "3"]


def test_a_file_whose_old_one_is_gone_says_so(file: Path) -> None:
    append(file, line(1))
    _, at = pieces(file)
    keeps_the_inode = file.rename(file.with_name("elsewhere"))
    append(file, line(2))
    keeps_the_inode.unlink()
    found, _ = pieces(file, at)
    assert (ids(found), met(found)) == (["2"], ["lost"])


@pytest.mark.parametrize("again", [line(7), line(7) * 2, ""])
def test_a_file_cut_short_is_read_from_its_beginning(file: Path, again: str) -> None:
    append(file, line(1) + line(2))
    _, at = pieces(file)
    file.write_text(again)
    found, at = pieces(file, at)
    assert (met(found), set(ids(found))) == (["cut"], {"7"} if again else set())
    append(file, line(8))
    assert ids(pieces(file, at)[0]) == ["8"]


def test_a_file_written_anew_to_the_same_length_is_noticed(file: Path) -> None:
    append(file, line(1))
    _, at = pieces(file)
    file.write_text(line(2))
    assert ids(pieces(file, at)[0]) == ["2"]


def test_what_is_no_file_is_said(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutOfReach, match="cannot be read"):
        tail.read(tmp_path / "pipe", None)
    with pytest.raises(OutOfReach, match="cannot be read"):
        tail.read(tmp_path, None)


def test_of_a_folder_what_is_not_finished_is_left_alone(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.ndjson", ".c.jsonl", "d.jsonl.part", "e.csv"):
        (tmp_path / name).touch()
    (tmp_path / "f.jsonl").mkdir()
    assert [file.name for file in tail.files(tmp_path)] == ["a.ndjson", "b.jsonl"]
    assert tail.files(tmp_path / "nowhere") == []


def test_a_pipe_is_kept_in_a_file_and_its_writer_never_waits(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    pipe = tail.Pipe(tmp_path / "pipe", tmp_path / "kept" / "pipe.jsonl")
    pipe.drain()
    for words in (line(1), line(2)[:9], line(2)[9:]):
        (tmp_path / "pipe").write_text(words)
        pipe.drain()
    found, _ = pieces(pipe.kept_in)
    assert ids(found) == ["1", "2"]
    with pytest.raises(OutOfReach, match="another process"):
        tail.Pipe(tmp_path / "pipe", pipe.kept_in).drain()
    pipe.close()


def test_the_file_of_a_pipe_is_begun_anew_once_it_is_large_and_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail.Pipe, "ROOM", 300)
    os.mkfifo(tmp_path / "pipe")
    pipe, at, read = tail.Pipe(tmp_path / "pipe", tmp_path / "pipe.jsonl"), None, []
    pipe.drain()
    for number in range(20):
        (tmp_path / "pipe").write_text(line(number))
        pipe.drain()
        found, at = pieces(pipe.kept_in, at)
        read += ids(found)
        if at is not None:
            pipe.begin_anew(at)
    assert read == [str(number) for number in range(20)]
    assert pipe.kept_in.stat().st_size < 700
    pipe.close()


@given(st.lists(st.integers(1, 200), max_size=20), st.sets(st.integers(0, 19)))
def test_however_it_is_written_each_line_is_read_once(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], turns: set[int]
) -> None:
    """Written in torn pieces, moved away now and then; read after each of them."""
    folder = tmp_path_factory.mktemp("grows")
    file, whole = folder / "posts.jsonl", "".join(line(n) for n in range(12))
    read: list[str] = []
    at: Place | None = None
    start = 0
    for number, cut in enumerate([*cuts, len(whole)]):
        append(file, whole[start : start + cut])
        start += cut
        found, at = pieces(file, at)
        read += ids(found)
        if number in turns and (start == 0 or whole[start - 1 : start] == "\n"):
            file.rename(folder / f"old{number}")
            file.touch()
    found, at = pieces(file, at)
    assert read + ids(found) == [str(n) for n in range(12)]
    shutil.rmtree(folder)
