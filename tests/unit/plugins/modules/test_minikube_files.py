# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""minikube_cluster: the profile's folder, caches, files of the node, and nodes whose profile is lost."""

from __future__ import annotations

import shutil

import pytest
from minikube_double import FILES


def test_files_of_the_node_are_there_before_a_start(home):
    home.go()
    made = home.run(files=FILES)
    file = home.folder / ".minikube/files/etc/policy.yaml"
    assert file.read_text(encoding="utf-8") == FILES["etc/policy.yaml"]
    assert made["diff"]["after"]["files"] == FILES
    assert "files" not in made["cluster"]
    assert home.run(files=FILES)["steps"] == []
    # The node has what it was started with.
    other = {"etc/policy.yaml": "other"}
    assert home.run(files=other)["steps"] == ["stop", "start"]
    assert file.read_text(encoding="utf-8") == "other"


def test_a_cache_that_is_given_is_linked(home, tmp_path):
    home.go()
    cache = tmp_path / "given"
    refused = home.run(cache=str(cache))
    assert "minikube_cache has no folder" in refused["msg"]
    for name in ("images", "linux"):
        (cache / name).mkdir(parents=True)
    home.run(cache=str(cache))
    assert (home.folder / ".minikube/cache/images").readlink() == cache / "images"


def test_a_cache_of_minikube_itself_stays(home, tmp_path):
    home.go()
    own = home.folder / ".minikube/cache/images"
    own.mkdir(parents=True)
    (tmp_path / "given/images").mkdir(parents=True)
    assert "Remove it, or leave minikube_cache away" in home.run(cache=str(tmp_path / "given"))["msg"]
    assert own.is_dir() and not own.is_symlink()
    assert home.asked() == []


def test_a_profile_that_was_lost_is_written_back_where_its_node_exists(home):
    home.go()
    home.run(driver="docker")
    shutil.rmtree(home.folder / ".minikube" / "profiles")
    # Its client certificate is made by a start only.
    refused = home.run(driver="docker")
    assert "minikube_restart=true" in refused["msg"] and home.asked() == ["start"]
    profile = home.folder / ".minikube/profiles/one"
    shutil.rmtree(profile)
    profile.mkdir()
    (profile / "client.crt").touch()
    assert home.run(driver="docker", _ansible_check_mode=True)["steps"] == ["restore"]
    said = home.run(driver="docker")
    assert (said["state"], said["steps"]) == ("lost", ["restore"])
    (profile / "config.json").write_text('{"Driver": "dock', encoding="utf-8")
    assert home.run(driver="docker")["steps"] == ["restore"]
    assert home.run(driver="docker")["steps"] == [] and home.asked() == ["start"]


@pytest.mark.parametrize("record", ["", '{"Driver": "dock'], ids=["lost", "cut short"])
def test_a_node_that_was_not_made_here_stays_where_the_profile_is_lost(home, record):
    home.go()
    home.run(driver="docker")
    home.put("engine/id", "cd" * 32)
    file = home.folder / ".minikube/profiles/one/config.json"
    file.unlink()
    if record:
        file.write_text(record, encoding="utf-8")
    for state in ("present", "absent") if not record else ("present",):
        refused = home.run(driver="docker", state=state)
        assert "Nothing was changed" in refused["msg"] and home.asked() == ["start"]
    assert home.run(driver="docker", recreate=True)["steps"] == ["delete", "start"]


def test_removal_takes_a_node_along_whose_profile_was_lost(home):
    home.go()
    home.run(driver="docker")
    shutil.rmtree(home.folder / ".minikube" / "profiles")
    assert home.run(driver="docker", state="absent")["steps"] == ["delete", "clean"]
    assert not (home.folder / ".minikube").exists()


def test_a_container_of_another_folder_is_refused(home):
    home.go()
    home.engine_has("running")
    refused = home.run(driver="docker")
    assert "its container one" in refused["msg"] and "minikube_recreate=true" in refused["msg"]
    assert home.asked() == []
    assert home.run(driver="docker", recreate=True)["steps"] == ["delete", "start"]


def test_a_cache_that_is_none_is_refused_before_the_cluster_goes(home, tmp_path):
    home.go()
    home.run(driver="docker")
    refused = home.run(driver="docker", cni="calico", recreate=True, cache=str(tmp_path / "nowhere"))
    assert "minikube_cache has no folder" in refused["msg"]
    assert home.asked() == ["start"]


def test_a_node_that_is_a_container_gets_the_machines_proc_when_it_is_created(home):
    home.go()
    made = home.run(driver="docker", host_proc=True)
    assert "--mount-string=/proc:/procHost:ro" in home.started_with()
    assert made["cluster"]["mounts"] == ["/proc:/procHost:ro"]
    home.engine_has("exited")
    again = home.run(driver="docker", host_proc=True)
    # minikube refuses a mount for a container that exists.
    assert again["steps"] == ["start"] and "--mount-string" not in home.started_with()
    assert "warnings" not in again


@pytest.mark.parametrize("own", [[], ["--mount-string=/srv:/srv"]], ids=["made before", "with a mount of its own"])
def test_a_profile_without_the_machines_proc_is_reported_and_kept(home, own):
    home.go()
    home.run(driver="docker", start_options=own, host_proc=bool(own))
    said = home.run(driver="docker", host_proc=True, recreate=True)
    assert said["steps"] == [] and home.asked() == ["start"]
    assert "without the machine's /proc at /procHost" in str(said["warnings"])
    assert "warnings" not in home.run(driver="docker", host_proc=False)


def test_files_that_others_changed_stay(home):
    home.go()
    (home.folder / ".minikube").mkdir()
    (home.folder / ".minikube/somebody's").touch()
    home.run(files=FILES)
    file = home.folder / ".minikube/files/etc/policy.yaml"
    file.write_text("mine", encoding="utf-8")
    refused = home.run(files={"etc/policy.yaml": "other"})
    assert "was not written here" in refused["msg"] and home.asked() == ["start"]
    home.run(state="absent", files=FILES)
    assert file.read_text(encoding="utf-8") == "mine"
    assert not (home.folder / ".minikube/one.record.json").exists()
