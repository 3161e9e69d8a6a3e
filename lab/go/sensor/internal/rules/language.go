package rules

import (
	"strings"

	"lab.invalid/sensor/internal/filter"
)

// Language is what rules files of a version of Falco may hold.
type Language struct {
	// Engine is the version of the rules language, which files may require.
	Engine string
	// UnknownKeys tells whether a key that the language does not have gives a warning.
	UnknownKeys bool
	Conditions  filter.Language
}

var (
	falco043 = Language{Engine: "0.58.0", Conditions: filter.Falco043}
	falco044 = Language{Engine: "0.62.0", UnknownKeys: true, Conditions: filter.Falco044}
)

// LanguageOf gives the language of a version of Falco, 0.43.0 or newer.
func LanguageOf(falco string) Language {
	if strings.HasPrefix(falco, "0.43.") {
		return falco043
	}
	return falco044
}
