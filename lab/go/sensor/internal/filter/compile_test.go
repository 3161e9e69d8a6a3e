package filter

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

type fixture map[string]any

func (f fixture) Field(name, arg string) any {
	if arg != "" {
		name += "[" + arg + "]"
	}
	return f[name]
}

var event = fixture{
	"evt.type": "openat", "proc.name": "cat", "proc.pid": int64(7), "proc.aname[2]": "runc", "fd.name": "/etc/pam.d/login",
	"evt.is_open_read": true, "evt.arg[flags]": "O_RDONLY", "fd.sip": netip.MustParseAddr("10.0.0.1"), "fd.snet": netip.MustParseAddr("10.0.0.1"),
	"proc.args": "", "fd.sip.name": netip.MustParseAddr("10.0.0.1"),
}

func compiled(t *testing.T, condition string) Matcher {
	t.Helper()
	node, err := Falco044.Parse(condition)
	if err != nil {
		t.Fatalf("%s: %v", condition, err)
	}
	match, err := Compile(node)
	if err != nil {
		t.Fatalf("%s: %v", condition, err)
	}
	return match
}

func TestMatch(t *testing.T) {
	hostNames.entries["api"] = nameEntry{[]netip.Addr{netip.MustParseAddr("10.0.0.1")}, time.Now().Add(time.Hour)}
	for condition, want := range map[string]bool{
		"proc.name = cat":         true,
		"proc.name != cat":        false,
		"not proc.name = cat":     false,
		"not(proc.name = dog)":    true,
		"proc.name in (dog, cat)": true,
		"proc.name in ()":         false,
		"proc.name = dog or proc.pid = 7 and proc.pid > 6":  true,
		"(proc.name = dog or proc.pid = 7) and proc.pid >7": false,
		"proc.pid <= 7":   true,
		"proc.pname = sh": false,
		// A field without a value satisfies no comparison, not even an unequal one.
		"proc.pname != sh":                    false,
		"not proc.pname = sh":                 true,
		"proc.pname exists":                   false,
		"proc.args exists":                    true,
		"proc.aname[2] = runc":                true,
		"evt.is_open_read = true":             true,
		"evt.is_open_read != true":            false,
		"evt.arg.flags contains RDONLY":       true,
		"fd.name startswith /etc":             true,
		"fd.name endswith login":              true,
		"fd.name icontains PAM":               true,
		"fd.name glob '/etc/*'":               true,
		"fd.name iglob '/ETC/pam.?/*'":        true,
		"fd.name glob '/etc'":                 false,
		"fd.name pmatch (/etc/pam.d, /usr)":   true,
		"fd.name pmatch (/etc/pam)":           false,
		"fd.name pmatch (/*/pam.d)":           true,
		"fd.name regex '/etc/.*in'":           true,
		"fd.name regex '/etc/'":               false,
		"fd.name contains oneof (x, login)":   true,
		"fd.name contains allof (x, login)":   false,
		"fd.name contains allof (pam, login)": true,
		"evt.type intersects (open, openat)":  true,
		"fd.sip = 10.0.0.1":                   true,
		"fd.sip in (10.0.0.2, 10.0.0.1)":      true,
		"fd.snet in (10.0.0.0/8)":             true,
		"fd.snet != 10.0.0.0/8":               false,
		"fd.sip.name = api":                   true,
		"toupper(proc.name) = CAT":            true,
		"basename(fd.name) = login":           true,
		"len(proc.name) = 3":                  true,
		"proc.name = val(proc.name)":          true,
		`proc.name = "c\"t"`:                  false,
	} {
		if got := compiled(t, condition)(event); got != want {
			t.Errorf("%s: got %v", condition, got)
		}
	}
}

func TestBroad(t *testing.T) {
	for condition, want := range map[string]bool{
		"evt.type = open and proc.name = x":                    false,
		"proc.name = x":                                        true,
		"evt.type = open or evt.type in (openat)":              false,
		"evt.type = open or proc.name = x":                     true,
		"evt.type != open":                                     true,
		"not evt.type != open":                                 false,
		"evt.type = open and not evt.type = openat":            false,
		"evt.type = open and not (proc.name = x and fd.num>1)": false,
	} {
		node, err := Falco044.Parse(condition)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := Falco044.Types(node); got != want {
			t.Errorf("%s: got %v", condition, got)
		}
	}
}

func TestPlaceOfAMistake(t *testing.T) {
	_, err := Falco044.Parse("proc.name = a and\n  proc.pid >= x")
	if err == nil || err.Line != 2 || err.Column != 15 || !strings.HasPrefix(err.Text, "expected a number value") {
		t.Errorf("got %+v", err)
	}
}
