# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""k8s_objects removes its owner's objects and none of others."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import owned_objects
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError
from objects_double import made
from recorder import DRY, OWNER, Recorder, asked, config_map, task


def test_only_the_owners_objects_are_removed():
    cluster = Recorder(config_map(), made("ConfigMap", "theirs"), config_map("other"))
    result = task(cluster, asked(), asked("theirs"), asked("absent"), state="absent", owner=OWNER, mode=Mode(diff=True))
    assert cluster.changes == ["DELETE configmaps/settings"]
    assert [one["metadata"]["name"] for one in result["objects"]] == ["settings"]
    assert [one["before_header"] for one in result["diff"]] == ["ConfigMap monitoring/settings"]
    assert cluster.of("DELETE")[0][3]["preconditions"] == {"uid": "ConfigMap-settings"}


def test_objects_are_removed_by_their_labels():
    cluster = Recorder(config_map(), made("ConfigMap", "theirs"), config_map("other"))
    definition = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "monitoring", "labels": OWNER}}
    assert task(cluster, definition, state="absent", mode=DRY)["changed"] and cluster.changes == []
    task(cluster, definition, state="absent", wait=True)
    assert cluster.names() == {"ConfigMap/theirs"}
    assert not task(cluster, definition, state="absent")["changed"]


def test_nothing_is_removed_without_a_name_and_labels():
    cluster = Recorder(config_map())
    with pytest.raises(WorkError, match="neither a name nor labels"):
        task(
            cluster, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "monitoring"}}, state="absent"
        )
    assert cluster.changes == []


class Slow(Recorder):
    """Objects are gone some questions after all of them were deleted."""

    def __init__(self, *objects, questions):
        super().__init__(*objects)
        self.questions = questions

    def answer(self, method, path, words, body):
        if method == "DELETE":
            self.changes.append(path)
            return 200, {"kind": "Status", "status": "Success"}
        if method == "GET" and len(self.changes) == 2:
            self.questions -= 1
            if self.questions == 0:
                self.objects.clear()
        return super().answer(method, path, words, body)


def test_removed_objects_are_waited_for_together(monkeypatch):
    monkeypatch.setattr(owned_objects, "EVERY_SECONDS", 0.01)
    cluster = Slow(config_map(), config_map("other"), questions=3)
    assert task(cluster, asked(), asked("other"), state="absent", wait=True)["changed"]
    assert cluster.objects == {} and cluster.questions <= 0
    assert cluster.of("DELETE")[0][3]["propagationPolicy"] == "Foreground"


def test_a_removal_that_does_not_end_is_an_error():
    cluster = Slow(config_map(), config_map("other"), questions=1000)
    with pytest.raises(WorkError, match="ConfigMap monitoring/settings: it is still being deleted after 0.1 s"):
        task(cluster, asked(), asked("other"), state="absent", wait=True, wait_timeout=0.1)


def test_without_waiting_it_is_not_asked_again():
    cluster = Slow(config_map(), config_map("other"), questions=1000)
    assert task(cluster, asked(), asked("other"), state="absent")["changed"]
    assert cluster.requests[-1][0] == "DELETE"
    assert cluster.of("DELETE")[0][3]["propagationPolicy"] == "Background"
