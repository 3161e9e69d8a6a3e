package grpc

import (
	"sync"

	"github.com/falcosecurity/client-go/pkg/api/outputs"
)

// queue has no limit, as Falco's: alerts wait until a client asks for them, and each goes to one client only.
type queue struct {
	mu    sync.Mutex
	waits []*outputs.Response
}

func (q *queue) push(response *outputs.Response) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waits = append(q.waits, response)
}

// pop gives the oldest alert, or nil.
func (q *queue) pop() *outputs.Response {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waits) == 0 {
		return nil
	}
	first := q.waits[0]
	q.waits = q.waits[1:]
	return first
}
