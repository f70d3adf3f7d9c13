package enrich

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"trunkline/contact"
	"trunkline/internal/collector"
	"trunkline/internal/contactcentre"
	"trunkline/internal/document"
)

const agents = "Username,Team,Note\nann,North,\"a \"\"b\"\"\"\nbob,South,\n7,West,x\n"

func path(t testing.TB, text string) contact.Path {
	t.Helper()
	p, err := contact.ParsePath(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// write puts content into a file, so that nobody sees half of it, and returns its name.
func write(t testing.TB, name, content string) string {
	t.Helper()
	if err := os.WriteFile(name+".new", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
	return name
}

// counts is an Observer.
type counts struct{ found, missed, loaded, rows, broken atomic.Int64 }

func (c *counts) AgentLooked(found bool) {
	if found {
		c.found.Add(1)
	} else {
		c.missed.Add(1)
	}
}

func (c *counts) AgentsLoaded(rows int) { c.loaded.Add(1); c.rows.Store(int64(rows)) }
func (c *counts) AgentsBroken()         { c.broken.Add(1) }

// record returns a contact record with these members besides those that make it one.
func record(members string) string {
	return `{"ContactId":"c","AWSContactTraceRecordFormatVersion":"2017-03-10"` + members + `}`
}

func TestProcess(t *testing.T) {
	const (
		ann = `{"Username":"ann","Team":"North","Note":"a \"b\""}`
		bob = `{"Username":"bob","Team":"South","Note":""}`
	)
	for _, c := range []struct{ name, match, into, record, want string }{
		{"inserted", "Agent.Username", "", `,"Agent":{"Username":"ann"}`, `,"Agent":{"Username":"ann"},"AgentData":` + ann},
		{"the rest byte for byte", "Agent.Username", "", ` , "x" : 1.0e1 ,"Agent":{"username":"bob", "Username":"ann"},"x":[]`, ` , "x" : 1.0e1 ,"Agent":{"username":"bob", "Username":"ann"},"x":[],"AgentData":` + ann},
		{"escaped text", "Agent.Username", "", `,"Agent":{"Username":"\u0061nn"}`, `,"Agent":{"Username":"\u0061nn"},"AgentData":` + ann},
		{"escaped name", "Agent.Username", "", `,"Agent":{"U\u0073ername":"ann"}`, `,"Agent":{"U\u0073ername":"ann"},"AgentData":` + ann},
		{"number", "Attributes.id", "", `,"Attributes":{"id":7}`, `,"Attributes":{"id":7},"AgentData":{"Username":"7","Team":"West","Note":"x"}`},
		{"number written otherwise", "Attributes.id", "", `,"Attributes":{"id":7.0}`, ``},
		{"name with a dot", `Attributes.agent\.id`, "", `,"Attributes":{"agent.id":"bob"}`, `,"Attributes":{"agent.id":"bob"},"AgentData":` + bob},
		{"first of an array", "Agents.Username", "", `,"Agents":[null,{"Username":null},[{"Username":"bob"}],{"Username":"ann"}]`, `,"Agents":[null,{"Username":null},[{"Username":"bob"}],{"Username":"ann"}],"AgentData":` + bob},
		{"array of texts", "Names", "", `,"Names":["ann","bob"]`, `,"Names":["ann","bob"],"AgentData":` + ann},
		{"first of two members", "Agent.Username", "", `,"Agent":null,"Agent":{"Username":"bob"},"Agent":{"Username":"ann"}`, `,"Agent":null,"Agent":{"Username":"bob"},"Agent":{"Username":"ann"},"AgentData":` + bob},

		{"no agent", "Agent.Username", "", ``, ``},
		{"agent null", "Agent.Username", "", `,"Agent":null`, ``},
		{"name null", "Agent.Username", "", `,"Agent":{"Username":null}`, ``},
		{"name absent", "Agent.Username", "", `,"Agent":{}`, ``},
		{"name empty", "Agent.Username", "", `,"Agent":{"Username":""}`, ``},
		{"name an object", "Agent.Username", "", `,"Agent":{"Username":{"x":"ann"}}`, ``},
		{"name a boolean", "Agent.Username", "", `,"Agent":{"Username":true}`, ``},
		{"another case", "Agent.Username", "", `,"Agent":{"Username":"Ann"}`, ``},
		{"unknown agent leaves what is there", "Agent.Username", "", `,"AgentData":1,"Agent":{"Username":"eve"}`, ``},

		{"replaced", "Agent.Username", "", `,"AgentData":{"Team":"forged"},"Agent":{"Username":"ann"}`, `,"AgentData":` + ann + `,"Agent":{"Username":"ann"}`},
		{"every occurrence", "Agent.Username", "", `,"AgentData":1,"Agent":{"Username":"ann"},"\u0041gentData":2,"AgentData":null`, `,"AgentData":` + ann + `,"Agent":{"Username":"ann"}`},
		{"into an object", "Agent.Username", "Agent.Data", `,"Agent":{"Username":"bob"}`, `,"Agent":{"Username":"bob","Data":` + bob + `}`},
		{"into an object, replaced", "Agent.Username", "Agent.Data", `,"Agent":{"Data":1,"Username":"bob","Data":2},"Agent":{"Data":3}`, `,"Agent":{"Data":` + bob + `,"Username":"bob"},"Agent":{}`},
		{"into the first of two objects", "Agent.Username", "A.D", `,"A":1,"A":{},"A":{"x":1},"Agent":{"Username":"bob"}`, `,"A":1,"A":{"D":` + bob + `},"A":{"x":1},"Agent":{"Username":"bob"}`},
		{"objects are made", "Agent.Username", `A.b\.c."D`, `,"Agent":{"Username":"bob"}`, `,"Agent":{"Username":"bob"},"A":{"b.c":{"\"D":` + bob + `}}`},
		{"objects are made inside", "Agent.Username", `A.B.C`, `,"A":{"x":1},"Agent":{"Username":"bob"}`, `,"A":{"x":1,"B":{"C":` + bob + `}},"Agent":{"Username":"bob"}`},
		{"in place of null", "Agent.Username", `A.B.C`, `,"A":{"B":null},"Agent":{"Username":"bob"}`, `,"A":{"B":{"C":` + bob + `}},"Agent":{"Username":"bob"}`},
		{"not in place of a text", "Agent.Username", `A.B.C`, `,"A":{"B":"x"},"Agent":{"Username":"bob"}`, `put agent data into A.B.C: A.B is of type string; want an object`},
		{"not in place of an array", "Agent.Username", `A.B`, `,"A":[{}],"Agent":{"Username":"bob"}`, `put agent data into A.B: A is of type array; want an object`},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Options{From: write(t, filepath.Join(t.TempDir(), "agents.csv"), agents), Match: path(t, c.match), Column: "Username"}
			if c.into != "" {
				o.Into = path(t, c.into)
			}
			e, err := New(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			process := e.Stage().New()
			if c.want == "" {
				c.want = c.record
			}
			in := record(c.record)
			for range 2 { // the second time with used memory
				var r collector.Record
				if err := r.Parse([]byte(in)); err != nil {
					t.Fatal(err)
				}
				if err := process(&r); err != nil {
					if err.Error() != c.want {
						t.Errorf("%s: %v, want %s", in, err, c.want)
					}
					continue
				}
				if got := string(r.Document().Render(nil)); got != record(c.want) {
					t.Errorf("%s became %s, want %s", in, got, record(c.want))
				}
				if n := r.Document().Edits(); n != 0 {
					t.Errorf("%s: %d edits planned, want a record that is indexed anew", in, n)
				}
				if string(r.ID()) != "c" || r.Kind() != contact.Contact {
					t.Errorf("%s became a %s with id %s", in, r.Kind(), r.ID())
				}
			}
		})
	}
}

// What the next stage plans is done to the record with its row.
func TestNextStageSeesRow(t *testing.T) {
	e, err := New(t.Context(), Options{From: write(t, filepath.Join(t.TempDir(), "a.csv"), agents), Match: path(t, "Agent.Username")})
	if err != nil {
		t.Fatal(err)
	}
	var r collector.Record
	if err := r.Parse([]byte(record(`,"Agent":{"Username":"ann"}`))); err != nil {
		t.Fatal(err)
	}
	r.Document().Remove(r.Document().Lookup("ContactId")) // planned by a stage before: done with the row, and then it is no record
	err = e.Stage().New()(&r)
	if err == nil || !strings.Contains(err.Error(), "neither a contact record") {
		t.Errorf("record whose ContactId was removed: %v, want an error of its kind", err)
	}
	if err := r.Parse([]byte(record(`,"Agent":{"Username":"ann"}`))); err != nil {
		t.Fatal(err)
	}
	if err := e.Stage().New()(&r); err != nil {
		t.Fatal(err)
	}
	d := r.Document()
	d.Remove(d.Lookup("AgentData", "Note"))
	if got, want := string(d.Render(nil)), record(`,"Agent":{"Username":"ann"},"AgentData":{"Username":"ann","Team":"North"}`); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRecordTooLarge(t *testing.T) {
	e, err := New(t.Context(), Options{From: write(t, filepath.Join(t.TempDir(), "a.csv"), agents), Match: path(t, "Agent.Username")})
	if err != nil {
		t.Fatal(err)
	}
	frame := len(record(`,"Agent":{"Username":"ann"},"Attributes":{"x":""}`))
	text := record(`,"Agent":{"Username":"ann"},"Attributes":{"x":"` + strings.Repeat("y", document.DefaultSize-frame) + `"}`)
	var r collector.Record
	if err := r.Parse([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := e.Stage().New()(&r); err == nil || !strings.Contains(err.Error(), "record with agent data") || strings.Contains(err.Error(), "yy") {
		t.Errorf("record of %d bytes: %v, want an error that it is too large", len(text), err)
	}
}

func TestOptions(t *testing.T) {
	from := write(t, filepath.Join(t.TempDir(), "a.csv"), agents)
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Match: path(t, "Agent.Username")}, "from is missing"},
		{Options{From: from}, "match is missing"},
		{Options{From: from, Match: path(t, "Agent.*")}, "without *"},
		{Options{From: from, Match: path(t, "Agent.ARN"), Into: path(t, "*")}, "without *"},
		{Options{From: from, Match: path(t, "Agent.Username"), Into: path(t, "ContactId")}, "tells which record it is"},
		{Options{From: from, Match: path(t, "Agent.Username"), Into: path(t, "Agent")}, "take the place of"},
		{Options{From: from, Match: path(t, "Agent.Username"), Into: path(t, "Agent.Username.Data")}, "take the place of"},
		{Options{From: from, Match: path(t, "Agent.Username"), Into: path(t, "a"+strings.Repeat(".a", 16))}, "17 names; the limit is 16"},
		{Options{From: from, Match: path(t, "Agent.ARN")}, `no column "ARN" among 3`},
		{Options{From: from + ".gone", Match: path(t, "Agent.Username")}, "a.csv.gone: no such file"},
		{Options{From: filepath.Dir(from), Match: path(t, "Agent.Username")}, "it is a folder"},
	} {
		if _, err := New(t.Context(), c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("New(%+v): %v, want %s", c.o, err, c.want)
		}
	}
}

// Rows are swapped while workers use them: each record has a row of one file or of the other.
func TestConcurrentUse(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.csv")
	var seen counts
	e, err := New(t.Context(), Options{From: write(t, name, "Username,Team\nann,1\n"), Match: path(t, "Agent.Username"), Observe: &seen})
	if err != nil {
		t.Fatal(err)
	}
	var stop atomic.Bool
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			process := e.Stage().New()
			var r collector.Record
			for !stop.Load() {
				if err := r.Parse([]byte(record(`,"Agent":{"Username":"ann"}`))); err != nil {
					t.Error(err)
					return
				}
				if err := process(&r); err != nil {
					t.Error(err)
					return
				}
				if team := r.Document().Lookup("AgentData", "Team"); !r.Document().TextIs(team, "1") && !r.Document().TextIs(team, "2") {
					t.Errorf("got %s", r.Document().Bytes())
				}
			}
		})
	}
	for i := range 200 {
		rows, err := Read(fmt.Appendf(nil, "Username,Team\nann,%d\n", 1+i%2), "Username")
		if err != nil {
			t.Fatal(err)
		}
		e.use(rows)
	}
	stop.Store(true)
	wg.Wait()
	if seen.loaded.Load() != 201 || seen.missed.Load() != 0 {
		t.Errorf("%d times loaded, %d agents missed; want 201 and 0", seen.loaded.Load(), seen.missed.Load())
	}
}

