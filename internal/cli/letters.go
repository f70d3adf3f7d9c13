package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"trunkline/contact"
	"trunkline/internal/collector/deadletter"
	"trunkline/internal/config"
)

// stages are where a record can become a dead letter.
func stages() []string {
	return []string{"source", "decode", "filter", "enrich", "redact", "deliver"}
}

// letterQuery chooses dead letters, in the words of a person. Empty texts choose all.
type letterQuery struct {
	stage, reason, contact string
	since, until           string
	ids                    []string
}

// values are the query as it goes to a running collector, and queryOf takes it back.
func (q letterQuery) values() url.Values {
	return url.Values{
		"stage": {q.stage}, "reason": {q.reason}, "contact": {q.contact}, "since": {q.since}, "until": {q.until}, "id": q.ids,
	}
}

func queryOf(v url.Values) letterQuery {
	return letterQuery{
		stage: v.Get("stage"), reason: v.Get("reason"), contact: v.Get("contact"), since: v.Get("since"), until: v.Get("until"), ids: v["id"],
	}
}

// parse returns what matches an entry, but for the contact, which only the keys of a run know.
func (q letterQuery) parse() (match func(deadletter.Entry) bool, err error) {
	if q.stage != "" && !slices.Contains(stages(), q.stage) {
		return nil, fmt.Errorf("--stage %s: no such stage; there are: %s", q.stage, strings.Join(stages(), ", "))
	}
	selection := deadletter.Selection{Stage: q.stage, Reason: q.reason}
	if selection.From, err = parseTime("since", q.since); err != nil {
		return nil, err
	}
	if selection.To, err = parseTime("until", q.until); err != nil {
		return nil, err
	}
	ids := map[deadletter.ID]bool{}
	for _, text := range q.ids {
		id, err := deadletter.ParseID(text)
		if err != nil {
			return nil, err
		}
		ids[id] = true
	}
	return func(e deadletter.Entry) bool { return selection.Match(e) && (len(ids) == 0 || ids[e.ID]) }, nil
}

func parseTime(flag, text string) (t time.Time, err error) {
	if text == "" {
		return t, nil
	}
	if t, err = time.Parse(time.RFC3339, text); err != nil {
		return t, fmt.Errorf("--%s %s: want an RFC 3339 time, e.g. 2026-11-22T10:00:00Z", flag, text)
	}
	return t, nil
}

// choose returns the entries of the index that a query selects, in the order in which they were dead-lettered.
func (r *run) choose(q letterQuery) (chosen []deadletter.Entry, err error) {
	match, err := q.parse()
	if err != nil {
		return nil, err
	}
	keys := r.keys()
	of := map[deadletter.Hash]bool{}
	if q.contact != "" {
		for _, kind := range []contact.Kind{contact.Contact, contact.AgentEvent} {
			of[deadletter.Hash(keys.ID(kind, q.contact))] = true
		}
	}
	for entry, err := range r.store.DeadLetters() {
		if err != nil {
			return nil, err
		}
		if match(entry) && (len(of) == 0 || of[entry.Contact]) {
			chosen = append(chosen, entry)
		}
	}
	return chosen, nil
}

// listedLetter is one dead letter of a list, or why it cannot be read.
type listedLetter struct {
	Letter  *deadletter.Letter `json:"letter,omitempty"` // without its record
	Problem string             `json:"problem,omitempty"`
}

// list gives the chosen dead letters to show, one after the other.
func (r *run) list(q letterQuery, show func(listedLetter) error) error {
	chosen, err := r.choose(q)
	if err != nil {
		return err
	}
	for _, e := range chosen {
		var listed listedLetter
		if l, err := r.journal.letters.Read(e); err != nil {
			listed.Problem = err.Error()
		} else {
			l.Record = ""
			listed.Letter = &l
		}
		if err := show(listed); err != nil {
			return err
		}
	}
	return nil
}

// serveLetters answers on the control socket with a listedLetter a line.
func (r *run) serveLetters(w http.ResponseWriter, request *http.Request) {
	encoder := json.NewEncoder(w)
	begun := false
	err := r.list(queryOf(request.URL.Query()), func(l listedLetter) error {
		begun = true
		return encoder.Encode(l)
	})
	switch {
	case err == nil:
	case begun:
		panic(http.ErrAbortHandler) // the list is cut short, and the reader must see that
	default:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// listLetters prints the dead letters that a running collector has or, where none runs, the state file.
func (a *app) listLetters(ctx context.Context, c *config.Config, f *replayFlags) error {
	show := func(l listedLetter) error { return a.showLetter(l, f.out) }
	body, err := askRunning(ctx, c.State.File, "/dead-letters", f.values())
	if _, none := errors.AsType[*net.OpError](err); none {
		return a.collect(ctx, c, func(r *run) error {
			if err := r.takeQueued(ctx); err != nil {
				return err
			}
			return r.list(f.letterQuery, show)
		})
	}
	if err != nil {
		return err
	}
	defer body.Close()
	for decoder := json.NewDecoder(body); ; {
		var l listedLetter
		if err := decoder.Decode(&l); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("the running collector's list of dead letters: %w", err)
		}
		if err := show(l); err != nil {
			return err
		}
	}
}

func (a *app) showLetter(listed listedLetter, out output) error {
	l := listed.Letter
	if l == nil {
		_, err := fmt.Fprintln(a.stderr, "trunkline:", listed.Problem)
		return err
	}
	if out == asJSON {
		return json.NewEncoder(a.stdout).Encode(l)
	}
	_, err := fmt.Fprintf(a.stdout, "%s  %s  %s  %s%s  %s  (%s)\n", l.ID, l.Time.UTC().Format(time.RFC3339), l.Stage,
		legible(l.ContactID), legible(l.EventID), legible(l.Reason), legible(l.Source.Location))
	return err
}
