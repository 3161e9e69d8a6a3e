package filter

import "slices"

// Language is what the conditions and outputs of a version of Falco may hold.
type Language struct {
	modifiers, functions []string
	// many tells whether a function takes several operands, constants and lists, and may have a text between brackets behind it.
	many bool
	// bytes tells whether texts hold bytes as \xHH, and whether a check of evt.num says which types of event a condition is about.
	bytes bool
}

// The languages of Falco 0.43 (libs 0.23.2), 0.44 (libs 0.25.2 to 0.25.4) and 0.45 (libs 0.26): userspace/libsinsp/filter/parser.cpp,
// escaping.cpp and ppm_codes.cpp. Fields are the same in all of them.
var (
	Falco043 = Language{functions: []string{"tolower", "toupper", "b64", "basename", "len"}}
	Falco044 = Language{
		modifiers: []string{"oneof", "anyof", "allof"},
		functions: slices.Concat(Falco043.functions, []string{"join", "concat", "getopt"}),
		many:      true,
	}
	Falco045 = Language{modifiers: Falco044.modifiers, functions: Falco044.functions, many: true, bytes: true}
)

// HasModifiers tells whether a text operator may have a modifier, as in "contains oneof".
func (l Language) HasModifiers() bool { return len(l.modifiers) > 0 }
