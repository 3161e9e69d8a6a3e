package alert

import (
	"testing"
	"time"

	"lab.invalid/sensor/internal/containers"
	"lab.invalid/sensor/internal/event"
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
	format := Format{Hostname: "node", JSON: true, IncludeOutput: true, IncludeTags: true}
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
	got, err := Format{}.Line(rule, onHost, containers.Container{ID: "host"})
	if err != nil {
		t.Fatal(err)
	}
	want := "03:04:05.000000006: Notice A shell | command=sh -c a > b aname=<NA> container_id=host container_name=<NA>" +
		" container_image_repository=<NA> container_image_tag=<NA> k8s_pod_name=<NA> k8s_ns_name=<NA>\n"
	if string(got) != want {
		t.Errorf("got  %swant %s", got, want)
	}
}
