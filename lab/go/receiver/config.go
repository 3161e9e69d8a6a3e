package main

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// config is what the environment says, under falcosidekick's names.
type config struct {
	address string
	port    int
	debug   bool
	tls     tlsConfig
	webhook *webhook
	fault   fault
}

type tlsConfig struct {
	deploy     bool
	mutual     bool
	certFile   string
	keyFile    string
	caCertFile string
	plainPort  int
	plainPaths []string
}

func readConfig(getenv func(string) string) (config, error) {
	e := environment{getenv: getenv}
	c := config{
		address: e.text("LISTENADDRESS", ""),
		port:    e.port("LISTENPORT", 2801),
		debug:   e.boolean("DEBUG"),
		tls: tlsConfig{
			deploy:     e.boolean("TLSSERVER_DEPLOY"),
			mutual:     e.boolean("TLSSERVER_MUTUALTLS"),
			certFile:   e.text("TLSSERVER_CERTFILE", "/etc/certs/server/server.crt"),
			keyFile:    e.text("TLSSERVER_KEYFILE", "/etc/certs/server/server.key"),
			caCertFile: e.text("TLSSERVER_CACERTFILE", "/etc/certs/server/ca.crt"),
			plainPort:  e.port("TLSSERVER_NOTLSPORT", 2810),
			plainPaths: strings.FieldsFunc(e.text("TLSSERVER_NOTLSPATHS", ""), func(r rune) bool { return r == ',' }),
		},
	}
	c.webhook = newWebhook(&e)
	c.fault = readFault(&e)
	if c.address != "" && net.ParseIP(c.address) == nil {
		e.fail("LISTENADDRESS", c.address, "an IP address")
	}
	return c, e.err
}

// environment keeps the first error, so that a whole config can be read without a check after each value.
type environment struct {
	getenv func(string) string
	err    error
}

func (e *environment) text(name, fallback string) string {
	if value := e.getenv(name); value != "" {
		return value
	}
	return fallback
}

func (e *environment) port(name string, fallback int) int {
	value := e.text(name, strconv.Itoa(fallback))
	port, err := strconv.Atoi(value)
	if err != nil || port < 1 || port > 65535 {
		e.fail(name, value, "a port from 1 to 65535")
	}
	return port
}

func (e *environment) boolean(name string) bool {
	value := e.text(name, "false")
	on, err := strconv.ParseBool(value)
	if err != nil {
		e.fail(name, value, "true or false")
	}
	return on
}

func (e *environment) fail(name, value, allowed string) {
	if e.err == nil {
		e.err = fmt.Errorf("%s is %q; allowed is %s", name, value, allowed)
	}
}
