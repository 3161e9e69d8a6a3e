# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renews certificates for as long as its pod lives: python3 -m ...certificates.renewer.main. Private to the collection."""

from __future__ import annotations

import json
import os
import signal
import sys
import time

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer import metrics
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.api import Api
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.lock import Busy
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.rounds import Round
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.settings import (
    Settings,
    loaded,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

# Seconds until the next try, after a round that could not do what it had to.
AGAIN = 30


def log(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(settings_file: str) -> None:
    with open(settings_file, encoding="utf-8") as file:
        settings = loaded(json.load(file))
    api = Api(os.environ["KUBERNETES_SERVICE_HOST"], int(os.environ["KUBERNETES_SERVICE_PORT"]))
    ends, rounds = metrics.Ends(settings), metrics.Rounds()
    # The process is the first of its container, for which SIGTERM does nothing by default. A round that is cut is done again.
    signal.signal(signal.SIGTERM, lambda *_arguments: os._exit(0))
    metrics.serve(ends, rounds)
    log(
        f"{settings.name}: a round every {settings.interval:.0f} s; {'renews' if settings.signs else 'follows'} certificates"
    )
    while True:
        time.sleep(settings.interval if one_round(api, settings, ends, rounds) else min(AGAIN, settings.interval))


def one_round(api: Api, settings: Settings, ends: metrics.Ends, rounds: metrics.Rounds) -> bool:
    """Whether it could do what it had to."""
    try:
        ends.read(api)
        if Round(api, settings, log).run():
            log("Everything has the current certificates.")
            ends.read(api)
    except Busy as error:
        log(str(error))
        return False
    except WorkError as error:
        log(f"The round failed: {error}")
        rounds.note(False)
        return False
    rounds.note(True)
    return True


if __name__ == "__main__":
    main(sys.argv[1])
