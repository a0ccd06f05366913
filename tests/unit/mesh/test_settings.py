from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from mesh.settings import MeshSettings, SettingsError, setting


@dataclass(frozen=True, kw_only=True)
class EngineSettings(MeshSettings):
    service_name: ClassVar[str] = "engine"
    default_port: ClassVar[int] = 3001

    workers: int = setting(4, "How many.", minimum=1, maximum=8)
    eager: bool = setting(False, "Whether at once.")


def test_defaults() -> None:
    settings = EngineSettings.from_environment({"PATH": "/bin"})
    assert (settings.workers, settings.eager, settings.listen_port) == (4, False, 3001)
    assert settings.host == "127.0.0.1"
    assert settings.own_database_url.startswith("sqlite:///")


def test_environment_and_arguments() -> None:
    environ = {
        "FLOWMESH_WORKERS": "5",
        "FLOWMESH_ENGINE_WORKERS": "6",
        "FLOWMESH_HISTORY_PORT": "not for the engine",
        "FLOWMESH_EAGER": "Yes",
        "FLOWMESH_DATA_DIR": "/data",
        "FLOWMESH_DRAIN_SECONDS": "1.5",
        "FLOWMESH_OTLP_ENDPOINT": "http://collector:4317",
        "FLOWMESH_ELSEWHERE": "x",
    }
    settings = EngineSettings.from_environment(environ, also_known=["FLOWMESH_ELSEWHERE"], port=0, log_level=None)
    assert (settings.workers, settings.eager, settings.drain_seconds) == (6, True, 1.5)
    assert settings.data_dir == Path("/data")
    assert settings.listen_port == 0
    assert settings.log_level == "info"
    assert settings.otlp_endpoint == "http://collector:4317"


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("WORKERS", "many", "FLOWMESH_WORKERS must be a whole number, not 'many'."),
        ("WORKERS", "9", "FLOWMESH_WORKERS must be a number from 1 to 8, not '9'."),
        ("ENGINE_WORKERS", "0", "FLOWMESH_ENGINE_WORKERS must be a number from 1 to 8, not '0'."),
        ("DRAIN_SECONDS", "-1", "FLOWMESH_DRAIN_SECONDS must be a number not below 0, not '-1'."),
        ("DRAIN_SECONDS", "nan", "FLOWMESH_DRAIN_SECONDS must be a number not below 0, not 'nan'."),
        ("EAGER", "maybe", "FLOWMESH_EAGER must be true or false, not 'maybe'."),
        ("LOG_LEVEL", "loud", "FLOWMESH_LOG_LEVEL must be one of debug, info, warning, error, not 'loud'."),
        ("DATA_DIR", "", "FLOWMESH_DATA_DIR must be a path, not empty."),
        (
            "BUS_URL",
            "kafka",
            "FLOWMESH_BUS_URL must be of the form sqlite:///PATH or "
            "kafka://HOST:PORT,HOST:PORT?replication=3&min_insync=2, not what was given.",
        ),
        ("PORT", "70000", "FLOWMESH_PORT must be a number from 0 to 65535, not '70000'."),
        ("WORKRES", "1", "FLOWMESH_WORKRES is not a setting; did you mean FLOWMESH_WORKERS?"),
        ("QQQ", "1", "FLOWMESH_QQQ is not a setting."),
    ],
)
def test_faults_name_the_variable_and_what_is_allowed(variable: str, text: str, message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        EngineSettings.from_environment({f"FLOWMESH_{variable}": text})
    assert str(raised.value) == message


@pytest.mark.parametrize(
    "url", ["sqlite:///a.db", "sqlite:////var/a.db", "mariadb://me:pw@db:3306/engine", "mariadb://db/engine?ssl=1", ""]
)
def test_databases(url: str) -> None:
    assert MeshSettings(database_url=url).database_url == url


@pytest.mark.parametrize("url", ["postgres://x/y", "sqlite:///", "mariadb://me:secret@db"])
def test_what_is_no_database(url: str) -> None:
    with pytest.raises(SettingsError) as raised:
        MeshSettings(database_url=url)
    assert "sqlite:///PATH or mariadb://" in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "given",
    [{"port": True}, {"port": "1"}, {"host": None}, {"drain_seconds": "x"}, {"max_concurrent_calls": 1.5}],
)
def test_arguments_are_checked_as_well(given: dict[str, Any]) -> None:
    (name,) = given
    with pytest.raises(SettingsError, match=f"FLOWMESH_{name.upper()} must be"):
        MeshSettings(**given)


def test_passwords_are_not_shown() -> None:
    settings = MeshSettings(database_url="mariadb://me:s3cr:et@db:3306/engine")
    assert "s3cr" not in repr(settings)
    assert settings.describe()["database_url"] == "mariadb://me:***@db:3306/engine"
    assert settings.describe()["host"] == "127.0.0.1"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_nobody_need_sign_in_on_this_machine_alone(host: str) -> None:
    settings = MeshSettings(authentication="off", host=host)
    assert not settings.requires_authentication


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "engine.example", "127.0.0.1.example"])
def test_authentication_stays_on_where_others_reach_it(host: str) -> None:
    assert MeshSettings(host=host).requires_authentication
    with pytest.raises(SettingsError) as raised:
        MeshSettings.from_environment({"FLOWMESH_AUTHENTICATION": "off", "FLOWMESH_HOST": host})
    assert str(raised.value) == (
        f"FLOWMESH_AUTHENTICATION=off lets everybody in who reaches {host}: set FLOWMESH_HOST to an address of this "
        "machine alone (127.0.0.1), or leave authentication on."
    )


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("AUTHENTICATION", "maybe", "FLOWMESH_AUTHENTICATION must be one of required, off, not 'maybe'."),
        (
            "MESH_SECRET",
            "short",
            "FLOWMESH_MESH_SECRET must be of the form at least 32 random characters without blanks, not what was given.",
        ),
        (
            "IDENTITY_ADDRESS",
            "identity",
            "FLOWMESH_IDENTITY_ADDRESS must be of the form HOST:PORT, or ipv4:ADDRESS:PORT,ADDRESS:PORT for several, "
            "not 'identity'.",
        ),
        ("TOKEN_ISSUER", "", "FLOWMESH_TOKEN_ISSUER must be of the form flowmesh, not ''."),
    ],
)
def test_settings_of_signing_in(variable: str, text: str, message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        MeshSettings.from_environment({f"FLOWMESH_{variable}": text})
    assert str(raised.value) == message


def test_secrets_that_are_no_addresses_are_not_told() -> None:
    secret = "0123456789" * 4
    settings = MeshSettings(mesh_secret=secret)
    assert settings.describe()["mesh_secret"] == "***"
    assert MeshSettings().describe()["mesh_secret"] == ""
    assert secret not in repr(settings)
