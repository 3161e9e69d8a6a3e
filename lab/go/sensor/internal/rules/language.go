package rules

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"lab.invalid/sensor/internal/filter"
	"lab.invalid/sensor/internal/texts"
)

// Language is what rules files of a version of Falco may hold, and what is said of them.
type Language struct {
	// since is the first version of Falco that has it: major, minor.
	since [2]int
	// Engine is the version of the rules language, which files may require.
	Engine string
	// Plugins are those in Falco's image, which files may require too, with their versions.
	Plugins map[string]string
	// UnknownKeys tells whether a key that the language does not have gives a warning.
	UnknownKeys bool
	// trimmed tells whether blanks around an exception's operator are passed over.
	trimmed bool
	// beyondSchema are keys of rules and overrides that the reader takes and the schema does not know.
	beyondSchema []string
	// wholeToken tells whether a bad field of an output is reported with all that stands behind it.
	wholeToken bool
	// warnsInside tells whether a warning on a condition shows the condition's own text.
	warnsInside bool
	// neverIsBroad tells whether a condition that no type of event can satisfy is reported as one of too many types.
	neverIsBroad bool
	Conditions   filter.Language
	// Texts is what becomes of bytes that are no text.
	Texts texts.Style
}

// The table of versions. Engine: userspace/engine/falco_engine_version.h; plugin: CMakeLists.txt; the rest: rule_loader_*.cpp and
// rule_json_schema.h beside it, all in falcosecurity/falco. 0.43.1 and 0.44.1 were read at their tags; of 0.45 the master of 31 July
// 2026, which had the engine's version already, and the issues falco#3967, #3985 and #3989, which name the plugin's.
var languages = []Language{
	{
		since: [2]int{0, 43}, Engine: "0.58.0", Plugins: map[string]string{"container": "0.6.4"},
		beyondSchema: []string{"warn_evttypes", "skip-if-unknown-filter"},
		wholeToken:   true, neverIsBroad: true, Conditions: filter.Falco043, Texts: texts.ASCII,
	},
	{
		since: [2]int{0, 44}, Engine: "0.62.0", Plugins: map[string]string{"container": "0.7.1"},
		UnknownKeys: true, trimmed: true, warnsInside: true, neverIsBroad: true, Conditions: filter.Falco044, Texts: texts.Printable,
	},
	{
		since: [2]int{0, 45}, Engine: "0.63.0", Plugins: map[string]string{"container": "0.7.5"},
		UnknownKeys: true, trimmed: true, warnsInside: true, Conditions: filter.Falco045, Texts: texts.Bytes,
	},
}

// broad tells whether a condition leaves open which type of event it is about.
func (l Language) broad(node filter.Node) bool {
	broad, never := l.Conditions.Types(node)
	return broad || never && l.neverIsBroad
}

// LanguageOf gives the language of a version of Falco, 0.43.0 or newer; newer ones than the table has speak the newest.
func LanguageOf(falco string) Language {
	major, rest, _ := strings.Cut(falco, ".")
	minor, _, _ := strings.Cut(rest, ".")
	var version [2]int
	version[0], _ = strconv.Atoi(major)
	version[1], _ = strconv.Atoi(minor)
	chosen := languages[0]
	for _, language := range languages {
		if slices.Compare(language.since[:], version[:]) <= 0 {
			chosen = language
		}
	}
	return chosen
}

// version is a version in Falco's form, x.y.z.
type version [3]uint64

// parseVersion reads as sscanf does: what stands behind the third number has no meaning.
func parseVersion(text string) (found version, ok bool) {
	match := versionForm.FindStringSubmatch(text)
	if match == nil {
		return found, false
	}
	for i := range found {
		found[i], _ = strconv.ParseUint(match[i+1], 10, 32)
	}
	return found, true
}

func (v version) String() string {
	var numbers []string
	for _, number := range v {
		numbers = append(numbers, strconv.FormatUint(number, 10))
	}
	return strings.Join(numbers, ".")
}

// compatible tells whether this version has what the other one has: same major number, not older.
func (v version) compatible(wanted version) bool {
	return v[0] == wanted[0] && slices.CompareFunc(v[:], wanted[:], cmp.Compare[uint64]) >= 0
}
