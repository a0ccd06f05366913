"""The gateway as a process of its own, as its container runs it: `python -m launcher.gateway`.

Its settings come from FLOWMESH_GATEWAY_… variables. Envoy's configuration is made at the start out of the contracts in
the same image, so that the two cannot differ. Where FLOWMESH_CACHE_URL names a Redis, all gateways on it share one rate
limit, and the service that counts runs in this process. With `--print-config` it is only printed.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from gateway_envoy.contract import ContractError
from gateway_envoy.launch import EnvoyProcess, GatewayError
from gateway_envoy.rate_limiting import SOCKET, shared
from gateway_envoy.settings import GatewaySettings, GatewaySettingsError
from gateway_envoy.tls import GatewayTls
from launcher.embedded.parent_death import end_with_parent
from launcher.files import definition_schema, descriptors, openapi
from launcher.tls import check_files
from launcher.version import version
from mesh.process import run
from mesh.settings import MeshSettings, SettingsError, setting
from mesh.startup import StartupError

_FORM = "PACKAGE=HOST:PORT[,HOST:PORT] for each service, with spaces between"


@dataclass(frozen=True, kw_only=True)
class GatewayProcessSettings(MeshSettings):
    """What a gateway can be told. Raises SettingsError."""

    service_name: ClassVar[str] = "gateway"
    default_port: ClassVar[int] = 8080

    admin_port: int = setting(9901, "Port of Envoy's own pages, on this host only.", minimum=0, maximum=65535)
    backends: str = setting(
        "flowmesh.engine.v1=127.0.0.1:3001 flowmesh.identity.v1=127.0.0.1:3002 "
        "flowmesh.form.v1=127.0.0.1:3003 flowmesh.notification.v1=127.0.0.1:3004 "
        "flowmesh.history.v1=127.0.0.1:3005 flowmesh.monitoring.v1=127.0.0.1:3006",
        f"The services: {_FORM}.",
    )
    edge_certificate_file: Path | None = setting(
        None, "Certificate (PEM) that clients are shown; with edge_key_file they call by TLS."
    )
    edge_key_file: Path | None = setting(None, "Private key (PEM, not encrypted) of edge_certificate_file.")
    cors_origins: str = setting("", "Origins that may call from a browser, with commas between; * for every one.")
    hash_on_instance: bool = setting(True, "Send calls on one instance to one engine.")
    health_check_seconds: float = setting(1.0, "How often each backend is asked.", minimum=0.1, maximum=60)
    concurrency: int = setting(1, "Envoy's worker threads.", minimum=1, maximum=64)
    rate_limit: int = setting(
        100, "Calls of a user, or of an address that nobody is signed in at, in a period; 0: any number.", minimum=0
    )
    rate_limit_burst: int = setting(0, "How many of them may come at once; 0: all of them.", minimum=0)
    rate_limit_service_accounts: int = setting(
        600_000, "Calls of a service account in a period, at each gateway; 0: any number.", minimum=0
    )
    rate_limit_period_seconds: float = setting(60.0, "The period of the limits.", minimum=1, maximum=86_400)
    trusted_proxies: int = setting(
        0, "How many proxies before the gateway are believed what they say in x-forwarded-for.", minimum=0, maximum=10
    )
    hsts_seconds: int | None = setting(
        None,
        "How long browsers are to use nothing but TLS; unset: a year where the edge has a certificate.",
        minimum=0,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self.all_or_none("edge_certificate_file", "edge_key_file")
        if not self._backends():
            raise SettingsError(f"FLOWMESH_GATEWAY_BACKENDS must be {_FORM}, not {self.backends!r}.")

    def gateway(self) -> GatewaySettings:
        """Return the settings of the configuration. Raises SettingsError."""
        try:
            return self._gateway()
        except GatewaySettingsError as error:
            raise SettingsError(str(error)) from None

    def _gateway(self) -> GatewaySettings:
        endpoint = self.otlp_endpoint
        return GatewaySettings(
            backends=self._backends(),
            listen_host=self.host,
            listen_port=self.listen_port,
            admin_port=self.admin_port,
            concurrency=self.concurrency,
            tls=GatewayTls(
                edge_certificate=_absolute(self.edge_certificate_file),
                edge_key=_absolute(self.edge_key_file),
                certificate=_absolute(self.tls_certificate_file),
                key=_absolute(self.tls_key_file),
                ca=_absolute(self.tls_ca_file),
                server_name=self.tls_server_name,
            ),
            cors_origins=tuple(origin.strip() for origin in self.cors_origins.split(",") if origin.strip()),
            openapi=openapi(),
            definition_schema=definition_schema(),
            release=version(),
            otlp_endpoint=endpoint.partition("://")[2].rstrip("/") if endpoint else None,
            trace_sampling_percent=self.trace_sample_ratio * 100,
            health_check_interval=self.health_check_seconds,
            hash_on_instance=self.hash_on_instance,
            authentication=self.authentication,
            token_issuer=self.token_issuer,
            token_audience=self.token_audience,
            rate_limit=self.rate_limit,
            rate_limit_burst=self.rate_limit_burst or None,
            rate_limit_service_accounts=self.rate_limit_service_accounts,
            rate_limit_period=self.rate_limit_period_seconds,
            shared_rate_limit=bool(self.cache_url),
            trusted_proxies=self.trusted_proxies,
            hsts_seconds=self.hsts_seconds,
        )

    def _backends(self) -> dict[str, list[str]]:
        pairs = [pair.partition("=") for pair in self.backends.split()]
        return {package: addresses.split(",") for package, _, addresses in pairs if package and addresses}


def _absolute(path: Path | None) -> Path | None:
    return None if path is None else path.absolute()


async def main() -> None:
    """Run Envoy until the process is told to stop, and let it finish its calls then. Raises StartupError."""
    settings = GatewayProcessSettings.from_environment()
    gateway = settings.gateway()
    check_files(gateway.tls)
    async with AsyncExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="flowmesh-gateway-")))
        if shared(gateway):
            await closing.enter_async_context(_rate_limit_server(settings, gateway, folder))
        envoy = EnvoyProcess(descriptors().read_bytes(), gateway, folder, before_exec=end_with_parent())
        try:
            await envoy.start()
        except (GatewayError, ContractError) as error:
            raise StartupError(str(error)) from error
        try:
            raise GatewayError(f"Envoy ended with code {await envoy.wait()}.")
        except asyncio.CancelledError:
            # In a task that is being cancelled asyncio.timeout fails: draining would be cut short.
            task = asyncio.current_task()
            assert task is not None
            task.uncancel()
            raise
        finally:
            await envoy.stop(drain=settings.drain_seconds)


def _rate_limit_server(
    settings: GatewayProcessSettings, gateway: GatewaySettings, folder: Path
) -> AbstractAsyncContextManager[object]:
    # Here, as Redis and gRPC are of no use to a gateway that counts alone.
    from gateway_envoy.rate_limit.counter import CallCounter
    from gateway_envoy.rate_limit.service import RateLimitServer

    counter = CallCounter(
        settings.cache_url,
        number=gateway.rate_limit,
        period=gateway.rate_limit_period,
        burst=gateway.rate_limit_burst or gateway.rate_limit,
        answer_seconds=settings.cache_timeout_milliseconds / 1000,
    )
    return RateLimitServer(counter, folder / SOCKET)


def print_config() -> int:
    """Print the configuration; return the exit code."""
    from gateway_envoy.config import envoy_config

    try:
        settings = GatewayProcessSettings.from_environment().gateway()
        sys.stdout.write(json.dumps(envoy_config(descriptors().read_bytes(), settings)) + "\n")
    except (StartupError, ContractError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--print-config"]:
        sys.exit(print_config())
    run(main)
