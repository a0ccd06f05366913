"""What matters most once more on the event loop that services run on, whose TLS and look-ups are its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import uvloop

from tests.notification_channels import test_email, test_rebinding, test_webhooks
from tests.tls.files import Certificates


@pytest.mark.parametrize(
    "case",
    [
        test_email.test_starttls_with_a_sign_in,
        test_email.test_tls_from_the_first_byte,
        test_email.test_a_certificate_for_another_host,
        test_email.test_a_refused_sign_in_passes_when_it_is_mended,
        test_webhooks.test_a_signed_message_that_its_receiver_can_verify,
        test_webhooks.test_an_endless_answer_is_cut_off,
        test_webhooks.test_redirects_are_not_followed,
        test_webhooks.test_nobody_listens,
        test_webhooks.test_a_host_that_there_is_not,
        test_webhooks.test_no_more_at_once_than_set,
    ],
)
def test_with_certificates(case: Callable[[Certificates], Awaitable[None]], certificates: Certificates) -> None:
    _run(case(certificates))


@pytest.mark.parametrize(
    "case",
    [
        test_email.test_connections_are_used_again_and_replaced_when_they_are_dead,
        test_email.test_a_server_that_does_not_answer,
        test_email.test_a_connection_that_breaks_after_the_message,
        test_email.test_nobody_listens,
    ],
)
def test_without(case: Callable[[], Awaitable[None]]) -> None:
    _run(case())


def test_names_without_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    _run(test_rebinding.test_names_without_an_answer_hold_up_nobody_else(monkeypatch))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "2130706433", "[::ffff:127.0.0.1]"])
def test_users_urls_do_not_reach_this_machine(host: str) -> None:
    _run(test_webhooks.test_users_urls_do_not_reach_this_machine(host))


def test_receivers_that_cannot_show_who_they_are(certificates: Certificates, tmp_path: Path) -> None:
    _run(test_webhooks.test_receivers_that_cannot_show_who_they_are(certificates, tmp_path))


def _run(case: Awaitable[None]) -> None:
    async def run() -> None:
        await case

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())
