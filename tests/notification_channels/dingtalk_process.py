"""The process of push services with DingTalk's host on this machine: its plugin knows no other."""

from __future__ import annotations

import sys
import time
from typing import Any


def main() -> None:
    port, hang_seconds = sys.argv[1], float(sys.argv[2])
    from apprise.plugins.dingtalk import NotifyDingTalk as Plugin

    dingtalk: Any = Plugin
    dingtalk.notify_url = f"http://127.0.0.1:{port}/robot/send?access_token={{token}}"
    throttle = dingtalk.throttle

    def slow(self: Any, *arguments: Any, **named: Any) -> None:
        # Nothing that a time-out of a request would end.
        time.sleep(hang_seconds if self.token == "hangs" else 0)
        throttle(self, *arguments, **named)

    dingtalk.throttle = slow

    from notification_svc.channels import apprise_process

    apprise_process.main()


if __name__ == "__main__":
    main()
