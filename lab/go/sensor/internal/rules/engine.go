// Package rules reads rules files in Falco's language and compiles them.
package rules

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Engine holds what the files read so far have defined.
type Engine struct {
	set   definitions
	rules []*Rule
}

// New gives an engine that reads the rules of a version of Falco.
func New(falco string) *Engine { return &Engine{set: definitions{language: LanguageOf(falco)}} }

// Load reads the text of one more file. After a mistake the rules are those from before it.
func (e *Engine) Load(name, content string) *Result {
	result := &Result{Name: name}
	reader := reader{file: &file{name, content}, set: &e.set, result: result}
	if !reader.read() {
		return result
	}
	if rules := e.set.compile(result); result.OK() {
		e.rules = rules
	}
	return result
}

// Rules lists the rules in the order of their first definition.
func (e *Engine) Rules() []*Rule { return e.rules }

// Selection turns rules on or off: by a name, in which * stands for any text, or by a tag.
type Selection struct {
	Enable bool
	Rule   string
	Tag    string
}

func (s Selection) String() string {
	verb := "Disabling"
	if s.Enable {
		verb = "Enabling"
	}
	if s.Tag != "" {
		return verb + " rules with tag: " + s.Tag
	}
	return verb + " rules with name: " + s.Rule
}

// Select applies a selection; the last one that fits a rule wins.
func (e *Engine) Select(s Selection) {
	for _, rule := range e.rules {
		named := s.Rule != "" && matchName(s.Rule, rule.Name)
		if named || s.Tag != "" && slices.Contains(rule.Tags, s.Tag) {
			rule.Enabled = s.Enable
		}
	}
}

// matchName knows * alone. A slash in a name is a letter like any other.
func matchName(pattern, name string) bool {
	clean := strings.NewReplacer("/", "\x00", "?", `\?`, "[", `\[`)
	matched, err := path.Match(clean.Replace(pattern), strings.ReplaceAll(name, "/", "\x00"))
	return err == nil && matched
}

// ReadFile reads a file, with Falco's words for one that cannot be read.
func ReadFile(name string) (string, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("Could not open file %s for reading", name) // Falco's words
	}
	return string(content), nil
}

// Files expands folders to the YAML files in them, by name, and leaves out paths that do not exist.
func Files(paths []string) ([]string, error) {
	var files []string
	for _, each := range paths {
		info, err := os.Stat(each)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return nil, err
		case !info.IsDir():
			files = append(files, each)
			continue
		}
		entries, err := os.ReadDir(each)
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			if suffix := filepath.Ext(entry.Name()); suffix == ".yaml" || suffix == ".yml" {
				files = append(files, filepath.Join(each, entry.Name()))
			}
		}
	}
	return files, nil
}
