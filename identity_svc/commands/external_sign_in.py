"""Signing in with a token of a trusted issuer: finds or makes the user, and puts it into the groups that it names."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace

from identity_svc.commands import groups
from identity_svc.commands.changes import Changes
from identity_svc.commands.issuing import IssuedTokens
from identity_svc.commands.sessions import Begun, Sessions
from identity_svc.commands.sign_in_refusals import credentials_invalid
from identity_svc.commands.subjects import create_subject, update_details
from identity_svc.oidc.verification import ExternalUser, TokenRefused, TokenVerification
from identity_svc.queries.caller import Caller
from identity_svc.storage.audit import Actor
from identity_svc.storage.external_identities import find_external, insert_external
from identity_svc.storage.groups import Group, find_group, those_in_group
from identity_svc.storage.layout import ACTIVE, USER
from identity_svc.storage.security_changes import lock_changes
from identity_svc.storage.sessions import Origin
from identity_svc.storage.subjects import Subject, find_subject, id_taken, owner_of_email
from identity_svc.storage.tenants import missing_tenants
from mesh.clock import Clock
from mesh.db.database import Database
from mesh.db.served_database import write_again
from mesh.db.statements import Program
from mesh.logs import get_log

_PLAIN = re.compile(r"[A-Za-z0-9._@-]+")
_MOST_ID = 64
_DIGEST_BYTES = 16

_log = get_log(__name__)


@dataclass(frozen=True, slots=True)
class _Due:
    """What a token asks to be changed. `user` is None for one that is to be made."""

    user: Subject | None
    bind: bool
    tenant_ids: tuple[str, ...] | None
    join: tuple[str, ...]
    leave: tuple[str, ...]

    @property
    def nothing(self) -> bool:
        """Whether everything is as the token says."""
        return not (self.bind or self.tenant_ids is not None or self.join or self.leave)


class ExternalSignIn:
    """Signs in who brings a token. `database` is one that calls are served from."""

    def __init__(self, database: Database, clock: Clock, sessions: Sessions, verification: TokenVerification) -> None:
        self._database = database
        self._clock = clock
        self._sessions = sessions
        self._verification = verification

    async def sign_in(self, token: str, actor: Actor) -> IssuedTokens:
        """Begin a session for the user of a token.

        Raises Unauthenticated (CREDENTIALS_INVALID), DependencyDown.
        """
        try:
            person = await self._verification.verify(token)
        except TokenRefused as error:
            _log.info("A token of an issuer was refused", detail=str(error))
            raise credentials_invalid() from error
        begun = await write_again(self._database, lambda: self._begin(person, actor, self._clock.now_micros()))
        return await self._sessions.tokens_of(begun)

    def _begin(self, person: ExternalUser, actor: Actor, now: int) -> Program[Begun]:
        due = yield from _due(person)
        if not due.nothing:
            # Looked at again where nobody else changes anything.
            yield from lock_changes()
            due = yield from _due(person)
            changes = Changes(Caller(replace(actor, id="", session_id=""), bound=False), now)
            user = yield from _change(changes, person, due)
            yield from changes.write()
        else:
            assert due.user is not None
            user = due.user
        return (yield from self._sessions.begin(user.id, Origin.OIDC, actor, now))


def user_id_of(alias: str, external_id: str) -> str:
    """Return the id of the user that is made for an id at an issuer: `<alias>:<id>`, or with a digest of it where it is
    too long or has unusual characters. Users who are not from an issuer have no colon in their ids."""
    plain = f"{alias}:{external_id}"
    if len(plain) <= _MOST_ID and _PLAIN.fullmatch(external_id):
        return plain
    return f"{alias}:{hashlib.blake2b(external_id.encode(), digest_size=_DIGEST_BYTES).hexdigest()}"


def _due(person: ExternalUser) -> Program[_Due]:
    issuer = person.issuer
    subject_id = yield from find_external(issuer.issuer, person.external_id)
    bound = subject_id is not None
    if subject_id is None and issuer.match_email and person.email:
        subject_id = yield from owner_of_email(person.email)
    user = None if subject_id is None else (yield from find_subject(subject_id, USER))
    if user is None and (bound or (yield from id_taken(user_id_of(issuer.alias, person.external_id)))):
        # Deleted: that the issuer still knows the person does not bring it back.
        raise credentials_invalid()
    if user is not None and user.status != ACTIVE:
        raise credentials_invalid()
    tenant_ids = yield from _tenants(person)
    tenants = frozenset(tenant_ids or ("",))
    if user is not None:
        follows = bool(issuer.tenants_claim) and not user.all_tenants and tenant_ids != user.tenant_ids
        tenants = tenants if follows or user.tenants is None else user.tenants
    else:
        follows = False
    known = "" if user is None else user.id
    join, leave = [], []
    for group_id in sorted(set(issuer.groups.values())):
        group = yield from find_group(group_id)
        if group is None:
            if group_id in person.group_ids:
                _log.warning("A group that an issuer's claim stands for does not exist", group=group_id)
            continue
        inside = bool(known) and bool((yield from those_in_group(group_id, [known])))
        wanted = group_id in person.group_ids and _fits(group, user, tenants)
        if wanted and not inside:
            join.append(group_id)
        elif inside and not wanted:
            leave.append(group_id)
    return _Due(user, not bound, tenant_ids if follows else None, tuple(join), tuple(leave))


def _tenants(person: ExternalUser) -> Program[tuple[str, ...]]:
    """Return the tenants of a token that there are."""
    missing = yield from missing_tenants(person.tenant_ids)
    if missing:
        _log.warning("Tenants that an issuer's claim names do not exist", tenants=missing)
    return tuple(sorted(person.tenant_ids.difference(missing)))


def _fits(group: Group, user: Subject | None, tenants: frozenset[str]) -> bool:
    return group.tenants is None or (user is not None and user.all_tenants) or group.tenants <= tenants


def _change(changes: Changes, person: ExternalUser, due: _Due) -> Program[Subject]:
    user = due.user
    # Left first: who leaves a tenant leaves its groups.
    for group_id in due.leave:
        assert user is not None
        yield from groups.remove_members(changes, group_id, [user.id])
    if user is None:
        user = yield from create_subject(changes, (yield from _new_user(person)))
    elif due.tenant_ids is not None:
        user = yield from update_details(changes, user, {"tenant_ids": due.tenant_ids or ("",)}, "")
    if due.bind:
        yield from insert_external(person.issuer.issuer, person.external_id, user.id, changes.now)
        told = {"issuer": person.issuer.issuer, "externalId": person.external_id}
        changes.audit("users.bind", ("user", user.id), user.tenants, {}, told)
    for group_id in due.join:
        yield from groups.add_members(changes, group_id, [user.id])
    return user


def _new_user(person: ExternalUser) -> Program[Subject]:
    # An address that somebody else has is left out: it signs in nobody here, and it may be out of date.
    taken = bool(person.email) and (yield from owner_of_email(person.email)) is not None
    return Subject(
        user_id_of(person.issuer.alias, person.external_id),
        USER,
        display_name=person.display_name,
        tenant_ids=(yield from _tenants(person)),
        email="" if taken else person.email,
        given_name=person.given_name,
        family_name=person.family_name,
    )
