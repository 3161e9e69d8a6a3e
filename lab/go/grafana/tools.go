//go:build tools

// Package tools names the command this module builds, so that `go mod vendor` keeps its packages.
package tools

import _ "github.com/grafana/grafana/pkg/cmd/grafana"
