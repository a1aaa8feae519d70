"""`import`: what goes in, what is refused, and what is said about it."""

import json
from pathlib import Path

from tui.desk import intake

TWCS = (
    ",tweet_id,author_id,inbound,created_at,text,response_tweet_id,in_response_to_tweet_id\n"
    "0,1,railcare,False,Tue Oct 31 22:10:47 +0000 2017,@115712 Which train was it?,2,3.0\n"
    "1,2,115712,True,Tue Oct 31 22:11:45 +0000 2017,@railcare the 8:14,,1.0\n"
    "2,3,115712,True,Tue Oct 31 22:08:27 +0000 2017,@railcare no train again,1,\n"
)


def test_the_document_has_the_fields_of_the_design(desk, post):
    imported = desk.take_in(post("1"), post("2", handle="bert"))
    assert imported == {"read": 2, "added": 2, "known": 0, "refused": [], "refused_count": 0, "repaired": 0}


def test_twice_the_same_file_adds_nothing(desk, post, tmp_path):
    file = tmp_path / "posts.jsonl"
    file.write_text(json.dumps(post("1")) + "\n" + json.dumps(post("2")) + "\n")
    assert desk.json("import", str(file))["added"] == 2
    again = desk.json("import", str(file))
    assert (again["added"], again["known"]) == (0, 2)


def test_bad_lines_are_named_and_the_rest_goes_in(desk, post):
    good = json.dumps(post("1")).encode()
    naive = json.dumps(post("2", created_at="2026-02-11T09:14:00")).encode()
    lines = [b"{no json", good, b"\xff\xfe", naive, b'{"network":"x"}', b'"' + b"a" * (1 << 20) + b'"']
    imported = desk.json("import", "-", stdin=b"\n".join(lines))
    assert imported["read"] == 6
    assert imported["added"] == 1
    assert [bad["line"] for bad in imported["refused"]] == [1, 3, 4, 5, 6]
    assert all(bad["reason"] for bad in imported["refused"])
    assert imported["refused_count"] == 5


def test_only_refused_lines_exit_1_with_their_count(desk):
    answer = desk("import", "-", "--json", stdin=b"nonsense\nmore of it\n")
    assert answer.code == 1
    assert answer.json["refused_count"] == 2


def test_an_empty_file_is_no_failure(desk):
    assert desk.json("import", "-")["read"] == 0


def test_people_see_the_first_refused_lines_and_a_count_of_the_others(desk):
    answer = desk("import", "-", stdin=b"nonsense\n" * 25)
    assert "25 refused" in answer.out
    assert "line 20: " in answer.out
    assert "line 21: " not in answer.out
    assert "and 5 more" in answer.out


def test_a_nul_and_half_a_character_are_repaired_and_counted(desk, post):
    assert desk.take_in(post("1", text="@northline a\0b"), post("2", text="@northline \ud800"))["repaired"] == 2
    assert "\ufffd" in desk.json("show", "1")["posts"][0]["text"]


def test_the_suffix_tells_csv_from_jsonl(desk, tmp_path):
    file = tmp_path / "posts.csv"
    file.write_text("network,id,author.id,text,created_at\nx,1,9,no train,2026-02-11T09:14:00Z\n")
    assert desk.json("import", str(file))["added"] == 1


def test_twcs_is_history_with_outbound_authors_as_accounts(desk, tmp_path):
    file = tmp_path / "threads.csv"
    file.write_text(TWCS)
    assert desk.json("import", "--format", "twcs", str(file))["added"] == 3
    (conversation,) = desk.json("queue", "--view", "all")
    assert conversation["account"] == "@railcare"
    posts = desk.json("show", str(conversation["id"]))["posts"]
    assert [post["ours"] for post in posts] == [False, True, False]
    assert all(post["seen_at"] == post["created_at"] for post in posts)


def test_thousands_of_threads_come_in_whole(desk, tmp_path):
    file = Path(__file__).parents[3] / "shared/data/care-threads.csv"
    if not file.exists():  # real threads stand only beside some checkouts
        file = tmp_path / "threads.csv"
        asked = (f"{n},{n},{n},True,Tue Oct 31 22:10:47 +0000 2017,@railcare no train,,\n" for n in range(4, 2_100))
        file.write_text(TWCS + "".join(asked))
    imported = desk.json("import", "--format", "twcs", str(file))
    assert imported["added"] == imported["read"] > 2_000


def test_history_takes_the_time_of_the_post_as_the_time_it_was_seen(desk, post):
    desk.json("import", "-", "--history", stdin=json.dumps(post("1", minutes=600)).encode())
    (seen,) = desk.json("show", "1")["posts"]
    assert seen["seen_at"] == seen["created_at"]


def test_a_post_the_database_will_not_have_costs_no_other(desk, post, monkeypatch):
    honest = intake.take_in

    def picky(session, posts, **named):
        if any(one.id == "poison" for one in posts):
            raise ValueError("will not be stored")
        return honest(session, posts, **named)

    monkeypatch.setattr(intake, "take_in", picky)
    imported = desk.take_in(*(post(id, handle=f"h{id}") for id in ("1", "2", "poison", "4", "5")))
    assert (imported["added"], imported["refused_count"]) == (4, 1)
    assert imported["refused"][0]["line"] == 3
    assert "will not be stored" in imported["refused"][0]["reason"]


def test_a_missing_file_is_wrong_usage(desk):
    answer = desk("import", "no-such-file.jsonl")
    assert answer.code == 2
    assert "no-such-file.jsonl" in answer.err


def test_an_unknown_format_is_wrong_usage(desk):
    assert desk("import", "--format", "xml", "-").code == 2


def test_what_a_bad_line_says_cannot_reach_the_terminal(desk):
    answer = desk("import", "-", stdin=b'{"network":"x\\u001b]52;c;aGk=\\u0007"}\n{"created_at":"\x1b[2J"}\n')
    assert not {char for char in answer.out + answer.err if ord(char) < 32} - {"\n"}
