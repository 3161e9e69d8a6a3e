"""Bad and odd values for every input, made from the roles' argument specifications; the same in every run."""

from __future__ import annotations

import random
import re
from collections import namedtuple

from ansible._internal._datatag._tags import TrustedAsTemplate
from role_inputs import ROLES, options

# must: refused, taken, or either.
Case = namedtuple("Case", ["role", "name", "kind", "value", "must"])

MARKER = "/tmp/runtime-security-fuzz-marker"
# Of the template that multiplies; a checksum has no such number in it.
PRODUCT = str(987654321 * 123456789)
LONG = "x" * 2**20

WRONG_TYPES = {
    "str": [5, 5.5, True, ["a"], {"a": "b"}, None],
    "path": [5, True, ["a"], {"a": "b"}, None],
    "int": ["many", "", "1.5", 1.5, True, [1], {"a": 1}, None, "0x10", "1e3", "NaN", float("nan"), float("inf"), 1e308],
    "bool": ["maybe", "", 2, 0.5, [], [True], {}, {"a": True}, None],
    "list": ["a,b", "", 5, True, {"a": "b"}, None],
    "dict": ["a=b", '{"a": 1}', "", 5, True, ["a"], [["a", "b"]], None],
    "raw": [None],
}
ELEMENTS = {
    "str": [[5], [None], [["a"]], [{"a": "b"}], ["a", 5]],
    "path": [[5], [None]],
    "dict": [["a"], [5], [None], [["a"]], [{}, "a"]],
    "raw": [],
}
NUMBERS = [
    0,
    -1,
    1,
    30,
    "30",
    "1",
    500,
    "500",
    "0500",
    "+30",
    30000,
    "30000",
    2**31,
    2**63 - 1,
    2**63,
    -(2**63) - 1,
    10**30,
    "0",
    "-1",
    "9" * 30,
]
CONTROL = ["a\x00b", "a\x07b", "\x1b[31mred", "a\x7fb", "a\x85b", "\ud800"]
LINES = ["a\nb", "a\n", "\ta", "a\r\nb", "a\u2028b"]
UNICODE = [
    "\u202egnp.exe",
    "\u0645\u0631\u0627\u0642\u0628\u0629",
    "\U0001f525\U0001f468\u200d\U0001f692",
    "e\u0301",
    "\ufeffbom",
    "\u00a0",
    " ",
    "  a  ",
]
TEMPLATES = [
    "{{ lookup('pipe', 'touch %s') }}" % MARKER,
    "{% for i in range(3) %}{{ i }}{% endfor %}",
    "{% raw %}",
    "{{ undefined_name }}",
    "{{",
    "{#",
    "{{ 987654321 * 123456789 }}",
    "{{ .Values.x }}",
    '{{- fail "x" }}',
    "$(touch %s)" % MARKER,
    "`touch %s`" % MARKER,
    "; touch %s #" % MARKER,
    "${HOME}",
]
TRUSTED = ["{{ undefined_name }}", "{{ 1 / 0 }}", "{{ {}['a'] }}", "{{ 'a' | no_such_filter }}", "{{ unclosed"]
SYNTAX = [
    "'",
    '"',
    "\\",
    "a: b",
    "- a",
    "&a",
    "*a",
    "!!python/object:os.system",
    "#",
    "%",
    "@",
    "null",
    "~",
    "yes",
    "0x1F",
    "1_000",
    "--help",
    "-",
    "|",
    ">",
    "[",
    "{",
]
PATHS = [
    "/nonexistent/file",
    "/",
    "/etc",
    "..",
    "../../etc/passwd",
    ".",
    "~",
    "~nobody/x",
    "//",
    "/dev/null",
    "/proc/self/mem",
    "/dev/zero",
]
NAMES = ["A", "Upper", "under_score", "-a", "a-", "a..b", ".a", "a" * 254, "a b", "a/b", "ä", "a\u202e"]
DURATIONS = ["5", "5 s", "1.5h", "-5s", "0s", "5sec", "1h 5m", "5m1h", "9" * 30 + "y", "PT5M", "h"]
SIZES = ["10GB", "10 Gi", "-1Gi", "0", "0Gi", "Gi", "1e3Gi", "9" * 30 + "Gi", "10gi", "ten", "1,5Gi", True]
ADDRESSES = [
    "example.com",
    "ftp://example.com",
    "http://",
    "https:///x",
    "http://a b",
    "http://a:99999",
    "http://a:b",
    "javascript:alert(1)",
    "http://exa<mple",
    "http://ex\u0430mple.com",
    "//a",
    "http:/a",
]
LABELS = [
    {"a b": "c"},
    {"a": "b c"},
    {"": "a"},
    {"a": 5},
    {"a": None},
    {"a" * 64: "b"},
    {"a": "b" * 64},
    {"-a": "b"},
    {"A/b/c": "d"},
    {5: "a"},
    {"a": {"b": "c"}},
]
TOLERATIONS = [
    [{"operator": "Maybe"}],
    [{"kee": "a"}],
    [{"key": "a", "operator": "Exists", "value": "b"}],
    [{"effect": "No"}],
    [{}],
    [{"key": 5}],
    [{"key": "a", "tolerationSeconds": "x"}],
]
RESOURCES = [
    {"memory": "1Gi"},
    {"requests": "1Gi"},
    {"requests": ["1Gi"]},
    {"requests": {"memory": "plenty"}},
    {"requests": {"memory": -1}},
    {"limits": {"cpu": True}},
    {"limits": None},
    {"requests": {"memory": {"a": "b"}}},
]
TAGS = ["a b", "a:b", "-a", ".a", "a" * 129, "a/b", "ä", "{{ x }}"]
VERSIONS = ["latest", "1", "1.2", "^1.2.3", ">1.0.0", "1.2.3 ", "v", "1.2.x", "*", ""]

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