// benchmarkAgents is a file with the agents of these records: three columns besides the name.
func benchmarkAgents(t testing.TB, records [][]byte) string {
	rows := map[string]bool{}
	var b bytes.Buffer
	b.WriteString("Username,Employee,Team,Site\n")
	for _, raw := range records {
		var r struct{ Agent struct{ Username string } }
		if err := json.Unmarshal(raw, &r); err != nil {
			t.Fatal(err)
		}
		if name := r.Agent.Username; name != "" && !rows[name] {
			rows[name] = true
			fmt.Fprintf(&b, "%s,E%05d,Team %d,Site %d\n", name, len(rows), len(rows)%12, len(rows)%3)
		}
	}
	if len(rows) < 10 {
		t.Fatalf("%d agents in %d records", len(rows), len(records))
	}
	return b.String()
}

func realistic(n int) (records [][]byte, size int) {
	c := contactcentre.New(1, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), contactcentre.Options{})
	for range n {
		records = append(records, c.AppendContactRecord(nil))
		size += len(records[len(records)-1])
	}
	return records, size
}

func TestAllocations(t *testing.T) {
	records, _ := realistic(200)
	e, err := New(t.Context(), Options{From: write(t, filepath.Join(t.TempDir(), "a.csv"), benchmarkAgents(t, records)), Match: path(t, "Agent.Username")})
	if err != nil {
		t.Fatal(err)
	}
	process := e.Stage().New()
	var r collector.Record
	all := func() {
		for _, raw := range records {
			if err := r.Parse(raw); err != nil {
				t.Fatal(err)
			}
			if err := process(&r); err != nil {
				t.Fatal(err)
			}
		}
	}
	all()
	if n := testing.AllocsPerRun(5, all); n != 0 {
		t.Errorf("%v allocations for %d records, want 0", n, len(records))
	}
}

func BenchmarkProcess(b *testing.B) {
	records, size := realistic(1000)
	e, err := New(b.Context(), Options{From: write(b, filepath.Join(b.TempDir(), "a.csv"), benchmarkAgents(b, records)), Match: path(b, "Agent.Username")})
	if err != nil {
		b.Fatal(err)
	}
	process := e.Stage().New()
	for _, c := range []struct {
		name    string
		process func(*collector.Record) error
	}{{"parse only", nil}, {"parse and enrich", process}} {
		b.Run(c.name, func(b *testing.B) {
			var r collector.Record
			b.ReportAllocs()
			b.SetBytes(int64(size / len(records)))
			i := 0
			for b.Loop() {
				if err := r.Parse(records[i%len(records)]); err != nil {
					b.Fatal(err)
				}
				if c.process != nil {
					if err := c.process(&r); err != nil {
						b.Fatal(err)
					}
				}
				i++
			}
		})
	}
}
