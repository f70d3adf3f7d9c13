package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"trunkline/internal/lease"
)

// What the state of a lease can be. The first two are for somebody to see to, where there are workers.
const (
	leaseFree     = "free"     // nobody has it
	leaseExpired  = "expired"  // whoever has it does not renew it
	leaseHeld     = "held"     // somebody has it
	leaseDraining = "draining" // it is on its way from one worker to another
	leaseWaiting  = "waiting"  // what it follows is not read to its end
	leaseEnded    = "ended"    // all of the shard was read
)

// leaseStates is the order in which the account names them.
var leaseStates = []string{leaseHeld, leaseDraining, leaseWaiting, leaseFree, leaseExpired, leaseEnded}

// leasesReport is what trunkline status --leases --output json prints.
type leasesReport struct {
	Place   string         `json:"place"`            // the table or file of the leases
	Worker  string         `json:"worker,omitempty"` // the collector of this config that runs on this machine
	Regime  string         `json:"regime,omitempty"` // what the table says of a fleet of KCL 3.x
	Leader  string         `json:"leader,omitempty"`
	Leases  []leaseStatus  `json:"leases"`
	States  map[string]int `json:"states"` // leases by state
	Workers []workerStatus `json:"workers"`
	LagMS   *int64         `json:"lag_ms,omitempty"` // of the lease that is furthest behind
	Unknown []string       `json:"unknown,omitempty"`
}

type leaseStatus struct {
	Shard      string    `json:"shard"`
	State      string    `json:"state"`
	Owner      string    `json:"owner,omitempty"`
	Next       string    `json:"next,omitempty"`
	Ours       bool      `json:"ours,omitempty"`
	Alive      *bool     `json:"alive,omitempty"`
	Checkpoint leaseSpot `json:"checkpoint"`
	Arrived    time.Time `json:"arrived,omitzero"`
	Forgotten  bool      `json:"forgotten,omitempty"`
	LagMS      *int64    `json:"lag_ms,omitempty"`
	LagRecords *int64    `json:"lag_records,omitempty"`
	LagBytes   *int64    `json:"lag_bytes,omitempty"`
	Switches   int64     `json:"switches"`
	Parents    []string  `json:"parents,omitempty"`
	Start      string    `json:"start,omitempty"` // of the hash range
	End        string    `json:"end,omitempty"`
}

// leaseSpot is a checkpoint.
type leaseSpot struct {
	Position string `json:"position"`
	Sub      int64  `json:"sub"`
}

func spot(c lease.Checkpoint) leaseSpot { return leaseSpot(c) }

func (s leaseSpot) String() string {
	if s.Sub == 0 {
		return legible(s.Position)
	}
	return fmt.Sprintf("%s/%d", legible(s.Position), s.Sub)
}

type workerStatus struct {
	Worker   string    `json:"worker"`
	Leases   int       `json:"leases"` // that it has
	Ours     bool      `json:"ours,omitempty"`
	Alive    *bool     `json:"alive,omitempty"`
	Reported time.Time `json:"reported,omitzero"` // to a fleet of KCL 3.x
	Able     bool      `json:"able,omitempty"`
}

// print shows a lease a line, the workers where that says more, and the account.
func (r *leasesReport) print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SHARD\tSTATE\tOWNER\tLAG\tRECORDS\tBYTES\tAGE\tSWITCHES\tCHECKPOINT")
	for _, l := range r.Leases {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", legible(l.Shard), l.stateText(), workerText(l.Owner, l.Ours),
			lagText(l.LagMS), countText(l.LagRecords), countText(l.LagBytes), l.ageText(), l.Switches, l.checkpointText())
	}
	if r.Regime != "" || slices.ContainsFunc(r.Workers, func(w workerStatus) bool { return !w.Reported.IsZero() }) {
		fmt.Fprintln(table, "\nWORKER\tLEASES\tREPORTED")
		for _, w := range r.Workers {
			fmt.Fprintf(table, "%s\t%d\t%s\n", workerText(w.Worker, w.Ours), w.Leases, w.reportText())
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if r.Regime != "" || r.Leader != "" {
		fmt.Fprintf(w, "\nfleet of KCL 3.x: %s; leader: %s\n", cmp.Or(legible(r.Regime), "not migrating"), cmp.Or(legible(r.Leader), "none"))
	}
	fmt.Fprintf(w, "\n%s: %s, %s", r.Place, counted(len(r.Leases), "lease"), counted(len(r.Workers), "worker"))
	if alive, known := r.living(); known {
		fmt.Fprintf(w, " (%d alive)", alive)
	}
	separator := "; "
	for _, state := range leaseStates {
		if n := r.States[state]; n > 0 {
			fmt.Fprintf(w, "%s%d %s", separator, n, state)
			separator = ", "
		}
	}
	if r.LagMS != nil {
		fmt.Fprintf(w, "; furthest behind: %s", lagText(r.LagMS))
	}
	fmt.Fprintln(w)
	for _, what := range r.Unknown {
		fmt.Fprintln(w, "not known:", what)
	}
	return nil
}

// living counts the workers that live, where that is known of all.
func (r *leasesReport) living() (alive int, known bool) {
	for _, w := range r.Workers {
		if w.Alive == nil {
			return 0, false
		}
		if *w.Alive {
			alive++
		}
	}
	return alive, len(r.Workers) > 0
}

func (l leaseStatus) stateText() string {
	text := l.State
	if l.Next != "" {
		text += " to " + legible(l.Next)
	}
	if l.State == leaseHeld && l.Alive == nil {
		text += "?"
	}
	return text
}

func (l leaseStatus) ageText() string {
	if l.Arrived.IsZero() {
		return "-"
	}
	return rounded(time.Since(l.Arrived))
}

func (l leaseStatus) checkpointText() string {
	if l.Forgotten {
		return l.Checkpoint.String() + " (which the stream does not have any more)"
	}
	return l.Checkpoint.String()
}

func (w workerStatus) reportText() string {
	switch {
	case w.Reported.IsZero():
		return "no"
	case !w.Able:
		return rounded(time.Since(w.Reported)) + " ago, cannot be given leases"
	}
	return rounded(time.Since(w.Reported)) + " ago"
}

func workerText(id string, ours bool) string {
	switch {
	case id == "":
		return "-"
	case ours:
		return legible(id) + " (here)"
	}
	return legible(id)
}

func lagText(ms *int64) string {
	if ms == nil {
		return "-"
	}
	return rounded(time.Duration(*ms) * time.Millisecond)
}

func countText(n *int64) string {
	if n == nil {
		return "-"
	}
	return strconv.FormatInt(*n, 10)
}

// rounded leaves of a time what a person reads: of seconds a tenth, of minutes the seconds.
func rounded(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// counted is a number of things.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
