"""What --db may say of a PostgreSQL database, and what of it is ever shown."""

import pytest

from tui.cli.invocation import names_password
from tui.errors import Misuse, OutOfReach
from tui.store.postgres import Server
from tui.store.store import Store

pytestmark = pytest.mark.postgresql


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://u:SECRET@h:5433/d", "postgresql+psycopg://u@h:5433/d"),
        ("postgres://u@h/d?password=SECRET&sslmode=require", "postgresql+psycopg://u@h/d?sslmode=require"),
        ("postgresql://h/d?sslpassword=SECRET", "postgresql+psycopg://h/d"),
        ("postgresql://u:SECRET@/d?host=/run/pg", "postgresql+psycopg://u@/d?host=%2Frun%2Fpg"),
        ("postgresql://[::1]:5432/d", "postgresql+psycopg://[::1]:5432/d"),
        ("postgresql://u:SECRET@a:1,b:2/d", "postgresql+psycopg://u@/d?host=a%2Cb&port=1%2C2"),
        ("postgresql://?service=desk", "postgresql+psycopg:///?service=desk"),
        ("postgresql://h/d?options=-csearch_path%3Dx", "postgresql+psycopg://h/d?options=-csearch_path%3Dx"),
    ],
)
def test_an_address_is_shown_without_its_secrets_and_leads_to_the_same_place(url: str, shown: str) -> None:
    assert Server(url).location == shown
    assert Server(shown).location == shown


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://h",
        "postgresql://h/d?bogus=SECRET",
        "postgresql://u:SE/CRET@h/d",
        "postgresql://u:SE@CRET@h/d",
        "postgresql://u:%zzSECRET@h/d",
        "postgresql+asyncpg://u:SECRET@h/d",
    ],
)
def test_what_is_no_address_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(Misuse, match=r"postgresql\+psycopg://") as refusal:
        Server(url)
    assert not any(part in str(refusal.value) for part in ("SECRET", "CRET"))


def test_a_password_in_an_address_is_seen() -> None:
    assert all(map(names_password, ("postgresql://u:p@h/d", "postgresql://h/d?password=p", "postgresql://u:a@b@h/d")))
    assert not any(map(names_password, ("postgresql://u@h:5/d", "/srv/a:b@c.db", "desk.db")))


def test_what_is_wrong_at_the_door_is_said_with_what_to_do() -> None:
    import postgres

    with pytest.raises(OutOfReach, match="create the database first"):
        Store(Server(postgres.server().url("nowhere"))).prepare()
    with pytest.raises(OutOfReach, match="check that the server runs"):
        Store(Server("postgresql://u@127.0.0.1:1/d")).prepare()
