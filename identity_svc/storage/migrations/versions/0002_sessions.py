"""The tables of signing in: keys, credentials, sessions, and who fails to sign in."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Index, Integer, MetaData, SmallInteger, Table, inspect, text

from mesh.db.tables import CLUSTERED, TABLE_OPTIONS, blob_type, micros_type, text_type

revision = "0002"
down_revision = "0001"

metadata = MetaData()

# Key pairs of access tokens. The private half is encrypted. `sign_from`: the youngest one whose time has come signs;
# `drop_at`: from then on nobody takes its tokens, NULL as long as it signs or is to come.
Table(
    "signing_key",
    metadata,
    Column("id", text_type(36), primary_key=True),
    Column("public_key", blob_type(), nullable=False),
    Column("sealed_key", blob_type(), nullable=False),
    Column("created_at", micros_type(), nullable=False),
    Column("sign_from", micros_type(), nullable=False),
    Column("drop_at", micros_type()),
    Column("request_id", text_type(128), nullable=False),
    **CLUSTERED,
)

Table(
    "password_credential",
    metadata,
    Column("subject_id", text_type(64), primary_key=True),
    Column("hash", text_type(255), nullable=False),
    Column("changed_at", micros_type(), nullable=False),
    **CLUSTERED,
)

# `credential_id`: of the API key it was begun with. `closes_at`: when it runs out, or when it was ended.
# `tokens_until`: when its last access token runs out.
Table(
    "session",
    metadata,
    Column("id", text_type(36), primary_key=True),
    Column("subject_id", text_type(64), nullable=False),
    Column("origin", SmallInteger, nullable=False),
    Column("credential_id", text_type(64), nullable=False),
    Column("created_at", micros_type(), nullable=False),
    Column("refreshed_at", micros_type(), nullable=False),
    Column("closes_at", micros_type(), nullable=False),
    Column("tokens_until", micros_type(), nullable=False),
    Column("ended_at", micros_type()),
    Column("end_reason", SmallInteger, nullable=False),
    Index("session_by_subject", "subject_id", "closes_at", "id"),
    Index("session_by_close", "closes_at"),
    Index("session_by_end", "ended_at"),
    **CLUSTERED,
)

# Each refresh token that a session has had, as its SHA-256; the one that is not used yet is worth something.
Table(
    "refresh_token",
    metadata,
    Column("digest", text_type(64), primary_key=True),
    Column("session_id", text_type(36), nullable=False),
    Column("created_at", micros_type(), nullable=False),
    Column("used_at", micros_type()),
    Column("request_id", text_type(64), nullable=False),
    Index("refresh_token_by_session", "session_id"),
    Index("refresh_token_by_use", "used_at"),
    **CLUSTERED,
)

# By the SHA-256 of what was typed as a user, whether there is one or not, so that rows tell nothing.
Table(
    "sign_in_failure",
    metadata,
    Column("name", text_type(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("locks", Integer, nullable=False),
    Column("counted_from", micros_type(), nullable=False),
    Column("last_at", micros_type(), nullable=False),
    Column("locked_until", micros_type(), nullable=False),
    Index("sign_in_failure_by_time", "last_at"),
    **CLUSTERED,
)

# The secret of a key that was asked for with a request id is made from id and nonce; it is given again to who sends the
# request again. One that is revoked keeps its row for a while, so that the request does not bring it back.
Table(
    "api_key",
    metadata,
    Column("id", text_type(36), primary_key=True),
    Column("subject_id", text_type(64), nullable=False),
    Column("display_name", text_type(255), nullable=False),
    Column("digest", text_type(64), nullable=False),
    Column("nonce", text_type(64), nullable=False),
    Column("created_at", micros_type(), nullable=False),
    Column("created_by", text_type(64), nullable=False),
    Column("expires_at", micros_type()),
    Column("used_at", micros_type()),
    Column("revoked_at", micros_type()),
    Index("api_key_by_subject", "subject_id", "id"),
    Index("api_key_by_revocation", "revoked_at"),
    **CLUSTERED,
)

# One row, as soon as a process has started: what the bootstrap token is made from, and when it was used.
Table(
    "bootstrap",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("nonce", text_type(64), nullable=False),
    Column("digest", text_type(64), nullable=False),
    Column("created_at", micros_type(), nullable=False),
    Column("done_at", micros_type()),
    **TABLE_OPTIONS,
)

# Who a person is at an issuer of OpenID Connect. The digest is one of issuer and subject, which may be long.
Table(
    "external_identity",
    metadata,
    Column("digest", text_type(64), primary_key=True),
    Column("issuer", text_type(255), nullable=False),
    Column("external_id", text_type(255), nullable=False),
    Column("subject_id", text_type(64), nullable=False),
    Column("created_at", micros_type(), nullable=False),
    Index("external_identity_by_subject", "subject_id"),
    **CLUSTERED,
)


def upgrade() -> None:
    """Create the tables. Can be run again where it broke off: MariaDB commits each table by itself."""
    connection = op.get_bind()
    metadata.create_all(connection)
    present = inspect(connection)
    for table in metadata.sorted_tables:
        indexes = {index["name"] for index in present.get_indexes(table.name)}
        for index in table.indexes:
            if index.name not in indexes:
                index.create(connection)
    # The number of the last change of what subjects may do; the first row has that of the last change of all.
    if connection.execute(text("SELECT COUNT(*) FROM security_sequence WHERE id=2")).scalar() == 0:
        connection.execute(text("INSERT INTO security_sequence (id, value) SELECT 2, value FROM security_sequence"))


def downgrade() -> None:
    """Drop the tables: nobody is signed in any more."""
    connection = op.get_bind()
    metadata.drop_all(connection)
    connection.execute(text("DELETE FROM security_sequence WHERE id=2"))
