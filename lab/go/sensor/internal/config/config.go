// Package config reads falco.yaml, as far as the sensor has a use for it. Other keys are accepted and have no effect.
package config

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"lab.invalid/sensor/internal/rules"
)

// Config is the part of falco.yaml that is used.
type Config struct {
	RulesFiles        []string    `yaml:"rules_files"`
	Selections        []Selection `yaml:"rules"`
	RuleMatching      string      `yaml:"rule_matching"`
	Priority          string      `yaml:"priority"`
	JSONOutput        bool        `yaml:"json_output"`
	JSONIncludeOutput bool        `yaml:"json_include_output_property"`
	JSONIncludeTags   bool        `yaml:"json_include_tags_property"`
	Stdout            Switch      `yaml:"stdout_output"`
	HTTP              HTTP        `yaml:"http_output"`
	OutputsQueue      Queue       `yaml:"outputs_queue"`
	GRPC              GRPC        `yaml:"grpc"`
	GRPCOutput        Switch      `yaml:"grpc_output"`
	Webserver         Web         `yaml:"webserver"`
	Metrics           Metrics     `yaml:"metrics"`
	Driver            Driver      `yaml:"engine"`
	Plugins           []Plugin    `yaml:"plugins"`
	LoadPlugins       []string    `yaml:"load_plugins"`

	// MinPriority is Priority, parsed.
	MinPriority rules.Priority `yaml:"-"`
}

// Selection is an entry of rules: what is enabled or disabled.
type Selection struct {
	Enable  *Selected `yaml:"enable"`
	Disable *Selected `yaml:"disable"`
}

// Selected names rules by a pattern, or by a tag.
type Selected struct {
	Rule string `yaml:"rule"`
	Tag  string `yaml:"tag"`
}

// Rules gives the selections in their order.
func (c *Config) Rules() []rules.Selection {
	var all []rules.Selection
	for _, selection := range c.Selections {
		if selected := selection.Enable; selected != nil {
			all = append(all, rules.Selection{Enable: true, Rule: selected.Rule, Tag: selected.Tag})
		}
		if selected := selection.Disable; selected != nil {
			all = append(all, rules.Selection{Rule: selected.Rule, Tag: selected.Tag})
		}
	}
	return all
}

// Switch is a section with nothing but an on and off.
type Switch struct {
	Enabled bool `yaml:"enabled"`
}

// HTTP is where and how alerts are posted.
type HTTP struct {
	Enabled    bool   `yaml:"enabled"`
	URL        string `yaml:"url"`
	Insecure   bool   `yaml:"insecure"`
	CACert     string `yaml:"ca_cert"`
	MTLS       bool   `yaml:"mtls"`
	ClientCert string `yaml:"client_cert"`
	ClientKey  string `yaml:"client_key"`
	Echo       bool   `yaml:"echo"`
}

// Queue is how many alerts may wait for the outputs, 0 for any number.
type Queue struct {
	Capacity int `yaml:"capacity"`
}

// GRPC is where alerts are handed out, and by which certificate.
type GRPC struct {
	Enabled     bool   `yaml:"enabled"`
	BindAddress string `yaml:"bind_address"`
	PrivateKey  string `yaml:"private_key"`
	CertChain   string `yaml:"cert_chain"`
	RootCerts   string `yaml:"root_certs"`
}

// Web is the server of probes and metrics.
type Web struct {
	Enabled bool   `yaml:"enabled"`
	Port    int    `yaml:"listen_port"`
	Healthz string `yaml:"k8s_healthz_endpoint"`
	Metrics bool   `yaml:"prometheus_metrics_enabled"`
}

// Metrics says which groups of metrics are served.
type Metrics struct {
	Enabled      bool `yaml:"enabled"`
	Rules        bool `yaml:"rules_counters_enabled"`
	Resources    bool `yaml:"resource_utilization_enabled"`
	State        bool `yaml:"state_counters_enabled"`
	KernelEvents bool `yaml:"kernel_event_counters_enabled"`
}

// Driver is how the kernel is watched.
type Driver struct {
	Modern struct {
		DisableIterators bool `yaml:"disable_iterators"`
	} `yaml:"modern_ebpf"`
}

// Plugin is an entry of plugins; the one named container carries the sockets of the container runtimes.
type Plugin struct {
	Name string `yaml:"name"`
	Init struct {
		Engines map[string]Engine `yaml:"engines"`
	} `yaml:"init_config"`
}

