"""What tokens spend and how fast, in a file and in a database: no more than they may, whoever dies meanwhile."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.postgres import NEEDS_POSTGRES, postgres
from unco.errors import SettingsError, SetupError, Unavailable
from unco.serving.accounts.ledger import Account, Ledger
from unco.serving.databases.choice import open_database
from unco.serving.settings import ServeSettings
from unco.tools.llm.budget import Caps, Reserved, Spent
from unco.tools.llm.request import Reply

__all__ = ["postgres"]

ANSWERED = Reply(text="{}", finish_reason="stop", model="m", cost=0.25)
MakeLedger = Callable[[], Ledger]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=NEEDS_POSTGRES)])
def open_ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeLedger]:
    """Opens ledgers of one state, as workers do; the tests of one server share its tables, so each has its names."""
    address = request.getfixturevalue("postgres") if request.param == "postgres" else None
    opened: list[Ledger] = []

    def open_one() -> Ledger:
        opened.append(Ledger(open_database(ServeSettings(state=tmp_path, database=address))))
        return opened[-1]

    yield open_one
    for ledger in opened:
        ledger.close()


async def test_a_rate_lets_a_minutes_posts_pass_at_once_and_one_in_any_case(open_ledger: MakeLedger) -> None:
    ledger = open_ledger()
    for rate in (0.5, 1.0, 7.0, 60.0):
        assert await ledger.admit(f"at {rate}", rate, max(1, int(rate))) == 0
        assert 0 < await ledger.admit(f"at {rate}", rate, 1) <= 60 / rate


async def test_workers_with_one_ledger_spend_one_budget(open_ledger: MakeLedger) -> None:
    first, second = open_ledger(), open_ledger()
    account = Account("one", Caps(calls=2, usd=1.0))
    await first.hold([account], "m", 0.5, 60)
    await second.hold([account], "m", 0.5, 60)
    for ledger in (first, second):
        with pytest.raises(Reserved):
            await ledger.hold([account], "m", 0.5, 60)
        ledger.settle([account], 0.5, [ANSWERED])
    spent = [await ledger.spent("one") for ledger in (second, first)]
    assert spent[1] == Spent(calls=2, usd=0.5)
    with pytest.raises(Unavailable, match="the token's 2 calls are spent"):
        await first.hold([account], "m", 0.1, 60)
    first.close()
    second.close()
    assert (await open_ledger().spent("one")).calls == 2


async def test_of_many_calls_at_once_no_more_are_held_than_the_budget_has(open_ledger: MakeLedger) -> None:
    ledgers, account = [open_ledger() for _ in range(4)], Account("crowd", Caps(calls=10))
    asked = (ledger.hold([account], "m", 0.0, 60) for ledger in ledgers for _ in range(10))
    came = await asyncio.gather(*asked, return_exceptions=True)
    assert (came.count(None), sum(isinstance(one, Reserved) for one in came)) == (10, 30)


async def test_what_a_killed_worker_held_counts_as_spent_once_its_time_is_over(open_ledger: MakeLedger) -> None:
    ledger, account = open_ledger(), Account("killed", Caps(calls=2, usd=1.0))
    await ledger.hold([account], "m", 0.75, -60)
    with pytest.raises(Unavailable, match=r"the token's \$1 do not cover"):
        await ledger.hold([account], "m", 0.5, 60)
    await ledger.hold([account], "m", 0.25, 60)
    assert await ledger.spent("killed") == Spent(calls=1, usd=0.75)
    ledger.settle([account], 0.75, [ANSWERED])  # it was alive after all: then the call is set right
    assert await ledger.spent("killed") == Spent(calls=1, usd=0.25)


async def test_a_price_that_is_not_known_spends_no_capped_money(open_ledger: MakeLedger) -> None:
    with pytest.raises(Unavailable, match="price of 'm' is unknown"):
        await open_ledger().hold([Account("priceless", Caps(usd=1.0))], "m", None, 60)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://unco:made-up@db/unco", "PGPASSWORD"),  # pragma: allowlist secret
        ("dbname=unco password=made-up", "PGPASSWORD"),  # pragma: allowlist secret
        ("db.example", "no connection string"),
        ("mysql://db/unco", "no connection string"),
    ],
)
def test_a_database_is_named_without_its_password(address: str, said: str, tmp_path: Path) -> None:
    pytest.importorskip("psycopg_pool")
    with pytest.raises(SettingsError, match=said) as refused:
        open_database(ServeSettings(state=tmp_path, database=address))
    assert "made-up" not in str(refused.value)


def test_a_database_that_is_not_there_is_told_at_the_start(tmp_path: Path) -> None:
    pytest.importorskip("psycopg_pool")
    ledger = Ledger(open_database(ServeSettings(database=f"host={tmp_path} dbname=unco")))
    with pytest.raises(SetupError, match="the database cannot be read or written"):
        ledger.check()
    ledger.close()


async def test_all_who_ask_whether_the_tables_can_be_written_share_one_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, tries = Ledger(open_database(ServeSettings(state=tmp_path))), list[int]()
    monkeypatch.setattr(ledger, "_check", lambda: tries.append(1))
    assert set(await asyncio.gather(*(ledger.state() for _ in range(20)))) == {"ok"}
    assert tries == [1]
    ledger.close()


async def test_tables_that_take_too_long_do_not_hold_up_who_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, ended = Ledger(open_database(ServeSettings(state=tmp_path))), threading.Event()
    monkeypatch.setattr("unco.serving.accounts.ledger.STATE_S", 0.05)
    monkeypatch.setattr(ledger, "_check", ended.wait)
    assert await ledger.state() == "failing"
    ended.set()
    ledger.close()
