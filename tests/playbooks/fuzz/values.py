"""Bad and odd values, by what is wrong with them."""

from __future__ import annotations

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
