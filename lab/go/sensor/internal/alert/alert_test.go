package alert

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"lab.invalid/sensor/internal/containers"
	"lab.invalid/sensor/internal/event"
	"lab.invalid/sensor/internal/fields"
	"lab.invalid/sensor/internal/rules"
)

var (
	rule = &rules.Rule{
		Name: "Shell", Output: "A shell | command=%proc.cmdline aname=%proc.aname[2]", Priority: 5, Tags: []string{"container"}, Source: "syscall",
	}
	shell = event.Event{
		Time: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), Kind: event.Exec, Type: "execve",
		Process: event.Process{Name: "sh", Args: []string{"/bin/sh", "-c", "a > b"}, ContainerID: "0123456789abcdef"},
	}
	pod = containers.Container{ID: "0123456789ab", Name: "app", Repository: "app", Tag: "1", Pod: "app-0", Namespace: "default"}
)

func TestLineJSON(t *testing.T) {
	format := Format{Language: rules.LanguageOf("0.44.1"), Hostname: "node", JSON: true, IncludeOutput: true, IncludeTags: true}
	got, err := format.Line(rule, shell, pod)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"hostname":"node","output":"03:04:05.000000006: Notice A shell | command=sh -c a > b aname=<NA>` +
		` container_id=0123456789ab container_name=app container_image_repository=app container_image_tag=1 k8s_pod_name=app-0 k8s_ns_name=default",` +
		`"output_fields":{"container.id":"0123456789ab","container.image.repository":"app","container.image.tag":"1","container.name":"app",` +
		`"evt.time":1767323045000000006,"k8s.ns.name":"default","k8s.pod.name":"app-0","proc.aname[2]":null,"proc.cmdline":"sh -c a > b"},` +
		`"priority":"Notice","rule":"Shell","source":"syscall","tags":["container"],"time":"2026-01-02T03:04:05.000000006Z"}` + "\n"
	if string(got) != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

func TestLineText(t *testing.T) {
	onHost := shell
	onHost.ContainerID = ""
	got, err := Format{Language: rules.LanguageOf("0.44.1")}.Line(rule, onHost, containers.Container{ID: "host"})
	if err != nil {
		t.Fatal(err)
	}
	want := "03:04:05.000000006: Notice A shell | command=sh -c a > b aname=<NA> container_id=host container_name=<NA>" +
		" container_image_repository=<NA> container_image_tag=<NA> k8s_pod_name=<NA> k8s_ns_name=<NA>\n"
	if string(got) != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

// Compared with falcosecurity/libs 0.23.2, 0.25.4 and the master of 22 July 2026, userspace/libsinsp/eventformatter.cpp, and with
// falcosecurity/falco of the same days, userspace/engine/formats.cpp.
func TestOutputsOfEachVersion(t *testing.T) {
	odd := shell
	odd.Args = []string{"/bin/sh", "caf\xe9", "a\nb"}
	for falco, want := range map[string]string{
		"0.43.1": "sh caf ab",
		"0.44.1": "sh caf\uFFFD a\uFFFDb",
		"0.45.1": "sh caf\uFFFD a\\nb",
	} {
		format := Format{Language: rules.LanguageOf(falco)}
		got, err := format.Line(&rules.Rule{Output: "%proc.cmdline", Priority: 5}, odd, pod)
		if text := strings.TrimPrefix(string(got), "03:04:05.000000006: Notice "); err != nil || !strings.HasPrefix(text, want+" container_id=") {
			t.Errorf("Falco %s: %q, %v", falco, text, err)
		}
	}
}

// The fields in a function are listed, not its value, as by Falco unless m_resolve_transformed_fields is set, which it never does.
func TestFieldsInAFunction(t *testing.T) {
	format := Format{Language: rules.LanguageOf("0.44.1")}
	output, values := format.expand(`%join("-", (proc.name, toupper(proc.exe))) %5proc.name %1proc.name|`, fields.Of(shell, pod))
	if output != "sh-/BIN/SH sh    s|" {
		t.Errorf("got %q", output)
	}
	want := map[string]any{"evt.time": values["evt.time"], "proc.name": "sh", "proc.exe": "/bin/sh"}
	if !reflect.DeepEqual(values, want) {
		t.Errorf("got %v", values)
	}
}
