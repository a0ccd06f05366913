"""What the identity service can be told about signing in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mesh.settings import MeshSettings, SettingsError, setting

_DAY = 86_400
KEY_MARGIN_SECONDS = 60
"""For clocks that are not the same: so much longer than its tokens a key is kept."""


@dataclass(frozen=True, kw_only=True)
class SignInSettings(MeshSettings):
    """The settings of keys, sessions, passwords and trusted issuers."""

    key_encryption_secret: str = setting(
        "",
        "What private keys are encrypted with in the database; empty: the secret of the mesh.",
        pattern=r"|\S{32,}",
        example="at least 32 random characters without blanks",
        secret=True,
    )
    key_rotation_seconds: float = setting(30 * _DAY, "How long a key signs access tokens.", minimum=1)
    key_publish_seconds: float = setting(
        330.0,
        "How long a key is in the key set before it signs: longer than gateways keep the set, which is 300 s.",
        minimum=0,
    )
    access_token_seconds: int = setting(600, "How long an access token is good.", minimum=5, maximum=3600)
    session_idle_seconds: float = setting(
        14 * _DAY, "How long a session lasts that is not refreshed.", minimum=1, maximum=366 * _DAY
    )
    session_longest_seconds: float = setting(
        90 * _DAY, "How long a session lasts in any case.", minimum=1, maximum=3660 * _DAY
    )
    refresh_grace_seconds: float = setting(
        10.0, "How long the same refresh gets the same answer.", minimum=0, maximum=60
    )
    session_retention_seconds: float = setting(
        7 * _DAY, "How long sessions that are over and refresh tokens that were used are kept.", minimum=3600
    )
    password_least_characters: int = setting(12, "Length of a password.", minimum=8, maximum=1024)
    password_most_characters: int = setting(1024, "Length of a password.", minimum=64, maximum=1024)
    password_hash_kibibytes: int = setting(19 << 10, "Memory that a hash takes.", minimum=64, maximum=4 << 20)
    password_hash_passes: int = setting(2, "Passes over that memory.", minimum=1, maximum=100)
    password_hash_lanes: int = setting(1, "Lanes of that memory.", minimum=1, maximum=16)
    password_hash_threads: int = setting(2, "Hashes computed at once.", minimum=1, maximum=64)
    password_hash_waiting: int = setting(64, "How many more may wait, before BACKPRESSURE.", minimum=0, maximum=10_000)
    sign_in_failures: int = setting(5, "Failures of one user until nobody may try for a while.", minimum=1)
    sign_in_lock_seconds: float = setting(
        5.0, "How long that is first; it doubles with each further failure.", minimum=0.1
    )
    sign_in_longest_lock_seconds: float = setting(900.0, "How long it is at most.", minimum=0.1)
    sign_in_forget_seconds: float = setting(
        _DAY, "After which time without a failure all of it is forgotten.", minimum=1
    )
    spraying_failures: int = setting(
        100, "Failures of all users within a minute until nobody may try with a password for a while.", minimum=1
    )
    spraying_lock_seconds: float = setting(5.0, "How long that is first; it doubles each time.", minimum=0.1)
    spraying_longest_lock_seconds: float = setting(60.0, "How long it is at most.", minimum=0.1)
    bootstrap_token_file: Path | None = setting(
        None, "Where the token for the first administrator is written, instead of the log."
    )
    oidc_issuers_file: Path | None = setting(None, "YAML or JSON file of the OpenID Connect issuers to be trusted.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.key_rotation_seconds <= self.key_publish_seconds:
            raise SettingsError(
                f"{self.variable('key_rotation_seconds')} must be more than {self.variable('key_publish_seconds')}."
            )
        if self.password_least_characters > self.password_most_characters:
            raise SettingsError(
                f"{self.variable('password_least_characters')} must not be more than "
                f"{self.variable('password_most_characters')}."
            )

    @property
    def own_key_secret(self) -> str:
        """What private keys are encrypted with. Raises SettingsError where nothing is set."""
        secret = self.key_encryption_secret or self.mesh_secret
        if not secret:
            raise SettingsError(
                f"{self.variable('mesh_secret')} or {self.variable('key_encryption_secret')} must be set: at least 32 "
                "random characters, the same for all processes of the identity service."
            )
        return secret

    @property
    def key_keep_seconds(self) -> float:
        """How long a key is kept after it has signed for the last time."""
        return self.access_token_seconds + KEY_MARGIN_SECONDS
