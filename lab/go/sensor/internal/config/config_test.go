package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lab.invalid/sensor/internal/rules"
)

func load(t *testing.T, content string, overrides ...string) (*Config, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "falco.yaml")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(file, overrides)
}

func TestLoad(t *testing.T) {
	content := `
rules_files: [/etc/falco/falco_rules.yaml]
priority: warning
rules:
  - disable: {tag: network}
  - enable: {rule: "Write*"}
syslog_output: {enabled: true}
http_output: {enabled: true, url: "https://receiver:2801", mtls: true}
plugins:
  - name: container
    init_config:
      engines:
        containerd: {enabled: true, sockets: [/run/containerd/containerd.sock]}
        cri: {enabled: false, sockets: [/run/crio/crio.sock]}
        docker: {enabled: true, sockets: [/var/run/docker.sock]}
`
	config, err := load(t, content, "json_output=true", "webserver.listen_port=9000")
	if err != nil {
		t.Fatal(err)
	}
	if !config.JSONOutput || config.Webserver.Port != 9000 || config.Webserver.Healthz != "/healthz" {
		t.Errorf("overrides or defaults are lost: %+v", config)
	}
	if config.HTTP.ClientCert != "/etc/falco/certs/client/client.crt" || config.MinPriority != rules.Priority(4) {
		t.Errorf("got %+v", config)
	}
	if got := config.Rules(); !slices.Equal(got, []rules.Selection{{Tag: "network"}, {Enable: true, Rule: "Write*"}}) {
		t.Errorf("selections %v", got)
	}
	if got := config.Sockets("/host"); !slices.Equal(got, []string{"/host/run/containerd/containerd.sock"}) {
		t.Errorf("sockets %q", got)
	}
}

func TestLoadRefuses(t *testing.T) {
	for content, want := range map[string]string{
		"priority: high":  `"high"`,
		"priority: debug": "at least one rules file",
		"{rules_files: [a], http_output: {enabled: true}}":            "http_output.url",
		"{rules_files: [a], webserver: {listen_port: 0}}":             "listen_port is 0",
		"{rules_files: [a], rule_matching: some}":                     "rule matching strategy",
		"{rules_files: [a], json_output: perhaps}":                    "perhaps",
		"{rules_files: [a], load_plugins: [container]}":               "plugin config not found",
		"{rules_files: [a], http_output: {enabled: true, url: host}}": `"host"`,
	} {
		if _, err := load(t, content); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", content, err, want)
		}
	}
	if _, err := load(t, "rules_files: [a]", "json_output"); err == nil || !strings.Contains(err.Error(), "key=value") {
		t.Errorf("got %v", err)
	}
}

// The image's own folder loads the container plugin, and so does the chart.
func TestConfigFiles(t *testing.T) {
	const main = "{rules_files: [a], plugins: [{name: container}], load_plugins: [container], config_files: [%s]}"
	folder := "../../etc/config.d"
	for entry, want := range map[string]string{
		folder: "another plugin with name container",
		"{path: " + folder + ", strategy: append}":   "another plugin with name container",
		"{path: " + folder + ", strategy: override}": "",
		"{path: " + folder + ", strategy: add-only}": "",
		folder + "/absent":                           "",
	} {
		_, err := load(t, fmt.Sprintf(main, entry))
		if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", entry, err, want)
		}
	}
	config, err := load(t, "{rules_files: [a], plugins: [{name: container}], config_files: [{path: "+folder+", strategy: add-only}]}")
	if err != nil || !slices.Equal(config.LoadPlugins, []string{"container"}) {
		t.Errorf("a new key is lost: %+v, %v", config, err)
	}
}

func TestShippedConfigurationIsValid(t *testing.T) {
	if _, err := Load("../../etc/falco.yaml", nil); err != nil {
		t.Error(err)
	}
}
