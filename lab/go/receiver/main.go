// The lab's stand-in for falcosidekick: see README.md for what it does and what it does not do.
package main

import (
	"log"
	"os"
)

func main() {
	c, err := readConfig(os.Getenv)
	if err == nil {
		err = serve(c)
	}
	if err != nil {
		log.Fatal(err)
	}
}
