package main

import (
	"cmp"
	"os"
	"strings"
)

// falco is the version of Falco this stands in for. The image says it: the last one with a gRPC server is 0.43.1.
var falco = cmp.Or(os.Getenv("SENSOR_FALCO_VERSION"), "0.44.1")

var version = falco + "-lab.1"

// hasIterators is new in 0.44: the kernel is asked for the processes there are.
func hasIterators() bool { return !strings.HasPrefix(falco, "0.43.") }

func speaksGRPC() bool { return strings.HasPrefix(falco, "0.43.") }
