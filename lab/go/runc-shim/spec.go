package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
)

// object keeps members this program does not know as they were written.
type object = map[string]json.RawMessage

type rlimit struct {
	Type string `json:"type"`
	Hard uint64 `json:"hard"`
	Soft uint64 `json:"soft"`
}

// fitFile rewrites a bundle's config.json, or a process file, for the host.
func fitFile(file string, isBundle bool, h host) error {
	if h.sysResource {
		return nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if isBundle {
		data, err = fitBundle(data, h)
	} else {
		data, err = fitProcess(data, h)
	}
	if err != nil {
		return err
	}
	return replace(file, data)
}

func fitBundle(data []byte, h host) ([]byte, error) {
	var bundle object
	if err := json.Unmarshal(data, &bundle); err != nil {
		return nil, err
	}
	if process, has := bundle["process"]; has {
		fitted, err := fitProcess(process, h)
		if err != nil {
			return nil, err
		}
		bundle["process"] = fitted
	}
	return json.Marshal(bundle)
}

func fitProcess(data []byte, h host) ([]byte, error) {
	var process object
	if err := json.Unmarshal(data, &process); err != nil {
		return nil, err
	}
	for member, fit := range map[string]func([]byte, host) (any, error){
		"capabilities": fitCapabilities,
		"rlimits":      fitRlimits,
		"oomScoreAdj":  fitOOMScoreAdj,
	} {
		value, has := process[member]
		if !has {
			continue
		}
		fitted, err := fit(value, h)
		if err != nil {
			return nil, err
		}
		if fitted == nil {
			delete(process, member)
			continue
		}
		if process[member], err = json.Marshal(fitted); err != nil {
			return nil, err
		}
	}
	return json.Marshal(process)
}

func fitCapabilities(data []byte, h host) (any, error) {
	var sets map[string][]string
	if err := json.Unmarshal(data, &sets); err != nil {
		return nil, err
	}
	if !h.sysResource {
		for name, set := range sets {
			sets[name] = slices.DeleteFunc(set, func(c string) bool { return c == sysResourceName })
		}
	}
	return sets, nil
}

// fitRlimits lowers each limit to the host's hard limit, the most it can give.
func fitRlimits(data []byte, h host) (any, error) {
	var limits []rlimit
	if err := json.Unmarshal(data, &limits); err != nil {
		return nil, err
	}
	for i := range limits {
		if most, known := h.hardLimit(limits[i].Type); known {
			limits[i].Hard = min(limits[i].Hard, most)
			limits[i].Soft = min(limits[i].Soft, limits[i].Hard)
		}
	}
	return limits, nil
}

// fitOOMScoreAdj drops a value that cannot be set: the container then keeps its parent's.
func fitOOMScoreAdj(data []byte, h host) (any, error) {
	var value *int
	if err := json.Unmarshal(data, &value); err != nil {
		return nil, err
	}
	if value == nil || !h.oomScoreAdj(*value) {
		return nil, nil
	}
	return *value, nil
}

// replace swaps the file in one step, so that no reader sees half of it.
func replace(file string, data []byte) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(file), ".runc-shim-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	if _, err = temporary.Write(data); err == nil {
		err = temporary.Chmod(info.Mode().Perm())
	}
	if closed := temporary.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(temporary.Name(), file)
}
