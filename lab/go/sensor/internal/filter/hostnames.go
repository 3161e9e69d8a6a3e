package filter

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// hostNames serves fd.sip.name and its kind: the constant's addresses are looked up, not the name of the event's address.
var hostNames = &nameCache{entries: map[string]nameEntry{}}

const (
	nameLifetime = time.Minute
	nameTimeout  = 2 * time.Second
)

type nameCache struct {
	mutex   sync.Mutex
	entries map[string]nameEntry
}

type nameEntry struct {
	addresses []netip.Addr
	until     time.Time
}

func (c *nameCache) has(name string, value any) bool {
	address, ok := value.(netip.Addr)
	if !ok {
		return false
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	entry := c.entries[name]
	if time.Now().After(entry.until) {
		ctx, stop := context.WithTimeout(context.Background(), nameTimeout)
		defer stop()
		// A name that is not found has no addresses until it is asked for again.
		entry.addresses, _ = net.DefaultResolver.LookupNetIP(ctx, "ip", name)
		entry.until = time.Now().Add(nameLifetime)
		c.entries[name] = entry
	}
	return slices.ContainsFunc(entry.addresses, func(known netip.Addr) bool { return known.Unmap() == address })
}
