from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.images import images

MANIFESTS = """
---
# Only a comment.
---
kind: DaemonSet
spec:
  template:
    spec:
      initContainers:
        - {name: first, image: docker.io/falcosecurity/falcoctl:0.13.0}
      containers:
        - {name: falco, image: docker.io/falcosecurity/falco:0.44.1}
---
kind: CronJob
spec: {jobTemplate: {spec: {template: {spec: {containers: [{image: "python:3.13"}, {image: "docker.io/falcosecurity/falco:0.44.1"}]}}}}}
---
kind: Pod
metadata:
  annotations: {helm.sh/hook: test-success}
spec: {containers: [{image: docker.io/bats/bats:1.14.0}]}
---
kind: Job
metadata:
  annotations: {helm.sh/hook: "pre-install,pre-upgrade"}
spec: {template: {spec: {containers: [{image: docker.io/own/hook:1}]}}}
"""


def test_every_container_counts_but_those_of_tests():
    assert images(MANIFESTS) == [
        "docker.io/falcosecurity/falco:0.44.1",
        "docker.io/falcosecurity/falcoctl:0.13.0",
        "docker.io/own/hook:1",
        "python:3.13",
    ]


OPERATOR = """
kind: Deployment
spec:
  template:
    spec:
      containers:
        - image: quay.io/prometheus-operator/prometheus-operator:v0.93.0
          args: ["--log-level=info", "--prometheus-config-reloader=quay.io/prometheus-operator/prometheus-config-reloader:v0.93.0"]
---
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
spec: {image: "quay.io/prometheus/prometheus:v3.15.0"}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
spec: {groups: []}
"""


def test_the_operators_pods_count():
    assert images(OPERATOR) == [
        "quay.io/prometheus-operator/prometheus-config-reloader:v0.93.0",
        "quay.io/prometheus-operator/prometheus-operator:v0.93.0",
        "quay.io/prometheus/prometheus:v3.15.0",
    ]


def test_what_is_no_yaml_is_refused():
    with pytest.raises(ValueError, match="no YAML"):
        images("{")
