"""Signing in, wired: what a process needs for it, with the services that offer it."""

from __future__ import annotations

from flowmesh.identity.v1 import (
    access_service_pb2,
    credential_service_pb2,
    session_service_pb2,
    signing_key_service_pb2,
)

from identity_svc.api.access_service import AccessServicer
from identity_svc.api.callers import Callers
from identity_svc.api.credential_service import CredentialServicer
from identity_svc.api.session_service import SessionServicer
from identity_svc.api.signing_key_service import SigningKeyServicer
from identity_svc.commands.api_keys import ApiKeys
from identity_svc.commands.bootstrap import Bootstrap
from identity_svc.commands.external_sign_in import ExternalSignIn
from identity_svc.commands.issuing import Issuing, TokenIssuer
from identity_svc.commands.key_ring import KeyRing
from identity_svc.commands.key_rotation import KeyRotation
from identity_svc.commands.passwords import Passwords
from identity_svc.commands.sessions import Sessions, SessionTimes
from identity_svc.commands.sign_in import FailureCount, LockOuts, PasswordSignIn
from identity_svc.oidc.issuers import read_issuers
from identity_svc.oidc.verification import TokenVerification
from identity_svc.passwords.hashing import HashCost, PasswordHashing
from identity_svc.passwords.policy import PasswordPolicy
from identity_svc.queries.change_feed import ChangeFeed
from identity_svc.queries.waking_database import WakingDatabase
from identity_svc.sign_in_settings import SignInSettings
from identity_svc.signing.key_pairs import KeySeal
from identity_svc.storage.sign_in_failures import LockOut
from identity_svc.storage.signing_keys import KeyTimes
from identity_svc.workers.upkeep import SignInUpkeep
from mesh.clock import Clock
from mesh.db.served_database import ServedDatabase
from mesh.metrics import Metrics
from mesh.server import MeshServer

SPRAYING_WINDOW_SECONDS = 60.0
LONGEST_ROTATION_INTERVAL_SECONDS = 60.0


class SigningIn:
    """Everything about signing in and access of one process. Raises StartupError for settings that are wrong."""

    def __init__(
        self, settings: SignInSettings, database: WakingDatabase, clock: Clock, metrics: Metrics, *, bound: bool
    ) -> None:
        """`bound`: callers have to sign in, and give no more than they hold."""
        seal = KeySeal(settings.own_key_secret)
        times = KeyTimes(settings.key_rotation_seconds, settings.key_publish_seconds, settings.key_keep_seconds)
        served = ServedDatabase(database)
        failed = metrics.counter("flowmesh_identity_sign_in_failures_total", "Failures to sign in.").at()
        self.ring = KeyRing(database, seal, clock, times)
        self.feed = ChangeFeed(database, keys_changed=self.ring.read)
        database.call_when_written(self.feed.wake)
        self._issuer = TokenIssuer(
            self.ring, Issuing(settings.token_issuer, settings.token_audience, settings.access_token_seconds)
        )
        self._hashing = PasswordHashing(
            HashCost(settings.password_hash_kibibytes, settings.password_hash_passes, settings.password_hash_lanes),
            threads=settings.password_hash_threads,
            waiting=settings.password_hash_waiting,
        )
        session_times = SessionTimes(
            settings.session_idle_seconds, settings.session_longest_seconds, settings.refresh_grace_seconds
        )
        successors = seal.derived("flowmesh identity: refresh tokens")
        self.sessions = Sessions(served, self._issuer, clock, session_times, successors)
        failures = FailureCount(served, clock, _lock_outs(settings), failed.add)
        policy = PasswordPolicy(settings.password_least_characters, settings.password_most_characters)
        passwords = Passwords(served, clock, self._hashing, policy, failures)
        self.api_keys = api_keys = ApiKeys(served, clock, self.sessions, seal.derived("flowmesh identity: API keys"))
        self._bootstrap = Bootstrap(
            served,
            clock,
            passwords,
            self.sessions,
            seal.derived("flowmesh identity: bootstrap token"),
            settings.bootstrap_token_file,
        )
        external = ExternalSignIn(
            served, clock, self.sessions, TokenVerification(read_issuers(settings.oidc_issuers_file))
        )
        sign_in = PasswordSignIn(served, clock, self._hashing, self.sessions, failures)
        rotation = KeyRotation(served, clock, seal, times, self.ring)
        self.access = AccessServicer(served, self.feed, clock)
        self._servicers = (
            (
                session_service_pb2,
                "SessionService",
                SessionServicer(
                    served,
                    clock,
                    self.sessions,
                    sign_in,
                    passwords,
                    api_keys,
                    self._bootstrap,
                    external,
                    self.ring,
                ),
            ),
            (
                credential_service_pb2,
                "CredentialService",
                CredentialServicer(passwords, api_keys, clock, Callers(bound=bound)),
            ),
            (signing_key_service_pb2, "SigningKeyService", SigningKeyServicer(self.ring, rotation)),
            (access_service_pb2, "AccessService", self.access),
        )
        self._upkeep = SignInUpkeep(
            database,
            clock,
            self.ring,
            api_keys,
            keep_sessions=settings.session_retention_seconds,
            keep_failures=settings.sign_in_forget_seconds,
            rotation_interval=min(LONGEST_ROTATION_INTERVAL_SECONDS, settings.key_rotation_seconds / 10),
        )

    def add_to(self, server: MeshServer) -> None:
        """Offer the services."""
        for file, name, servicer in self._servicers:
            server.add(file.DESCRIPTOR.services_by_name[name], servicer)

    async def open(self) -> None:
        """Read the keys, or make the first one, before calls are taken.

        Raises StartupError where the secret is another one than before, `DatabaseError`, `OutcomeUnknown`.
        """
        await self.feed.start()
        await self.ring.open()
        await self._hashing.prepare()

    async def start(self) -> None:
        """Begin the work beside the calls, and tell the bootstrap token while there is no administrator.

        Raises StartupError where its file cannot be written, `DependencyDown`.
        """
        self._upkeep.start()
        await self._bootstrap.announce()

    async def stop(self) -> None:
        """End it all, behind the last call."""
        await self._upkeep.stop()
        await self.feed.stop()
        self._hashing.close()
        self._issuer.close()


def _lock_outs(settings: SignInSettings) -> LockOuts:
    return LockOuts(
        LockOut(
            settings.sign_in_failures,
            window=settings.sign_in_forget_seconds,
            first=settings.sign_in_lock_seconds,
            longest=settings.sign_in_longest_lock_seconds,
            forget=settings.sign_in_forget_seconds,
        ),
        LockOut(
            settings.spraying_failures,
            window=SPRAYING_WINDOW_SECONDS,
            first=settings.spraying_lock_seconds,
            longest=settings.spraying_longest_lock_seconds,
            forget=settings.sign_in_forget_seconds,
            each=False,
        ),
    )
