package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

var versionForm = regexp.MustCompile(`^\s*\+?(\d+)\.\s*\+?(\d+)\.\s*\+?(\d+)`)

func (r *reader) engineVersion(item *yaml.Node, root place) {
	at := root.at(item, placeEngine, "")
	asked := text(item, "required_engine_version", at)
	// A number alone is the middle one.
	if number, err := strconv.ParseUint(asked, 0, 32); err == nil {
		asked = fmt.Sprintf("0.%d.0", number)
	}
	wanted, ok := parseVersion(asked)
	check(ok, at, "Unable to parse engine version '%s' as a semver string. Expected \"x.y.z\" semver format.", asked)
	if have, _ := parseVersion(r.set.language.Engine); !have.compatible(wanted) {
		fail(errValidate, at, "Rules require engine version %s, but engine version is %s", wanted, have)
	}
	r.warnUnknownKeys(item, at, "required_engine_version")
}

// requirement is a plugin, and the oldest version that serves.
type requirement struct{ name, version string }

// pluginVersions notes what a file needs. Whether it is there is asked when the file was read, as Falco does: see Unmet.
func (r *reader) pluginVersions(item *yaml.Node, root place) {
	value := find(item, "required_plugin_versions")
	at := root.at(value, placePlugins, "")
	check(isSequence(value), at, "Value of required_plugin_versions must be a sequence")
	for _, entry := range value.Content {
		r.pluginVersion(entry, at)
	}
	r.warnUnknownKeys(item, root.at(item, placePlugins, ""), "required_plugin_versions")
}

func (r *reader) pluginVersion(entry *yaml.Node, at place) {
	unnamed := at.at(entry, placePlugin, "")
	check(isMapping(entry), unnamed, "Plugin version must be a mapping")
	name := text(entry, "name", unnamed)
	inner := at.at(entry, placePlugin, name)
	anyOf := []requirement{{name, text(entry, "version", inner)}}
	if others := find(entry, "alternatives"); others != nil {
		check(isSequence(others), inner, "Value of plugin version alternatives must be a sequence")
		for _, other := range others.Content {
			unnamed := inner.at(other, placeAlternative, "")
			check(isMapping(other), unnamed, "Plugin version alternative must be a mapping")
			name := text(other, "name", unnamed)
			anyOf = append(anyOf, requirement{name, text(other, "version", inner.at(other, placeAlternative, name))})
		}
	}
	for i, each := range anyOf {
		if _, ok := parseVersion(each.version); !ok {
			fail(errValidate, inner, "Invalid required version '%s' for plugin '%s'", each.version, each.name)
		}
		if slices.ContainsFunc(anyOf[:i], func(other requirement) bool { return other.name == each.name }) {
			fail(errValidate, inner, "Defined multiple alternative version requirements for plugin '%s'", each.name)
		}
	}
	r.set.required = append(r.set.required, anyOf)
}

// Unmet says, in Falco's words, which plugin the files read so far need in vain; nothing where all are there. A plugin that is loaded
// and not in Falco's image serves with any version.
func (e *Engine) Unmet(loaded []string) string {
	for _, anyOf := range e.set.required {
		i := slices.IndexFunc(anyOf, func(each requirement) bool { return slices.Contains(loaded, each.name) })
		if i < 0 {
			var words []string
			for _, each := range anyOf {
				words = append(words, each.name+" (>= "+each.version+")")
			}
			return "Plugin requirement not satisfied, must load one of: " + strings.Join(words, ", ")
		}
		have, known := parseVersion(e.set.language.Plugins[anyOf[i].name])
		if wanted, _ := parseVersion(anyOf[i].version); known && !have.compatible(wanted) {
			return fmt.Sprintf("Plugin '%s' version '%s' is not compatible with required plugin version '%s'",
				anyOf[i].name, have, anyOf[i].version)
		}
	}
	return ""
}
