package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"lab.invalid/sensor/internal/rules"
)

// validate reads each file after the ones before it, as a start with them would, and says what is wrong, on stdout, with words or JSON.
// A plugin that is missing ends it at once, with nothing on stdout.
func validate(falco string, files, plugins []string, asJSON bool) error {
	engine := rules.New(falco)
	contents := make([]string, len(files))
	for i, file := range files {
		var err error
		if contents[i], err = rules.ReadFile(file); err != nil {
			return err
		}
	}
	logf("Validating rules file(s):")
	valid := true
	var summary []string
	results := []any{}
	for i, file := range files {
		logf("   %s", file)
		result := engine.Load(file, contents[i])
		if unmet := engine.Unmet(plugins); unmet != "" {
			return errors.New(unmet)
		}
		valid = valid && result.OK()
		results = append(results, result.JSON())
		switch {
		case result.OK() && result.HasWarnings():
			summary = append(summary, file+": Ok, with warnings")
			logf("%s", result)
		default:
			summary = append(summary, result.String())
		}
	}
	words := strings.Join(summary, "\n")
	if asJSON {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(map[string]any{"falco_load_results": results}); err != nil {
			return err
		}
	} else {
		fmt.Println(words)
	}
	if !valid {
		return errors.New(words)
	}
	return nil
}
