"""Who acts, by the sign of its id."""

from __future__ import annotations

import pytest

from besedka.chat.principals import SERVER, AccountName, AccountRole, Actor, PrincipalId, is_account, is_guest


@pytest.mark.parametrize(
    ("principal", "account", "guest"),
    [(SERVER, False, False), (PrincipalId(1), True, False), (PrincipalId(-1), False, True)],
)
def test_everybody_is_the_server_or_an_account_or_a_guest(principal: PrincipalId, account: bool, guest: bool) -> None:
    assert (is_account(principal), is_guest(principal)) == (account, guest)


def test_an_actor_may_do_nothing_in_particular_unless_said() -> None:
    actor = Actor(PrincipalId(7), AccountName("ann"))
    assert (actor.role, actor.inside, actor.muted) == (AccountRole.USER, False, False)
