package judge

import (
	"slices"
	"testing"

	"lab.invalid/sensor/internal/event"
)

func TestRules(t *testing.T) {
	for name, c := range map[string]struct {
		event event.Event
		want  []string
	}{
		"shell on a terminal": {
			event.Event{Kind: event.Exec, ContainerID: "c", TTY: 1, Name: "sh", Parent: "runc.real"}, []string{"Terminal shell in container"},
		},
		"shell without a terminal": {event.Event{Kind: event.Exec, ContainerID: "c", Name: "sh", Parent: "runc"}, nil},
		"shell of a shell":         {event.Event{Kind: event.Exec, ContainerID: "c", TTY: 1, Name: "sh", Parent: "sh"}, nil},
		"shell on the host":        {event.Event{Kind: event.Exec, TTY: 1, Name: "sh", Parent: "runc"}, nil},
		"read of shadow": {
			event.Event{Kind: event.Open, ContainerID: "c", Name: "cat", File: "/etc/shadow"}, []string{"Read sensitive file untrusted"},
		},
		"read of shadow on the host": {event.Event{Kind: event.Open, Name: "cat", File: "/etc/shadow"}, []string{"Read sensitive file untrusted"}},
		"read of shadow by su":       {event.Event{Kind: event.Open, ContainerID: "c", Name: "su", File: "/etc/shadow"}, nil},
		"read of a drop-in": {
			event.Event{Kind: event.Open, ContainerID: "c", Name: "cat", File: "/etc/sudoers.d/x"}, []string{"Read sensitive file untrusted"},
		},
		"write": {
			event.Event{Kind: event.Open, ContainerID: "c", Name: "sh", File: "/etc/x", Written: true}, []string{"Write below etc"},
		},
		"write on the host": {event.Event{Kind: event.Open, Name: "sh", File: "/etc/x", Written: true}, nil},
		"package manager": {
			event.Event{Kind: event.Exec, ContainerID: "c", Name: "apk"}, []string{"Launch Package Management Process in Container"},
		},
		"download": {
			event.Event{Kind: event.Exec, ContainerID: "c", Name: "wget"}, []string{"Launch Ingress Remote File Copy Tools in Container"},
		},
		"network tool": {
			event.Event{Kind: event.Exec, ContainerID: "c", Name: "nc"}, []string{"Launch Suspicious Network Tool in Container"},
		},
	} {
		if got := Rules(c.event); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestJudged(t *testing.T) {
	if !Judged("Write below etc") || Judged("Some other rule") {
		t.Error("Judged does not follow the table")
	}
}
