"""Bad values of inputs whose names say what they mean."""

from __future__ import annotations

from .values import ADDRESSES, DURATIONS, LABELS, NAMES, RESOURCES, SIZES, TAGS, TOLERATIONS, VERSIONS

# What is refused by the meaning of an input, known by its name.
MEANINGS = [
    (r"_namespace$|_profile$|_receiver_service$", NAMES + ["a.b", "a" * 64, ""]),
    (r"_(admin|client|tls|s3)_secret$|_(priority|storage|ingress)_class$|_ingress_host$", NAMES),
    (r"_(chart_repository|url|endpoint|download_url|binary_mirror)$", ADDRESSES),
    (r"_(persistence_size)$", SIZES),
    (r"_(scrape_interval|retention|compaction_interval)$", DURATIONS),
    (r"_(node_selector|monitor_labels)$", LABELS),
    (r"_tolerations$", TOLERATIONS),
    (r"_resources$", RESOURCES),
    (r"_image_tag$", TAGS),
    (r"_chart_version$|_kubernetes_version$|_ebpf_version$|minikube_version$", VERSIONS),
    (
        r"_timeout$|_(ca|certificate|renew_before|alert_certificate)_days$|_(hours|mb|kb|streams|lines|mebibytes|seconds|lifetime|cpus)$",
        [0, -1, "0", "-1", 2**62, "9" * 17],
    ),
    (r"_(scrape_namespaces|scrape_services|readiness_nodes)$", [[name] for name in NAMES]),
    (r"_folder_uid$|_(loki|prometheus)_uid$", ["", "a b", "a/b", "x" * 41, "ä"]),
    (
        r"_image_registries$",
        [
            {"docker.io": "https://a"},
            {"docker.io": "a b"},
            {"docker.io": ""},
            {"docker.io": 5},
            {"a b": "c"},
            {"docker.io": ["a"]},
        ],
    ),
    (
        r"_(receiver_|exporter_)?image$",
        [{"tag": "a b"}, {"repository": "A B"}, {"registry": "https://x"}, {"tag": 5}, {"unknown": "a"}],
    ),
    (r"_ca_path$", ["/nonexistent/ca.pem", "/etc", "..", "/"]),
    (r"_rules$", [["nowhere.yml"], ["/etc"], [""], ["/dev/null"]]),
    (
        r"_dashboards$",
        [
            ["nowhere.json"],
            ["/etc"],
            [{}],
            [{"a": "b"}],
            [{"path": 5}],
            [5],
            [None],
            [["a"]],
            ["../../../etc/passwd"],
            ["x" * 300],
        ],
    ),
    (r"_certificates$", [{"a": "tomorrow"}, {"a": None}, {"a": []}, {'a"} or vector(1) #': 1}, {"a": -1}]),
    (r"_replicas$", [0, -1, 2**31, {"write": 3}, {"a": "b"}]),
    (r"_audit_rules$", [[{}], [{"level": "Everything"}], [{"level": 5}]]),
    (r"_extra_config$", [["a"], ["=b"], ["a b.c=d"]]),
    (r"_start_options$", [["a"], ["delete"], [""]]),
    (
        r"_alert_rules$",
        [
            [{"uid": "a"}],
            [{"uid": "a", "title": "b", "queries": "c"}],
            [{"uid": "a", "title": "b", "queries": [{"ref": "A"}]}],
        ],
    ),
    (r"_alerts_excluded$", [["no-such-rule"], [""]]),
    (
        r"_audit_exceptions$",
        [[{}], [{"user": ["a"]}], [{"users": "a"}], [{"users": [5]}], [{"users": ["a\nb"]}], ["a"]],
    ),
    (r"_audit_(secret_reads|denied_requests)$", [0, -1, "many", 2**62]),
    (
        r"_notification_policy$",
        [{"group_by": ["a"]}, {"contact_point": 5}, {"unknown": 1}, {"contact_point": "a", "routes": [{}]}],
    ),
    (r"_contact_points$", [[{"name": "a"}], [{"name": "a", "type": "b", "settings": "c"}], [{"name": 5, "type": "a"}]]),
    (r"_rules_(dis|en)abled$", [{"names": "a"}, {"names": [5]}, {"unknown": []}]),
    (r"_accepted_findings$", [["A b"], [""]]),
    (
        r"_(ca|server|client)_(certificate|key)$",
        ["no PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
    ),
    (r"_outputs$", [{"nobody": {}}, {"slack": "a"}, {"slack": {"nothing": "a"}}]),
    (r"_dashboard_inputs$", [{"a": 5}, {"a": None}, {"a": []}]),
    (
        r"_retention_streams$",
        [
            [{"selector": "a", "hours": 48}],
            [{"selector": "{a}"}],
            [{"selector": '{a="b"}', "hours": 1}],
            [{"selector": 5, "hours": 48}],
            [{"hours": 48}],
        ],
    ),
]
