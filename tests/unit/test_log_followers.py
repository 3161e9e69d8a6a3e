# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rotation tests read of a pod whose container starts again."""

from __future__ import annotations

from live.rotation.stream import Follower

# One answer each: a container's log to its end, none between two containers, the next container's log, no pod any more.
KUBECTL = """#!/bin/sh
echo called >> "$0.calls"
case $(grep -c called "$0.calls") in
  1) echo event-1- ;;
  2) echo 'Error from server (BadRequest): container "falcosidekick" is waiting to start' >&2; exit 1 ;;
  3) echo event-2- ;;
  *) echo 'Error from server (NotFound): pods "one" not found' >&2; exit 1 ;;
esac
"""


def test_a_container_that_starts_again_is_read_again_until_its_pod_is_gone(tmp_path):
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(KUBECTL)
    kubectl.chmod(0o755)
    found = {"seen": set()}
    follower = Follower([str(kubectl)], "falco", "one", {"seen": r"event-(\d+)-"}, found)
    follower.start()
    follower.join(timeout=30)
    assert not follower.is_alive()
    assert found["seen"] == {1, 2}
