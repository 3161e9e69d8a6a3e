package filter

import "testing"

var languages = map[string]Language{"0.43": Falco043, "0.44": Falco044, "0.45": Falco045}

// verdict is what a version says of a condition: the text of the mistake, or nothing.
func verdict(language Language, condition string) string {
	node, err := language.Parse(condition)
	if err == nil {
		_, err = Compile(node)
	}
	if err != nil {
		return err.Text
	}
	return ""
}

const (
	operand043 = "expected a field or a nested valid transformer: 'val', 'tolower', 'toupper', 'b64', 'basename', 'len'"
	operand044 = "expected field transformer argument: field, transformer, quoted string, number, or transformer list"
	operator   = "expected a valid check operator: one of 'exists', '<=', '<', '>=', '>', '==', '=', '!=', 'glob', 'iglob', 'contains', " +
		"'icontains', 'bcontains', 'startswith', 'bstartswith', 'endswith', 'regex', 'intersects', 'in', 'pmatch'"
	notClosed = "expected a ')' token closing the transformer"
	noJoin    = "unexpected token after 'join', expecting 'or', 'and'"
)

// Compared with falcosecurity/libs 0.23.2 (Falco 0.43.1) and 0.25.4 (Falco 0.44.1): parse_field_or_transformer_remainder,
// parse_field_transformer_arg and parse_transformer_list of filter/parser.cpp; visit(field_transformer_expr) of filter.cpp;
// add_transformer of sinsp_filtercheck.cpp; sinsp_filter_transformers/*.cpp; sinsp_filtercheck_multivalue_transformer.cpp.
// 0.26 differs in none of them. What their test/filter_parser.ut.cpp accept and reject is accepted and rejected here.
func TestFunctionsOfEachVersion(t *testing.T) {
	for _, c := range []struct{ condition, in043, in044 string }{
		{`tolower(proc.name) = a`, "", ""},
		{`tolower(toupper(proc.name)) = a`, "", ""},
		{`join("-", (proc.name, proc.exe)) = a-b`, noJoin, ""},
		{`join("-", (proc.name, proc.pid, "x", 7, tolower(proc.exe))) = a`, noJoin, ""},
		{`join("-", ()) = a`, noJoin, ""},
		{`join("-", proc.name) = a`, noJoin, "join() second argument must be a list"},
		{`join((proc.name), (proc.name)) = a`, noJoin, "join() first argument (separator) must be a single value, not a list"},
		{`join("-", (proc.name), proc.exe) = a`, noJoin, "join() requires exactly 2 arguments: separator and list"},
		{`join("-") = a`, noJoin, "unknown field transfomer 'join'"},
		{`join("-", (proc.name, (proc.exe))) = a`, noJoin, "expected transformer list argument: field, transformer, quoted string, or number"},
		{`join("-", (proc.name proc.exe)) = a`, noJoin, "expected ')'"},
		{`concat(proc.name, "x") = a`, "unexpected token after 'concat', expecting 'or', 'and'", ""},
		{`concat(proc.name, proc.pid) = a`, "unexpected token after 'concat', expecting 'or', 'and'", "concat() arguments must be strings"},
		{`getopt((proc.exe, proc.args), "c:") in (c)`, "unexpected token after 'getopt', expecting 'or', 'and'", ""},
		{`getopt((proc.exe, proc.args), "c:")[c] = x`, "unexpected token after 'getopt', expecting 'or', 'and'", ""},
		{`getopt((proc.exe), "c:")[cc] = x`, "unexpected token after 'getopt', expecting 'or', 'and'",
			"getopt() field argument must be a single option character"},
		{`getopt((proc.exe), "c:") = x`, "unexpected token after 'getopt', expecting 'or', 'and'",
			"filter error: '=' operator not supported list filters"},
		{`getopt(proc.exe, "c:")[c] = x`, "unexpected token after 'getopt', expecting 'or', 'and'", "getopt() first argument must be a list"},
		{`len((proc.name, proc.exe)) = 2`, operand043, ""},
		{`len(getopt((proc.exe), "c")) = 2`, operand043, ""},
		{`tolower(proc.name)[1] = a`, operator, "filter error: transformer 'tolower' does not support field arguments"},
		{`tolower("A") = a`, operand043, ""},
		{`tolower(proc.name, proc.exe) = a`, notClosed, "unknown multivalue transformer"},
		{`tolower() = a`, operand043, operand044},
		{`tolower(proc.pid) = a`,
			"can't add field transformer: type 'INT64' is not supported by 'tolower' transformer applied on field 'proc.pid'",
			"can't add field transformer: type 'INT64' is not supported by 'tolower' transformer applied on field 'proc.pid'"},
		{`toupper(proc.aname[1]) = a`, "field 'proc.aname' does not support transformers", "field 'proc.aname' does not support transformers"},
		{`b64(evt.buffer) contains x`, "", ""},
		{`tolower(fd.types) in (file)`, "", ""},
		{`proc.name = val(proc.exe)[1]`, "unexpected token after ')', expecting 'or', 'and'",
			"filter error: transformer 'val' does not support field arguments"},
		{`proc.name ==oneof (a, b)`, "unexpected token after 'oneof', expecting 'or', 'and'", "unexpected token after 'oneof', expecting 'or', 'and'"},
		{`proc.name endswith oneof (a, b)`, "unexpected token after 'oneof', expecting 'or', 'and'", ""},
	} {
		for name, want := range map[string]string{"0.43": c.in043, "0.44": c.in044, "0.45": c.in044} {
			if got := verdict(languages[name], c.condition); got != want {
				t.Errorf("%s: %s: got %q, want %q", name, c.condition, got, want)
			}
		}
	}
}

