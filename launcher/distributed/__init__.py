"""The distributed profile on one machine: a process per service, as many of each as wanted, against given servers.

    supervisor ─┬─ engine-1 … engine-N      python -m engine_svc.main
                ├─ identity-1 … identity-N  python -m identity_svc.main
                ├─ form-1 … form-N          python -m form_svc.main
                ├─ notification-1 … notification-N  python -m notification_svc.main
                ├─ history-1 … history-N    python -m history_svc.main
                ├─ monitoring-1             python -m monitoring_svc.main
                └─ gateway                  Envoy, one instance's calls to one engine

The processes are those that the containers run. MariaDB, Kafka and Redis are not started, only used.
"""
