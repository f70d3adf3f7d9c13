package deadletter

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
)

func TestDecryptRefuses(t *testing.T) {
	f := openFolder(t, t.TempDir(), FolderOptions{})
	bare, err := f.Read(appendLetter(t, f, letter(7), "record"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = bare.Decrypt(identity(t))
	if missing, ok := errors.AsType[*NoRecordError](err); !ok || missing.Source != bare.Source || !strings.Contains(err.Error(), "read it again from records.jsonl at 7") {
		t.Errorf("a letter without its record: got %v", err)
	}
	id := identity(t)
	f = openFolder(t, t.TempDir(), FolderOptions{Recipients: []age.Recipient{id.Recipient()}})
	sealed, err := f.Read(appendLetter(t, f, letter(7), "record"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sealed.Decrypt(); !errors.Is(err, ErrIdentity) || !strings.Contains(err.Error(), "--identity FILE") {
		t.Errorf("no identity: got %v", err)
	}
	if _, err := sealed.Decrypt(identity(t), identity(t)); !errors.Is(err, ErrIdentity) || !strings.Contains(err.Error(), "another recipient") {
		t.Errorf("other identities: got %v", err)
	}
	half := len(sealed.Record) - 8
	for name, record := range map[string]string{
		"cut":        sealed.Record[:half],
		"changed":    sealed.Record[:half] + "AAAA" + sealed.Record[half+4:],
		"not base64": "???",
		"not age":    "AAAA",
	} {
		l := sealed
		l.Record = record
		if got, err := l.Decrypt(id); err == nil || !strings.Contains(err.Error(), "decrypt dead letter "+l.ID.String()) {
			t.Errorf("a record that is %s: got %q %v, want an error", name, got, err)
		}
	}
}

func TestLongTextsAreCut(t *testing.T) {
	f := openFolder(t, t.TempDir(), FolderOptions{})
	l := letter(1)
	l.ContactID = strings.Repeat("ä", 1<<20)
	l.Reason = "r" + strings.Repeat("ä", 1<<20)
	e := appendLetter(t, f, l, "")
	got, err := f.Read(e)
	if err != nil {
		t.Fatal(err)
	}
	if e.Length > 6<<10 || len(e.Reason) > maxReason+3 || got.Reason != e.Reason || !strings.HasSuffix(got.ContactID, "ä…") {
		t.Errorf("a line of %d bytes, a reason of %d, contact id ending in %q", e.Length, len(e.Reason), got.ContactID[len(got.ContactID)-5:])
	}
}

// TestMemoryOfLargeRecords: a 10 MiB record must not need more than its line.
func TestMemoryOfLargeRecords(t *testing.T) {
	record := make([]byte, 10<<20)
	recipients := []age.Recipient{identity(t).Recipient()}
	l := letter(1)
	result := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := l.encode(record, recipients); err != nil {
				b.Fatal(err)
			}
		}
	})
	if got, limit := result.AllocedBytesPerOp(), int64(len(record))*3/2; got > limit {
		t.Errorf("%d bytes allocated, want at most %d", got, limit)
	}
}

func TestSelection(t *testing.T) {
	e := Entry{Time: epoch, Stage: "deliver", Reason: "HTTP 422 Unprocessable", Contact: Hash{1}}
	for _, c := range []struct {
		name string
		s    Selection
		want bool
	}{
		{"all", Selection{}, true},
		{"stage", Selection{Stage: "deliver"}, true},
		{"part of a stage", Selection{Stage: "del"}, false},
		{"part of the reason", Selection{Reason: "unproc"}, true},
		{"another reason", Selection{Reason: "HTTP 400"}, false},
		{"from then", Selection{From: epoch}, true},
		{"to then", Selection{To: epoch}, false},
		{"later", Selection{From: epoch.Add(1)}, false},
		{"contact", Selection{Contact: Hash{1}}, true},
		{"another contact", Selection{Contact: Hash{2}, Stage: "deliver"}, false},
	} {
		if got := c.s.Match(e); got != c.want {
			t.Errorf("%s: %+v matches: got %v, want %v", c.name, c.s, got, c.want)
		}
	}
}

func TestID(t *testing.T) {
	id := NewID("p", "1", Hash{1})
	for _, other := range []ID{NewID("p1", "", Hash{1}), NewID("p", "1", Hash{2}), NewID("", "p1", Hash{1})} {
		if id == other {
			t.Error("two records have one id")
		}
	}
	if got, err := ParseID(id.String()); got != id || err != nil {
		t.Errorf("ParseID(%s) = %s, %v", id, got, err)
	}
	text := id.String()
	for _, bad := range []string{"", text[1:], text + "a", strings.ToUpper(text), text[:25] + "\n", text[:25] + "1", strings.Repeat("a", 25) + "b"} {
		if _, err := ParseID(bad); err == nil {
			t.Errorf("ParseID(%q) took it", bad)
		}
	}
	if out, err := json.Marshal(map[string]any{"id": id}); err != nil || !strings.Contains(string(out), text) {
		t.Errorf("as JSON %s (%v)", out, err)
	}
}

func TestWatch(t *testing.T) {
	a, b := Hash{1}, Hash{2}
	w := NewWatch(map[Hash]int64{a: NothingDelivered})
	take := func(want map[Hash]int64) {
		t.Helper()
		if diff := cmp.Diff(w.Take(), want); diff != "" {
			t.Errorf("Take, got - want +:\n%s", diff)
		}
	}
	w.Delivered(b, 5) // not watched
	take(nil)
	w.Delivered(a, 5)
	w.Delivered(a, 4)
	take(map[Hash]int64{a: 5})
	take(map[Hash]int64{a: 5}) // not confirmed
	w.Delivered(a, 6)
	w.Confirm()
	take(map[Hash]int64{a: 6})
	w.Confirm()
	w.Add(b)
	w.Add(Hash{})
	w.Delivered(b, 7)
	w.Delivered(Hash{}, 7)
	take(map[Hash]int64{b: 7})
	if got := w.Newest(a); got != 6 {
		t.Errorf("newest of a: %d, want 6", got)
	}
	five := int64(5)
	for _, c := range []struct {
		version   *int64
		delivered int64
		want      bool
	}{{&five, 6, true}, {&five, 5, false}, {&five, NothingDelivered, false}, {nil, 6, false}} {
		if got := (Entry{Version: c.version}).Superseded(c.delivered); got != c.want {
			t.Errorf("version %v, delivered %d: superseded %v, want %v", c.version, c.delivered, got, c.want)
		}
	}
}

func TestParseRecipients(t *testing.T) {
	a, b := identity(t), identity(t)
	for _, texts := range [][]string{
		{a.Recipient().String()},
		{a.Recipient().String(), b.Recipient().String()},
		{" " + a.Recipient().String() + ",\n" + b.Recipient().String() + " "},
	} {
		got, err := ParseRecipients(texts...)
		if want := strings.Count(strings.Join(texts, ""), "age1"); err != nil || len(got) != want {
			t.Errorf("ParseRecipients(%q) gave %d (%v), want %d", texts, len(got), err, want)
		}
	}
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseRecipients(hybrid.Recipient().String()); err != nil {
		t.Errorf("a post-quantum recipient: %v", err)
	}
	for _, c := range []struct{ text, want string }{
		{"", "no age recipient"},
		{" , ", "no age recipient"},
		{a.String(), "secret key"},
		{strings.ToLower(a.String()), "secret key"},
		{"ssh-ed25519", "not an age recipient"},
		{"age1xyz", "malformed recipient"},
		{a.Recipient().String() + "," + hybrid.Recipient().String(), "incompatible recipients"},
	} {
		_, err := ParseRecipients(c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("ParseRecipients(%q) = %v, want %q", c.text, err, c.want)
		}
		if err != nil && strings.Contains(strings.ToUpper(err.Error()), a.String()[16:]) {
			t.Errorf("the error quotes the secret key")
		}
	}
	if ids, err := ParseIdentities(strings.NewReader("# a comment\n" + a.String() + "\n")); err != nil || len(ids) != 1 {
		t.Errorf("ParseIdentities gave %d (%v)", len(ids), err)
	}
	if _, err := ParseIdentities(strings.NewReader("AGE-SECRET-KEY-1X\n")); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("a broken identity: %v", err)
	}
}
