# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of an audit log on the node, with loki_stack_audit_log kubeadm, are in Loki like those of the API server's output.

The node is a container of Docker, named as the context.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import time

from .cluster import wait_for

LOG = "/var/log/kubernetes/audit/audit.log"


def test_a_line_and_one_of_a_rotated_file_are_in_loki_at_their_time(cluster, inputs):
    word = f"audit-{secrets.token_hex(6)}"
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S.123456Z", time.gmtime())

    def line(number: int) -> str:
        event = {"kind": "Event", "apiVersion": "audit.k8s.io/v1", "auditID": f"{word}-{number}", "verb": "get"}
        stamps = {"requestReceivedTimestamp": stamp, "stageTimestamp": stamp}
        return json.dumps(event | stamps, separators=(",", ":"))

    script = f"printf '%s\\n' '{line(1)}' >>{LOG}; sleep 3; mv {LOG} {LOG[:-4]}-{word}.log; printf '%s\\n' '{line(2)}' >>{LOG}"
    subprocess.run(["docker", "exec", inputs["context"], "sh", "-c", script], check=True)
    query = f'{{container="kube-apiserver", namespace="kube-system", stream="audit"}} |= "{word}"'

    def found() -> list:
        streams = cluster.loki("query_range", query=query)["data"]["result"]
        values = [value for stream in streams for value in stream["values"]]
        return streams if len(values) >= 2 else []

    streams = wait_for("both lines", found, 60)
    values = [value for stream in streams for value in stream["values"]]
    assert sorted(text for _at, text in values) == [line(1), line(2)]
    assert {at[-9:] for at, _text in values} == {"123456000"}
    assert {stream["stream"]["node_name"] for stream in streams} == {inputs["context"]}
