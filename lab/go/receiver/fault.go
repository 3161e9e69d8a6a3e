package main

import (
	"io"
	"net/http"
)

// fault makes the receiver fail as one in trouble does, for the tests of the alerts: "" is none.
type fault string

func readFault(e *environment) fault {
	name := e.text("LAB_FAULT", "")
	if name != "" && name != "500" && name != "hang" {
		e.fail("LAB_FAULT", name, "500 or hang")
	}
	return fault(name)
}

// strikes tells whether the request was spoilt.
func (f fault) strikes(w http.ResponseWriter, request *http.Request) bool {
	switch f {
	case "500":
		http.Error(w, "LAB_FAULT", http.StatusInternalServerError)
	case "hang":
		// Only a body that was read to its end lets the server see that the client has gone.
		io.Copy(io.Discard, request.Body)
		<-request.Context().Done()
	}
	return f != ""
}
