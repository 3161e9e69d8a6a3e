package grpc

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/falcosecurity/client-go/pkg/api/outputs"
	"github.com/falcosecurity/client-go/pkg/api/schema"
	"google.golang.org/protobuf/types/known/timestamppb"

	"lab.invalid/sensor/internal/alert"
)

// response is the alert in the words of the protocol: a field is text, and JSON where it is none.
func response(a alert.Alert) (*outputs.Response, error) {
	at, err := time.Parse(time.RFC3339Nano, a.Time)
	if err != nil {
		return nil, err
	}
	priority, found := schema.Priority_value[a.Priority]
	if !found {
		return nil, fmt.Errorf("the protocol has no priority %q", a.Priority)
	}
	fields := map[string]string{}
	for name, value := range a.Fields {
		text, isText := value.(string)
		if !isText {
			content, err := json.Marshal(value)
			if err != nil {
				return nil, err
			}
			text = string(content)
		}
		fields[name] = text
	}
	return &outputs.Response{
		Time:         timestamppb.New(at),
		Priority:     schema.Priority(priority),
		Rule:         a.Rule,
		Output:       a.Output,
		OutputFields: fields,
		Hostname:     a.Hostname,
		Tags:         a.Tags,
		Source:       a.Source,
	}, nil
}
