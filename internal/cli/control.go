package cli

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"trunkline/internal/collector"
	"trunkline/internal/source/files"
	"trunkline/internal/state"
)

// The control socket is how other commands ask a running collector: a Unix socket beside the state file, for its owner only.

// statusReport is what trunkline status --output json prints.
type statusReport struct {
	State       string            `json:"state"` // running or stopped
	PID         int               `json:"pid,omitempty"`
	Version     string            `json:"version,omitempty"`
	Since       time.Time         `json:"since,omitzero"`
	Outcomes    map[string]uint64 `json:"outcomes"` // records by outcome since the state file was made
	Positions   []statusPosition  `json:"positions"`
	DeadLetters int               `json:"dead_letters"`            // that wait for a replay
	InFlight    int               `json:"in_flight,omitempty"`     // records read and not settled
	Window      int               `json:"dedupe_window,omitempty"` // versions remembered
	LagBytes    *int64            `json:"lag_bytes,omitempty"`     // behind the end of the source; of a stream, about
	BehindMS    *int64            `json:"behind_ms,omitempty"`     // of a stream: how far the shard that is furthest behind its end is, in time
	Rate        float64           `json:"records_per_second"`      // settled, over the last seconds
	NotReady    []string          `json:"not_ready,omitempty"`     // why it does not get on
}

type statusPosition struct {
	Partition string `json:"partition"`
	Position  string `json:"position"`
	Where     string `json:"where"` // for people
}

// maxSocketPath is the longest name that leaves room for where the socket is made, within what all systems take: 103 bytes.
const maxSocketPath = 100

// controlPath is beside the state file or, where that name is too long for a socket, in the folder for temporary files.
func controlPath(stateFile string) string {
	path := stateFile + ".sock"
	if len(path) <= maxSocketPath {
		return path
	}
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	sum := sha256.Sum256([]byte(path))
	return filepath.Join(os.TempDir(), fmt.Sprintf("trunkline-%x.sock", sum[:8]))
}

// serveControl answers on the control socket until the returned function is called.
func (r *run) serveControl() (stop func() error, err error) {
	path := controlPath(r.config.State.File)
	listener, err := listenPrivately(path)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		report, err := r.status()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(report)
	})
	mux.HandleFunc("GET /dead-letters", r.serveLetters)
	mux.HandleFunc("GET /leases", r.serveLeases)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	return func() error {
		err := server.Close()
		if served := <-done; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return errors.Join(err, os.Remove(path))
	}, nil
}

// listenPrivately makes a socket that nobody but its owner can ever connect to, whatever the umask is: in a folder of the owner's
// alone, from where it gets its name when its mode is right. The caller removes the name in the end.
func listenPrivately(path string) (*net.UnixListener, error) {
	// The state file is ours alone, so what is there is what a killed process has left behind.
	folder := path + "~"
	if err := errors.Join(os.RemoveAll(folder), os.Mkdir(folder, 0o700)); err != nil {
		return nil, err
	}
	inner := folder + "/s"
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: inner, Net: "unix"})
	if err != nil {
		return nil, errors.Join(err, os.Remove(folder))
	}
	listener.SetUnlinkOnClose(false) // it goes by another name by then
	if err := errors.Join(os.Chmod(inner, 0o600), os.Rename(inner, path), os.Remove(folder)); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}

// status describes the running collector.
func (r *run) status() (*statusReport, error) {
	report, err := storedStatus(r.store)
	if err != nil {
		return nil, err
	}
	report.State, report.PID, report.Version, report.Since = "running", os.Getpid(), version(), r.began
	counts, inFlight := r.collector.Counts()
	report.InFlight, report.NotReady = inFlight, r.watch.health.Reasons()
	report.Rate = r.speed.rate(counts.Total(), time.Now())
	report.Window, report.DeadLetters = r.journal.sizes()
	if lag, ok := r.source.Lag(); ok {
		report.LagBytes = &lag
	}
	if r.stream != nil {
		r.shardStatus(report)
	}
	return report, nil
}

// storedStatus is what the state file knows.
func storedStatus(store *state.Store) (*statusReport, error) {
	outcomes, err := store.Outcomes()
	if err != nil {
		return nil, err
	}
	for o := collector.Delivered; o < collector.Outcomes; o++ {
		outcomes[o.String()] += 0 // a reader finds all names from the beginning
	}
	positions, err := store.Positions()
	if err != nil {
		return nil, err
	}
	letters, err := store.DeadLetterCount()
	if err != nil {
		return nil, err
	}
	report := &statusReport{State: "stopped", Outcomes: outcomes, DeadLetters: letters, Positions: []statusPosition{}}
	for partition, position := range positions {
		report.Positions = append(report.Positions, statusPosition{partition, position, files.Describe(partition, position)})
	}
	leases, err := store.Leases().List(context.Background())
	if err != nil {
		return nil, err
	}
	report.Positions = append(report.Positions, streamPositions(leases)...)
	return report, nil
}

// askStatus asks the collector that runs on a state file. The error is a *net.OpError when none answers.
func askStatus(ctx context.Context, stateFile string) (*statusReport, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	body, err := askRunning(ctx, stateFile, "/status", nil)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	report := &statusReport{}
	return report, json.NewDecoder(body).Decode(report)
}

// askRunning asks the collector that runs on a state file. The caller closes the answer. The error is a *net.OpError when none answers.
func askRunning(ctx context.Context, stateFile, path string, query url.Values) (io.ReadCloser, error) {
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", controlPath(stateFile))
		},
	}
	address := url.URL{Scheme: "http", Host: "trunkline", Path: path, RawQuery: query.Encode()}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, err
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if refused, ok := errors.AsType[*url.Error](err); ok {
		err = refused.Err // without the address, which means nothing to a person
	}
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusOK {
		return response.Body, nil
	}
	defer response.Body.Close()
	reason, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	return nil, fmt.Errorf("the running collector answers %s: %s", response.Status, strings.TrimSpace(string(reason)))
}