// Compared with falcosecurity/libs 0.25.4: extract of each transformer in sinsp_filtercheck_multivalue_transformer.cpp, compare_rhs and
// matches_one_rhs of sinsp_filtercheck.cpp.
func TestValuesOfFunctions(t *testing.T) {
	argv := fixture{"proc.name": "curl", "proc.args": "-sS", "proc.exe": "-uadmin", "proc.cmdline": "-o", "proc.exepath": "file", "proc.pid": int64(7),
		"fd.types": []string{"file", "ipv4"}}
	for condition, want := range map[string]bool{
		`join("-", (proc.name, proc.pid)) = curl-7`:                                                true,
		`join("-", (proc.name, proc.sname)) exists`:                                                false,
		`len((proc.name, proc.exe)) = 2`:                                                           true,
		`concat(proc.name, " ", tolower(proc.args)) = "curl -ss"`:                                  true,
		`b64("Y2F0") = cat`:                                                                        true,
		`getopt((proc.args, proc.exe, proc.cmdline, proc.exepath), "sSu:o:")[u] = admin`:           true,
		`getopt((proc.args, proc.exe, proc.cmdline, proc.exepath), "sSu:o:")[o] = file`:            true,
		`getopt((proc.args, proc.exe, proc.cmdline, proc.exepath), "sSu:o:")[s] = s`:               true,
		`getopt((proc.args, proc.exe), "sSu:o:")[o] exists`:                                        false,
		`getopt((proc.args, proc.exe), "sSu:o:") intersects (admin)`:                               true,
		`getopt((proc.args, proc.exe), "sSu:o:") in (s, S, u, admin)`:                              true,
		`getopt((proc.args, proc.exe), "sSu:o:") in (s, S, u)`:                                     false,
		`getopt((proc.args, "--long", proc.exepath, proc.exe), "sSu:") intersects (admin)`:         false,
		`getopt((proc.args, "-x"), "sS") intersects ("?")`:                                         true,
		`len(getopt((proc.args), "sS")) = 2`:                                                       true,
		`fd.types in (file, ipv4, pipe)`:                                                           true,
		`fd.types in (file)`:                                                                       false,
		`fd.types intersects (file, pipe)`:                                                         true,
		`toupper(fd.types) in (FILE, IPV4)`:                                                        true,
		`proc.name contains oneof (cu, x)`:                                                         true,
		`proc.name contains oneof (cu, rl)`:                                                        false, // two of them match
		`proc.name contains anyof (cu, rl)`:                                                        true,
		`proc.name contains allof (cu, rl)`:                                                        true,
		`proc.name contains allof ()`:                                                              false,
		`proc.name != allof (a, b)`:                                                                true,
		`not proc.name endswith oneof (x, y)`:                                                      true,
		`basename("/usr/bin/") = ""`:                                                               true,
		`join(",", (proc.name)) startswith cu and join(",", (proc.name, proc.name)) = "curl,curl"`: true,
	} {
		if got := compiled(t, condition)(argv); got != want {
			t.Errorf("%s: got %v", condition, got)
		}
	}
}
