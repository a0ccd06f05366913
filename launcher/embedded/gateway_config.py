"""Writes the gateway's configuration in a process of its own: Protobuf would cost the supervisor 10 MB for good."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

from gateway_envoy.config import ContractError
from gateway_envoy.launch import GatewayError, write_config
from gateway_envoy.settings import GatewaySettings
from gateway_envoy.tls import GatewayTls
from launcher.files import descriptors
from launcher.gateway import GatewayProcessSettings
from launcher.tls import check_files
from mesh.startup import StartupError

CANNOT_WRITE = 2
_OF_ENVIRONMENT = (
    "token_issuer",
    "token_audience",
    "rate_limit",
    "rate_limit_burst",
    "rate_limit_service_accounts",
    "rate_limit_period",
    "trusted_proxies",
    "hsts_seconds",
)
_PATHS = ("openapi", "definition_schema", "static_folder")


def main() -> int:
    """Write the file that the command line names; return the exit code."""
    run_folder, values = json.loads(sys.argv[1])
    paths = {name: Path(values[name]) for name in _PATHS if values[name] is not None}
    files = {name: Path(value) for name, value in values["tls"].items() if value and name != "server_name"}
    tls = GatewayTls(**files, server_name=values["tls"]["server_name"])
    try:
        settings = _limited(GatewaySettings(**{**values, **paths, "tls": tls}))
        check_files(tls)
        write_config(descriptors().read_bytes(), settings, Path(run_folder))
    except (GatewayError, ContractError, StartupError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return CANNOT_WRITE
    return 0


def _limited(settings: GatewaySettings) -> GatewaySettings:
    """Return the settings with what the environment says of callers, as for a gateway that runs alone."""
    of_environment = GatewayProcessSettings.from_environment(host=settings.listen_host, cache_url="").gateway()
    return dataclasses.replace(settings, **{name: getattr(of_environment, name) for name in _OF_ENVIRONMENT})


if __name__ == "__main__":
    sys.exit(main())
