package main

import (
	"cmp"
	"errors"

	"lab.invalid/sensor/internal/config"
	"lab.invalid/sensor/internal/fields"
	"lab.invalid/sensor/internal/rules"
)

// ruleSet is the rules that are checked, in the order of their definition.
type ruleSet struct {
	rules []*rules.Rule
	first bool
}

// broken lists the rules that an event breaks: the first one alone, unless rule_matching is all.
func (s ruleSet) broken(source fields.Source) []*rules.Rule {
	var broken []*rules.Rule
	for _, rule := range s.rules {
		if rule.Match(source) {
			if broken = append(broken, rule); s.first {
				break
			}
		}
	}
	return broken
}

// loadRules stops at a file with a mistake, of which a missing plugin may be the cause. It leaves out rules that are off or below the
// configured priority.
func loadRules(falco string, settings *config.Config) (ruleSet, error) {
	files, err := rules.Files(settings.RulesFiles)
	if err != nil {
		return ruleSet{}, err
	}
	engine := rules.New(falco)
	logf("Loading rules from:")
	for _, file := range files {
		content, err := rules.ReadFile(file)
		if err != nil {
			return ruleSet{}, err
		}
		result := engine.Load(file, content)
		logf("   %s | schema validation: %s", file, result.Schema())
		if !result.OK() {
			return ruleSet{}, errors.New(cmp.Or(engine.Unmet(settings.LoadPlugins), result.String()))
		}
		if result.HasWarnings() {
			logf("%s", result)
		}
	}
	if unmet := engine.Unmet(settings.LoadPlugins); unmet != "" {
		return ruleSet{}, errors.New(unmet)
	}
	for _, selection := range settings.Rules() {
		logf("%s", selection)
		engine.Select(selection)
	}
	set := ruleSet{first: settings.RuleMatching == "first"}
	for _, rule := range engine.Rules() {
		if rule.Enabled && rule.Priority <= settings.MinPriority {
			set.rules = append(set.rules, rule)
		}
	}
	return set, nil
}
