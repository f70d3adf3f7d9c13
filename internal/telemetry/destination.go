package telemetry

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"trunkline/internal/destination/httpapi"
)

// destination counts the requests of an HTTP destination.
type destination struct {
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	retries   *prometheus.CounterVec
	state     *prometheus.GaugeVec
	classes   [6]prometheus.Observer // durations by the first digit of the status, resolved; 0: none of these
	silence   prometheus.Observer    // of requests without an answer
}

var states = [...]httpapi.State{httpapi.Flowing, httpapi.Open, httpapi.Paused}

func newDestination() *destination {
	d := &destination{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "trunkline_destination_requests_total",
			Help: "Requests by the status code of their answer; none: no answer came.",
		}, []string{"code"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "trunkline_destination_request_duration_seconds",
			Help:    "Time from sending a request to its answer, or to giving it up, by the class of the status code.",
			Buckets: []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30},
		}, []string{"class"}),
		retries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "trunkline_destination_retries_total",
			Help: "Requests for records that had been sent before, by the status code of the answer before.",
		}, []string{"code"}),
		state: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "trunkline_destination_state",
			Help: "1 for the state that the destination is in: flowing, open (it is down and tried at intervals) or paused (it refuses the key).",
		}, []string{"state"}),
	}
	d.classes[0], d.silence = d.durations.WithLabelValues(other), d.durations.WithLabelValues("none")
	for i := 1; i < len(d.classes); i++ {
		d.classes[i] = d.durations.WithLabelValues(strconv.Itoa(i) + "xx")
	}
	d.State(httpapi.Flowing)
	return d
}

// Request implements [httpapi.Observer].
func (d *destination) Request(status int, took time.Duration) {
	d.requests.WithLabelValues(Code(status)).Inc()
	switch {
	case status == 0:
		d.silence.Observe(took.Seconds())
	case status >= 100 && status <= 599:
		d.classes[status/100].Observe(took.Seconds())
	default:
		d.classes[0].Observe(took.Seconds())
	}
}

// Retry implements [httpapi.Observer].
func (d *destination) Retry(status int) { d.retries.WithLabelValues(Code(status)).Inc() }

// State implements [httpapi.Observer].
func (d *destination) State(now httpapi.State) {
	for _, s := range states {
		value := 0.0
		if s == now {
			value = 1
		}
		d.state.WithLabelValues(s.String()).Set(value)
	}
}

// Code is the word that a status is counted under: 100 to 599, "none" for 0, or "other". The endpoint chooses it, so there is an
// end to how many there can be.
func Code(status int) string {
	switch {
	case status == 0:
		return "none"
	case status >= 100 && status <= 599:
		return strconv.Itoa(status)
	}
	return other
}
