package outputs

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

type failing struct{}

func (failing) Name() string      { return "failing" }
func (failing) Send([]byte) error { return errors.New("no way") }

type hanging struct{ until chan struct{} }

func (hanging) Name() string { return "http" }
func (h hanging) Send([]byte) error {
	<-h.until
	return nil
}

func TestQueueGoesOnAfterAFailure(t *testing.T) {
	var written bytes.Buffer
	var logged []string
	queue := NewQueue([]Output{failing{}, Stdout{&written}}, 0, func(format string, args ...any) {
		logged = append(logged, fmt.Sprintf(format, args...))
	})
	queue.Send([]byte("one\n"))
	queue.Send([]byte("two\n"))
	queue.Close(time.Minute)
	if written.String() != "one\ntwo\n" || strings.Join(logged, ",") != "no way,no way" {
		t.Errorf("written %q, logged %q", written.String(), logged)
	}
}

func TestQueueIsBlockedByAnOutputThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var written bytes.Buffer
		logged := make(chan string, 1)
		hang := hanging{make(chan struct{})}
		queue := NewQueue([]Output{Stdout{&written}, hang}, 0, func(format string, args ...any) { logged <- fmt.Sprintf(format, args...) })
		queue.Send([]byte("one\n"))
		queue.Send([]byte("two\n"))
		if got := <-logged; got != `"http" output timeout, all output channels are blocked` {
			t.Errorf("logged %q", got)
		}
		if written.String() != "one\n" {
			t.Errorf("written %q while blocked", written.String())
		}
		close(hang.until)
		queue.Close(time.Minute)
		if written.String() != "one\ntwo\n" {
			t.Errorf("written %q", written.String())
		}
	})
}

func TestQueueDropsWhatItHasNoRoomFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := hanging{make(chan struct{})}
		queue := NewQueue([]Output{hang}, 2, func(string, ...any) {})
		queue.Send([]byte("on its way\n"))
		synctest.Wait()
		for range 5 {
			queue.Send([]byte("waits\n"))
		}
		if queue.Drops() != 3 {
			t.Errorf("%d of 5 lines dropped by a queue for 2", queue.Drops())
		}
		close(hang.until)
		queue.Close(time.Minute)
	})
}
