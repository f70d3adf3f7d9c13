package lease_test

import (
	"bytes"
	"crypto/rand"
	"regexp"
	"strings"
	"testing"

	"trunkline/internal/lease"
)

func TestNewID(t *testing.T) {
	zero := bytes.NewReader(make([]byte, 16))
	if got, want := lease.NewID("worker-1.example.com", zero), "worker-1.example.com:00000000-0000-4000-8000-000000000000"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	shape := regexp.MustCompile(`^[a-zA-Z0-9._-]{1,253}:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	for _, host := range []string{
		"", "h", "Leader", "Migration3.0", "shardId-000000000000", "123456789012:stream:17:shardId-000000000001", strings.Repeat("a", 1000),
		"a b\nc\x00", "müller", "shardshardId-Id-1", "shard:Id-000000000000",
	} {
		id := lease.NewID(host, rand.Reader)
		if !shape.MatchString(id) || strings.Contains(id, "shardId") || seen[id] {
			t.Errorf("NewID(%q): got %q", host, id)
		}
		seen[id] = true
	}
	if id := lease.NewID("h", bytes.NewReader(nil)); !shape.MatchString(id) || strings.Contains(id, "00000000-") {
		t.Errorf("NewID without randomness: got %q, want one all the same", id)
	}
}
