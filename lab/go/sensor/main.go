// The lab's stand-in for Falco: see README.md for what it does and what it does not do.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"lab.invalid/sensor/internal/config"
)

type options struct {
	config    string
	overrides []string
	validate  []string
	version   bool
}

func main() {
	options, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = run(options)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet(filepath.Base(os.Args[0]), flag.ContinueOnError)
	flags.StringVar(&o.config, "c", "/etc/falco/falco.yaml", "configuration `file`")
	flags.Bool("U", false, "write every line at once (always so here)")
	flags.BoolVar(&o.version, "version", false, "print the version")
	flags.Func("o", "set a configuration key: `key=value`", func(value string) error {
		o.overrides = append(o.overrides, value)
		return nil
	})
	validate := func(value string) error {
		o.validate = append(o.validate, value)
		return nil
	}
	flags.Func("V", "validate a rules `file` after those named before it, and exit", validate)
	flags.Func("validate", "same as -V: `file`", validate)
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return o, nil
}

func run(o options) error {
	if o.version {
		fmt.Printf("Falco version: %s (%s), the lab's stand-in\n", version, runtime.GOARCH)
		return nil
	}
	settings, err := config.Load(o.config, o.overrides)
	if err != nil {
		return err
	}
	if o.validate != nil {
		return validate(falco, o.validate, settings.LoadPlugins, settings.JSONOutput)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	return watch(ctx, settings)
}

// logf writes to stderr with the time in front, in ctime's form.
func logf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s: %s\n", time.Now().Format(time.ANSIC), strings.TrimSuffix(fmt.Sprintf(format, args...), "\n"))
}
