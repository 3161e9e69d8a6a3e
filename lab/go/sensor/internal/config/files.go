package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// included is an entry of config_files: a path, or a path with the way its keys are merged.
type included struct {
	Path     string `yaml:"path"`
	Strategy string `yaml:"strategy"`
}

func (i *included) UnmarshalYAML(node *yaml.Node) error {
	type plain included
	if node.Kind == yaml.ScalarNode {
		return node.Decode(&i.Path)
	}
	return node.Decode((*plain)(i))
}

// read gives the keys of a file with those of its config_files merged in.
func read(file string) (map[string]any, error) {
	keys, err := readOne(file)
	if err != nil {
		return nil, err
	}
	var main struct {
		Files []included `yaml:"config_files"`
	}
	content, err := yaml.Marshal(keys)
	if err != nil {
		return nil, err
	}
	if err := yaml.Unmarshal(content, &main); err != nil {
		return nil, fmt.Errorf("%s: config_files: %w", file, err)
	}
	for _, entry := range main.Files {
		files, err := entry.files()
		if err != nil {
			return nil, err
		}
		for _, name := range files {
			more, err := readOne(name)
			if err != nil {
				return nil, err
			}
			merge(keys, more, entry.Strategy)
		}
	}
	return keys, nil
}

func readOne(file string) (map[string]any, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	keys := map[string]any{}
	if err := yaml.Unmarshal(content, &keys); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return keys, nil
}

// files lists the entry's file, or the files of its folder by name. What is not there is passed over.
func (i included) files() ([]string, error) {
	status, err := os.Stat(i.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !status.IsDir() {
		return []string{i.Path}, nil
	}
	return filepath.Glob(filepath.Join(i.Path, "*.yaml"))
}

// merge follows Falco: add-only keeps what is there, override replaces it, append (the default) makes lists longer.
func merge(keys, more map[string]any, strategy string) {
	for key, value := range more {
		present, defined := keys[key]
		list, isList := value.([]any)
		switch {
		case strategy == "add-only" && defined:
		case strategy != "override" && strategy != "add-only" && isList:
			before, _ := present.([]any)
			keys[key] = append(append([]any{}, before...), list...)
		default:
			keys[key] = value
		}
	}
}