def nested(levels, inner):
    for _level in range(levels):
        inner = {"a": inner}
    return inner


def trusted(text):
    return TrustedAsTemplate().tag(text)


def generic(option, texts):
    """(kind, value, must) by the type alone."""
    kind, elements = option.get("type", "str"), option.get("elements", "raw")
    for value in WRONG_TYPES[kind]:
        yield "type", value, "refused"
    for text in TRUSTED:
        yield "uncomputed", trusted(text), "refused"
    if kind in ("str", "path"):
        for group, values, must in (
            ("control", CONTROL, "refused"),
            ("lines", LINES, "either" if texts else "refused"),
            ("unicode", UNICODE, "either"),
            ("template", TEMPLATES, "either"),
            ("syntax", SYNTAX, "either"),
            ("path", PATHS, "either"),
            ("name", NAMES, "either"),
            ("long", [LONG, "x" * 5000] if not texts else [LONG], "refused"),
            ("empty", [""], "either"),
        ):
            if "choices" in option:
                must = "refused"
            for value in values:
                yield group, value, must
    elif kind == "int":
        for value in NUMBERS:
            yield "number", value, "refused" if not -(2**63) <= int(value) < 2**63 else "either"
        for value in TEMPLATES + [LONG]:
            yield "template", value, "refused"
    elif kind == "bool":
        for value in TEMPLATES + UNICODE + [LONG]:
            yield "template", value, "refused"
        for value in (True, False, "true", "false", "yes", "no", "on", "off", "y", "t", 0, 1, "True", "0"):
            yield "boolean", value, "taken" if value in (True, False) else "either"
    elif kind == "list":
        for value in ELEMENTS[elements]:
            yield "element", value, "refused"
        yield "empty", [], "either"
        yield "nested", nested(200, []), "refused"
        yield "long", [LONG], "refused"
        yield "long", ["xxxxxxxx"] * 50_000, "refused"
        if elements in ("str", "path"):
            for value in CONTROL + LINES:
                yield "control", [value], "refused"
        if elements in ("str", "path", "raw"):
            for value in UNICODE + TEMPLATES + SYNTAX + PATHS:
                yield "odd", [value], "either"
        else:
            for value in (CONTROL[0], CONTROL[-1], float("nan"), 10**30):
                yield "control", [{"a": value}], "refused"
            yield "element", [{5: "a"}], "refused"
            for value in UNICODE + TEMPLATES:
                yield "odd", [{"a": value}], "either"
                yield "odd", [{value: "a"}], "either"
    elif kind == "dict":
        yield "empty", {}, "either"
        yield "nested", nested(30, "x"), "either"
        yield "nested", nested(200, "x"), "refused"
        yield "long", {"a": LONG}, "refused"
        yield "long", {LONG: "a"}, "refused"
        yield "keys", {5: "a"}, "either"
        yield "keys", {"a": 1, 2: "b"}, "either"
        yield "keys", {None: "a"}, "refused"
        for value in (*CONTROL, float("nan"), float("inf"), 10**30):
            yield "control", {"a": value}, "refused"
        for value in UNICODE + TEMPLATES + [None, [], {}, 5, 1.5, True, "null"]:
            yield "odd", {"a": value}, "either"
            if isinstance(value, str):
                yield "odd", {value: "a"}, "either"
        if option.get("options"):
            yield "keys", {"unknown": "a"}, "refused"
    elif kind == "raw":
        for value in (
            5,
            1.5,
            True,
            [],
            {},
            ["a"],
            {"a": "b"},
            "",
            *TEMPLATES,
            *UNICODE,
            *CONTROL[:2],
            LONG,
            float("nan"),
            {5: 6},
            nested(200, "x"),
        ):
            yield "raw", value, "either"


def several_lines(role, name):
    return bool(re.search(r"_(ca|server|client)_(certificate|key)$", name)) and role == "falco_ebpf"


def cases():
    """All of them, in an order of their own: a part of them has some of every role and kind."""
    found = []
    for role in ROLES:
        for name, option in options(role).items():
            for kind, value, must in generic(option, several_lines(role, name)):
                found.append(Case(role, name, kind, value, must))
            for pattern, values in MEANINGS:
                if re.search(pattern, name) and (option.get("type") in ("dict", "list", "raw")) == any(
                    isinstance(value, (dict, list)) for value in values
                ):
                    found += [Case(role, name, "meaning", value, "refused") for value in values]
    random.Random(7).shuffle(found)
    return found
