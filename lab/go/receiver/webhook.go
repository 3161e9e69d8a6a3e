package main

import (
	"bytes"
	"log"
	"net/http"
	"slices"
	"strings"
	"time"
)

// webhook forwards events; without an address it does nothing.
type webhook struct {
	address string
	method  string
	headers map[string]string
	minimum int
	client  http.Client
}

func newWebhook(e *environment) *webhook {
	hook := &webhook{
		address: e.text("WEBHOOK_ADDRESS", ""),
		method:  strings.ToUpper(e.text("WEBHOOK_METHOD", http.MethodPost)),
		headers: map[string]string{},
		client:  http.Client{Timeout: 10 * time.Second},
	}
	for _, header := range strings.Split(e.text("WEBHOOK_CUSTOMHEADERS", ""), ",") {
		if name, value, found := strings.Cut(header, ":"); found {
			hook.headers[name] = value
		}
	}
	if name := e.text("WEBHOOK_MINIMUMPRIORITY", ""); name != "" {
		hook.minimum = slices.Index(priorities, strings.ToLower(name))
		if hook.minimum < 1 {
			e.fail("WEBHOOK_MINIMUMPRIORITY", name, strings.Join(priorities[1:], ", "))
		}
	}
	return hook
}

// send posts an event as it came. Like the real one it tries once and counts what became of it.
func (h *webhook) send(e event, body []byte, c *counters) {
	if h.address == "" || e.priority() < h.minimum {
		return
	}
	status := "ok"
	if err := h.post(body); err != nil {
		log.Printf("[ERROR] : Webhook - %v", err)
		status = "error"
	}
	c.count(outputsTotal, "destination", "webhook", "status", status)
}

func (h *webhook) post(body []byte) error {
	request, err := http.NewRequest(h.method, h.address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	for name, value := range h.headers {
		request.Header.Set(name, value)
	}
	answer, err := h.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= http.StatusMultipleChoices {
		return &http.ProtocolError{ErrorString: answer.Status}
	}
	return nil
}
