"""Alerts of a watch: a changed state is posted to a URL, or handed to a program."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from typing import Protocol

import urllib3
from urllib3.exceptions import HTTPError

from hansa_audit.watching.watched_log import WatchedLog, WatchState
from hansa_core.errors import ConfigError

_PROGRAM_S = 60
_RETRIES = urllib3.Retry(total=3, backoff_factor=0.5, status_forcelist=(429, 502, 503, 504), allowed_methods=("POST",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A log's state became another one. `before`: that of which somebody was told last."""

    league: str
    before: WatchState
    now: WatchedLog

    @property
    def document(self) -> bytes:
        """One JSON object: league, before, and the fields of the state."""
        return json.dumps({"league": self.league, "before": self.before.value, **self.now.to_json()}).encode()


class AlertTarget(Protocol):
    """Somebody who is told."""

    def tell(self, alert: Alert) -> str | None:
        """None once it was told; otherwise why not, and it is told again after the next round."""


class Nobody:
    """No alert was asked for: the history and the exit code say it."""

    def tell(self, alert: Alert) -> str | None:
        """Nothing is to be done."""
        return None


@dataclass(frozen=True, slots=True)
class WebHook:
    """Posts the alert as JSON."""

    url: str

    def tell(self, alert: Alert) -> str | None:
        """Any 2xx says that it arrived."""
        try:
            answer = urllib3.request(
                "POST",
                self.url,
                body=alert.document,
                headers={"Content-Type": "application/json"},
                timeout=urllib3.Timeout(10),
                retries=_RETRIES,
                redirect=False,
            )
        except HTTPError as failure:
            return f"the alert did not reach {self.url} ({type(getattr(failure, 'reason', None) or failure).__name__})"
        return None if 200 <= answer.status < 300 else f"{self.url} answered the alert with {answer.status}"


@dataclass(frozen=True, slots=True)
class Program:
    """Runs a program with the state and the city as arguments, and the alert as JSON on its standard input."""

    path: str

    def tell(self, alert: Alert) -> str | None:
        """Exit code 0 within a minute says that it was told."""
        try:
            done = subprocess.run(  # noqa: S603 - the auditor named the program
                [self.path, alert.now.state.value, alert.now.city],
                input=alert.document,
                stdout=subprocess.DEVNULL,
                timeout=_PROGRAM_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"{self.path} did not end within {_PROGRAM_S} s"
        except OSError as failure:
            return f"{self.path} cannot be run ({failure.strerror})"
        return None if done.returncode == 0 else f"{self.path} ended with {done.returncode}"


def alert_target(where: str | None) -> AlertTarget:
    """Whom `--alert` names: an http or https URL, or a program that can be run. Raises ConfigError."""
    if where is None:
        return Nobody()
    if where.startswith(("https://", "http://")):
        return WebHook(where)
    found = shutil.which(where)
    if found is None:
        raise ConfigError(f"--alert {where}: is neither a URL (https://…) nor a program that can be run; name one")
    return Program(found)
