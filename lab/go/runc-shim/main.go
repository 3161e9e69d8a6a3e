// Command runc-shim stands in for runc where the machine lacks CAP_SYS_RESOURCE.
//
// It takes out of the container's specification what such a machine cannot
// grant, then becomes the real runc. Where nothing is missing it changes nothing.
package main

import (
	"fmt"
	"os"
	"syscall"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "runc-shim: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	file, isBundle, err := specFile(args)
	if err != nil {
		return err
	}
	if file != "" {
		if err := fitFile(file, isBundle, thisHost()); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	runc, err := realRunc()
	if err != nil {
		return err
	}
	return syscall.Exec(runc, append([]string{runc}, args...), os.Environ())
}
