package filter

import "slices"

// Language is what the conditions and outputs of a version of Falco may hold.
type Language struct{ modifiers, functions []string }

// The languages of Falco 0.43 (libs 0.23.2) and 0.44 (libs 0.25.4): userspace/libsinsp/filter/parser.cpp. Fields are the same in both.
var (
	Falco043 = Language{functions: []string{"tolower", "toupper", "b64", "basename", "len"}}
	Falco044 = Language{
		modifiers: []string{"oneof", "anyof", "allof"},
		functions: slices.Concat(Falco043.functions, []string{"join", "concat", "getopt"}),
	}
)

// HasModifiers tells whether a text operator may have a modifier, as in "contains oneof".
func (l Language) HasModifiers() bool { return len(l.modifiers) > 0 }
