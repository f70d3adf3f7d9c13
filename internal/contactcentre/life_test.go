package contactcentre_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"trunkline/internal/contactcentre"
)

// TestKindsFollowTheDeliveryRules keeps a window as a collector would, without bounds, and compares the outcome
// that it gives for each item with the one that the item's kind stands for.
func TestKindsFollowTheDeliveryRules(t *testing.T) {
	type seen struct {
		newest   string // LastUpdateTimestamp or EventTimestamp
		contents map[string]bool
	}
	window := map[string]*seen{}
	outcome := func(key, version string, item []byte) string {
		s := window[key]
		switch {
		case s == nil:
			window[key] = &seen{version, map[string]bool{string(item): true}}
			return "first"
		case version > s.newest:
			window[key] = &seen{version, map[string]bool{string(item): true}}
			return "newer"
		case version < s.newest:
			return "older"
		case s.contents[string(item)]:
			return "same"
		default:
			s.contents[string(item)] = true
			return "tie"
		}
	}
	want := map[contactcentre.Kind]string{
		contactcentre.NewContact: "first",
		contactcentre.Transfer:   "first",
		contactcentre.Update:     "newer",
		contactcentre.Duplicate:  "same",
		contactcentre.Older:      "older",
		contactcentre.Tie:        "tie",
	}
	count := map[contactcentre.What]int{}
	items := aLife()
	for i, e := range items {
		what, r, item := e.what, e.object, e.item
		count[what]++
		if what.Channel == "" {
			got := outcome(r["AgentARN"].(string), r["EventTimestamp"].(string), item)
			if w := want[what.Kind]; got != w && what.Kind != contactcentre.AgentEvent || got == "older" && w != "older" {
				t.Fatalf("item %d is %q for the window, but was called %v\n%s", i, got, what.Kind, item)
			}
			continue
		}
		if got := r["Channel"]; got != what.Channel {
			t.Fatalf("item %d has channel %v, but was called %v", i, got, what)
		}
		if got := outcome(r["ContactId"].(string), r["LastUpdateTimestamp"].(string), item); got != want[what.Kind] {
			t.Fatalf("item %d is %q for the window, but was called %v\n%s", i, got, what.Kind, item)
		}
	}
	for kind := range want {
		for _, ch := range []string{"VOICE", "CHAT", "TASK", "EMAIL"} {
			if n := count[contactcentre.What{Kind: kind, Channel: ch}]; n == 0 && !(kind == contactcentre.Transfer && ch == "EMAIL") {
				t.Errorf("no %v of %s in %d items", kind, ch, len(items))
			}
		}
	}
	for _, kind := range []contactcentre.Kind{contactcentre.AgentEvent, contactcentre.Duplicate, contactcentre.Older} {
		if count[contactcentre.What{Kind: kind}] == 0 {
			t.Errorf("no agent event that is %v in %d items", kind, len(items))
		}
	}
}

func TestUpdatesComeDaysLater(t *testing.T) {
	longest := time.Duration(0)
	for _, e := range aLife() {
		if e.what.Kind != contactcentre.Update {
			continue
		}
		r := e.object
		ended, updated := instant(t, r["DisconnectTimestamp"]), instant(t, r["LastUpdateTimestamp"])
		longest = max(longest, updated.Sub(ended))
	}
	if longest < 6*24*time.Hour {
		t.Errorf("the latest update came %v after the contact, want 6 days or more", longest)
	}
}

func instant(tb testing.TB, v any) time.Time {
	tb.Helper()
	text, _ := v.(string)
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		tb.Fatal(err)
	}
	return at
}

func TestTransfersAreLinked(t *testing.T) {
	records := map[string]object{}
	third := 0
	for _, e := range aLife() {
		if e.what.Channel == "" {
			continue
		}
		r, item := e.object, e.item
		records[r["ContactId"].(string)] = r
		if e.what.Kind != contactcentre.Transfer {
			continue
		}
		before := records[r["PreviousContactId"].(string)]
		if got, want := before["NextContactId"], r["ContactId"]; got != want {
			t.Fatalf("NextContactId of the leg before is %v, want %v", got, want)
		}
		first := before["ContactId"]
		if before["InitialContactId"] != nil {
			first = before["InitialContactId"]
			third++
		}
		if got := r["InitialContactId"]; got != first {
			t.Fatalf("InitialContactId is %v, want %v\n%s", got, first, item)
		}
		if instant(t, r["InitiationTimestamp"]).Before(instant(t, before["DisconnectTimestamp"])) {
			t.Fatalf("leg begins before the one before it ends\n%s", item)
		}
	}
	if third == 0 {
		t.Error("no contact was transferred twice")
	}
}

