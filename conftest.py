"""What every test may use."""

pytest_plugins = [
    "tests.infrastructure.mariadb",
    "tests.infrastructure.migrated",
    "tests.infrastructure.kafka",
    "tests.infrastructure.buses",
    "tests.infrastructure.redis",
    "tests.infrastructure.feelin",
    "tests.infrastructure.oidc",
    "tests.infrastructure.form_js",
]
