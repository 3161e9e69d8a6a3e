// Package rules reads rules files: names, priorities, tags and output texts. Conditions are kept as text.
package rules

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Rule is one rule after all files were read.
type Rule struct {
	Name     string
	Output   string
	Priority Priority
	Tags     []string
	Source   string
	Enabled  bool
}

// item is one entry of a rules file: a rule, a macro, a list or a requirement.
type item struct {
	Rule      *string  `yaml:"rule"`
	Desc      *string  `yaml:"desc"`
	Condition *string  `yaml:"condition"`
	Output    *string  `yaml:"output"`
	Priority  *string  `yaml:"priority"`
	Tags      []string `yaml:"tags"`
	Source    *string  `yaml:"source"`
	Enabled   *bool    `yaml:"enabled"`

	Append   bool              `yaml:"append"`
	Override map[string]string `yaml:"override"`

	Macro *string `yaml:"macro"`
	List  *string `yaml:"list"`
	Items []any   `yaml:"items"`

	EngineVersion  any `yaml:"required_engine_version"`
	PluginVersions any `yaml:"required_plugin_versions"`
}

// Set is the rules by name.
type Set map[string]*Rule

// Load reads the files in order. A later file changes or replaces what earlier ones defined.
func Load(files []string) (Set, error) {
	set := Set{}
	for _, file := range files {
		if err := set.load(file); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// Files expands folders to the YAML files in them, and leaves out paths that do not exist.
func Files(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, os.ErrNotExist):
			continue
		case err != nil:
			return nil, err
		case !info.IsDir():
			files = append(files, path)
			continue
		}
		for _, pattern := range []string{"*.yaml", "*.yml"} {
			found, err := filepath.Glob(filepath.Join(path, pattern))
			if err != nil {
				return nil, err
			}
			files = append(files, found...)
		}
	}
	return files, nil
}

func (s Set) load(file string) error {
	stream, err := os.Open(file)
	if err != nil {
		return err
	}
	defer stream.Close()
	var document yaml.Node
	if err := yaml.NewDecoder(stream).Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %w", file, err)
	}
	if len(document.Content) == 0 {
		return nil
	}
	root := document.Content[0]
	if root.Kind != yaml.SequenceNode {
		return fmt.Errorf("%s: rules content is not an array of objects", file)
	}
	var errs []error
	for _, node := range root.Content {
		var it item
		err := node.Decode(&it)
		if err == nil {
			err = s.add(it)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: line %d: %w", file, node.Line, err))
		}
	}
	return errors.Join(errs...)
}

func (s Set) add(it item) error {
	switch {
	case it.Rule != nil:
		return s.addRule(it)
	case it.Macro != nil:
		if *it.Macro == "" || it.Condition == nil {
			return errors.New("macro must have properties 'macro' and 'condition'")
		}
	case it.List != nil:
		if *it.List == "" || it.Items == nil {
			return errors.New("list must have properties 'list' and 'items'")
		}
	case it.EngineVersion == nil && it.PluginVersions == nil:
		return errors.New("unknown top level item")
	}
	return nil
}

func (s Set) addRule(it item) error {
	name := *it.Rule
	if name == "" {
		return errors.New("rule name is empty")
	}
	if it.Append || len(it.Override) > 0 || it.switchesOnly() {
		return s.change(it)
	}
	for property, value := range map[string]*string{"desc": it.Desc, "condition": it.Condition, "output": it.Output, "priority": it.Priority} {
		if value == nil || strings.TrimSpace(*value) == "" {
			return fmt.Errorf("rule %q must have the property %q", name, property)
		}
	}
	priority, err := ParsePriority(*it.Priority)
	if err != nil {
		return fmt.Errorf("rule %q: %w", name, err)
	}
	rule := &Rule{Name: name, Output: strings.TrimSpace(*it.Output), Priority: priority, Tags: it.Tags, Source: "syscall", Enabled: true}
	if it.Source != nil {
		rule.Source = *it.Source
	}
	if it.Enabled != nil {
		rule.Enabled = *it.Enabled
	}
	s[name] = rule
	return nil
}

// switchesOnly tells whether the item is the short form that turns a known rule on or off.
func (it item) switchesOnly() bool {
	return it.Enabled != nil && it.Desc == nil && it.Condition == nil && it.Output == nil && it.Priority == nil
}

// change applies append, override and the short form to a rule defined before.
func (s Set) change(it item) error {
	rule, known := s[*it.Rule]
	if !known {
		return fmt.Errorf("rule %q is changed but not defined before", *it.Rule)
	}
	for key, how := range it.Override {
		if how != "append" && how != "replace" {
			return fmt.Errorf("rule %q: override of %q must be 'append' or 'replace', not %q", rule.Name, key, how)
		}
	}
	if it.Output != nil {
		output := strings.TrimSpace(*it.Output)
		if it.Override["output"] == "append" {
			output = rule.Output + " " + output
		}
		rule.Output = output
	}
	if it.Priority != nil {
		priority, err := ParsePriority(*it.Priority)
		if err != nil {
			return fmt.Errorf("rule %q: %w", rule.Name, err)
		}
		rule.Priority = priority
	}
	if it.Tags != nil {
		if it.Override["tags"] == "replace" {
			rule.Tags = nil
		}
		rule.Tags = append(rule.Tags, it.Tags...)
	}
	if it.Enabled != nil {
		rule.Enabled = *it.Enabled
	}
	return nil
}