// Engine is a container runtime.
type Engine struct {
	Enabled bool     `yaml:"enabled"`
	Sockets []string `yaml:"sockets"`
}

const defaults = `
priority: debug
rule_matching: first
json_include_output_property: true
json_include_tags_property: true
stdout_output: {enabled: true}
http_output: {client_cert: /etc/falco/certs/client/client.crt, client_key: /etc/falco/certs/client/client.key}
grpc:
  bind_address: 0.0.0.0:5060
  private_key: /etc/falco/certs/server.key
  cert_chain: /etc/falco/certs/server.crt
  root_certs: /etc/falco/certs/ca.crt
grpc_output: {enabled: true}
webserver: {enabled: true, listen_port: 8765, k8s_healthz_endpoint: /healthz}
metrics:
  rules_counters_enabled: true
  resource_utilization_enabled: true
  state_counters_enabled: true
  kernel_event_counters_enabled: true
`

// Load reads a file and applies overrides of the form a.b=value.
func Load(file string, overrides []string) (*Config, error) {
	keys, err := read(file)
	if err != nil {
		return nil, err
	}
	content, err := yaml.Marshal(keys)
	if err != nil {
		return nil, err
	}
	layers := []string{defaults, string(content)}
	for _, override := range overrides {
		layer, err := nested(override)
		if err != nil {
			return nil, err
		}
		layers = append(layers, layer)
	}
	config := &Config{}
	for _, layer := range layers {
		if err := yaml.Unmarshal([]byte(layer), config); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return config, nil
}

// nested turns a.b=value into the YAML document {a: {b: value}}.
func nested(override string) (string, error) {
	key, value, found := strings.Cut(override, "=")
	if !found || key == "" {
		return "", fmt.Errorf("-o %s: expected key=value", override)
	}
	parts := strings.Split(key, ".")
	return "{" + strings.Join(parts, ": {") + ": " + value + strings.Repeat("}", len(parts)), nil
}

func (c *Config) check() (err error) {
	if c.MinPriority, err = rules.ParsePriority(c.Priority); err != nil {
		return fmt.Errorf("priority: %w", err)
	}
	if c.RuleMatching != "first" && c.RuleMatching != "all" {
		return fmt.Errorf("Unknown rule matching strategy %q--must be one of first, all", c.RuleMatching) // Falco's words
	}
	if err := c.checkPlugins(); err != nil {
		return err
	}
	if len(c.RulesFiles) == 0 {
		return errors.New("rules_files: you must specify at least one rules file")
	}
	if c.HTTP.Enabled {
		if target, err := url.Parse(c.HTTP.URL); err != nil || target.Host == "" || (target.Scheme != "http" && target.Scheme != "https") {
			return fmt.Errorf("http_output.url is %q; an http:// or https:// address is needed", c.HTTP.URL)
		}
	}
	if c.Webserver.Enabled && (c.Webserver.Port < 1 || c.Webserver.Port > 65535) {
		return fmt.Errorf("webserver.listen_port is %d; allowed is 1 to 65535", c.Webserver.Port)
	}
	return nil
}

// checkPlugins refuses what Falco refuses: a plugin that is loaded twice, or that nothing configures.
func (c *Config) checkPlugins() error {
	for i, name := range c.LoadPlugins {
		if slices.Contains(c.LoadPlugins[:i], name) {
			return fmt.Errorf("cannot register plugin: found another plugin with name %s", name)
		}
		if !slices.ContainsFunc(c.Plugins, func(plugin Plugin) bool { return plugin.Name == name }) {
			return fmt.Errorf("cannot load plugin %q: plugin config not found for given name", name)
		}
	}
	return nil
}

// Sockets lists the sockets of the runtimes that speak CRI, below the folder where the host's root is mounted.
func (c *Config) Sockets(hostRoot string) []string {
	var sockets []string
	for _, plugin := range c.Plugins {
		for _, name := range []string{"containerd", "cri"} {
			engine := plugin.Init.Engines[name]
			if plugin.Name != "container" || !engine.Enabled {
				continue
			}
			for _, socket := range engine.Sockets {
				sockets = append(sockets, filepath.Join(hostRoot, socket))
			}
		}
	}
	return sockets
}
