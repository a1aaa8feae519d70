"""`guard test` and `report --guard`."""

import pytest

from tui.text import width

SORRY = "We are sorry, the crew has been told about the cold coach."


@pytest.fixture
def sent(desk, post):
    """A question, its answer two hours later, and another answer within the hour after that."""
    ours = {"handle": "northline", "kind": "reply", "in_reply_to": "1"}
    desk.take_in(
        post("1", minutes=300), post("2", minutes=180, text=SORRY, **ours), post("3", minutes=130, text="Well?", **ours)
    )


def rows(document) -> dict[str, tuple[int, int, int]]:
    return {row["check"]: (row["stop"], row["warn"], row["info"]) for row in document["checks"] if row["fired"]}


def test_history_is_replayed(desk, sent):
    document = desk.json("guard", "test")
    assert document["replies"] == 2
    assert rows(document) == {"answered": (1, 0, 0), "late": (0, 0, 1)}
    assert {one["check"] for one in document["examples"]} == {"answered", "late"}
    assert desk.json("guard", "test", "--since", "150m")["replies"] == 1
    assert desk.json("guard", "test", "--since", "2h")["replies"] == 0


def test_settings_are_tried_and_change_nothing(desk, sent):
    before = desk.json("show", "1")["events"]
    document = desk.json("guard", "test", "--set", "part_minutes=60", "--set", "checks.late=stop", "--check", "late")
    [row] = document["checks"]
    assert (row["check"], row["stop"], row["before"]["info"]) == ("late", 1, 1)
    assert [(one["before"], one["verdict"]) for one in document["examples"]] == [("info", "stop")]
    document = desk.json("guard", "test", "--set", "part_minutes=60", "--limit", "0")
    assert "answered" not in rows(document)
    assert document["examples"] == []
    assert desk.json("show", "1")["events"] == before
    assert rows(desk.json("guard", "test"))["answered"] == (1, 0, 0)


def test_the_accounts_settings_hold(desk, sent):
    desk.configure('[account."x:@northline"]\nchecks = { answered = "warn", late = "off" }\n')
    assert rows(desk.json("guard", "test")) == {"answered": (0, 1, 0)}
    assert rows(desk.json("guard", "test", "--set", "checks.late=warn")) == {"answered": (0, 1, 0), "late": (0, 1, 0)}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--set", "horizon_hour=3"], "did you mean 'horizon_hours'?"),
        (["--set", "horizon_hours=x"], "whole number"),
        (["--set", "checks.lat=off"], "did you mean 'late'?"),
        (["--set", "checks.late=of"], "stop, warn, info, off"),
        (["--set", "late"], "KEY=VALUE"),
        (["--check", "lat"], "did you mean 'late'?"),
        (["--since", "tomorrow"], "a span such as 7d"),
        (["--limit", "-1"], "--limit"),
    ],
)
def test_what_cannot_be_is_wrong_usage(desk, arguments, said):
    answer = desk("guard", "test", *arguments)
    assert answer.code == 2
    assert said in answer.err


def test_the_table_fits_and_names_everything(desk, sent, post):
    wide = "\x1b[2Jｗｗ" * 60
    desk.take_in(post("4", minutes=120, handle="northline", kind="reply", in_reply_to="1", text=f"{wide} XX"))
    for arguments in ([], ["--set", "checks.late=warn"]):
        page = desk("guard", "test", *arguments).out
        assert "\x1b" not in page
        assert all(width(line) <= 78 for line in page.splitlines())
        said = [one["text"] for one in desk.json("guard", "test", *arguments)["examples"]]
        assert all("".join(text.split()) in "".join(page.split()) for text in said), "a sentence is never cut"
    assert "What changes" in page
    assert "late (info -> warn), conversation 1" in page
    assert "The guard over 3 replies" in page


def test_near_misses_and_what_was_passed_stand_in_the_report(desk, sent):
    desk.configure('[account.default]\nchecks = { late = "off" }\n')
    assert desk("reply", "1", "--text", "Hello?").code == 1
    stopped = desk.json("report", "--guard")
    assert stopped["guard"] == [
        {
            "check": "answered", "stops": 1, "overrides": 0,
            "shown": 1, "heeded": 1, "overridden": 0, "proven_right": 0,
        }
    ]  # fmt: skip
    assert stopped["set_otherwise"] == [{"account": "default", "checks": {"late": "off"}}]
    desk.json("reply", "1", "--text", "Hello?", "--override", "answered", "--reason", "they asked again")
    [row] = desk.json("report", "--guard")["guard"]
    assert (row["shown"], row["heeded"], row["overridden"]) == (1, 0, 1)
    assert desk.json("report")["guard"] == [row]
    page = desk("report", "--guard").out
    assert page.splitlines()[3].split() == ["1", "0", "1", "0", "answered"]
    assert "    off  late, default" in page
    assert desk.json("report", "--guard", "--since", "2999-01-01T00:00Z")["guard"] == []


def test_nothing_is_off_silently(desk):
    assert "guard" not in [one["name"] for one in desk.json("doctor")["checks"]]
    desk.configure('[account.default]\nchecks = { late = "off" }\n[account."x:@northline"]\nhorizon_hours = 24\n')
    texts = [one["text"] for one in desk.json("doctor")["checks"] if one["name"] == "guard"]
    assert [text.partition(":")[0] for text in texts] == ["default", "x"]
    assert all(text.endswith("late off") for text in texts), "an account has what the default section says"