func TestBrokenItems(t *testing.T) {
	items, whats := life(t, 14, 4_000, contactcentre.Options{Broken: true})
	forms := map[string]int{}
	for i, item := range items {
		if whats[i].Kind != contactcentre.Broken {
			continue
		}
		var r object
		switch err := json.Unmarshal(item, &r); {
		case !utf8.Valid(item):
			forms["not UTF-8"]++
		case err != nil && strings.HasPrefix(string(item), "{"):
			forms["bad JSON"]++
		case err != nil:
			forms["not JSON"]++
		case r["ContactId"] == nil && r["EventType"] == nil:
			forms["unknown kind"]++
		default:
			t.Errorf("item %d was called broken, but is a record:\n%s", i, item)
		}
		if slices.Contains(item, '\n') {
			t.Errorf("broken item %d contains a line feed: %q", i, item)
		}
	}
	for _, form := range []string{"not UTF-8", "bad JSON", "not JSON", "unknown kind"} {
		if forms[form] == 0 {
			t.Errorf("no broken item is %s; there are %v", form, forms)
		}
	}
}

func TestAgentEvents(t *testing.T) {
	last := map[string]object{}
	states, missed, ownQueue, repeated := map[string]bool{}, 0, 0, 0
	for _, event := range aLife() {
		if event.what.Kind != contactcentre.AgentEvent {
			continue
		}
		e, item := event.object, event.item
		agent := e["AgentARN"].(string)
		before := last[agent]
		last[agent] = e
		switch {
		case e["EventType"] == "LOGIN":
			if e["CurrentAgentSnapshot"] != nil || e["PreviousAgentSnapshot"] != nil {
				t.Fatalf("LOGIN has a snapshot\n%s", item)
			}
		case before["EventType"] == "LOGIN":
			if e["EventType"] != "STATE_CHANGE" || e["PreviousAgentSnapshot"] != nil || e["CurrentAgentSnapshot"] == nil {
				t.Fatalf("after LOGIN comes %s, want STATE_CHANGE with only a current snapshot", item)
			}
		case before["EventType"] == "LOGOUT" && e["EventType"] != "HEART_BEAT":
			t.Fatalf("after LOGOUT comes %v, want HEART_BEAT", e["EventType"])
		}
		if before != nil && e["PreviousAgentSnapshot"] != nil &&
			!reflect.DeepEqual(e["PreviousAgentSnapshot"], before["CurrentAgentSnapshot"]) {
			t.Fatalf("previous snapshot is not the current one of the event before\n%s", item)
		}
		if e["Version"] == "2017-10-01" {
			at := e["EventTimestamp"].(string) // 2026-11-22T10:00:59.059Z
			if at[20:23] != "0"+at[17:19] {
				t.Fatalf("milliseconds of %s do not repeat the seconds", at)
			}
			repeated++
		}
		snapshot, _ := e["CurrentAgentSnapshot"].(object)
		contacts, _ := snapshot["Contacts"].([]any)
		for _, c := range contacts {
			contact := c.(object)
			states[contact["Channel"].(string)+" "+contact["State"].(string)] = true
			if contact["ConnectedToAgentTimestamp"] == nil && contact["State"] == "MISSED" {
				missed++
			}
			queue := contact["Queue"].(object)
			if queue["Name"] == nil && strings.Contains(queue["ARN"].(string), "/queue/agent/") {
				ownQueue++
			}
		}
	}
	for _, state := range []string{
		"VOICE CONNECTING", "VOICE CONNECTED", "VOICE CONNECTED_ONHOLD", "VOICE ENDED", "CHAT CONNECTED", "TASKS PAUSED",
	} {
		if !states[state] {
			t.Errorf("no contact in state %s; there are %v", state, states)
		}
	}
	if missed == 0 || ownQueue == 0 || repeated == 0 {
		t.Errorf("missed contacts %d, agents' own queues %d, old versions %d: want some of each", missed, ownQueue, repeated)
	}
}
