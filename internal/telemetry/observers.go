package telemetry

import (
	"time"

	"trunkline/internal/collector"
	"trunkline/internal/destination/httpapi"
)

// Observers tells each of them, in this order. None may be nil.
func Observers(each ...collector.Observer) collector.Observer {
	if len(each) == 1 {
		return each[0]
	}
	return observers(each)
}

type observers []collector.Observer

func (each observers) Read(records, bytes int) {
	for _, o := range each {
		o.Read(records, bytes)
	}
}

func (each observers) Settled(outcome collector.Outcome, reason string, records int, read time.Time) {
	for _, o := range each {
		o.Settled(outcome, reason, records, read)
	}
}

func (each observers) Revoked(records int) {
	for _, o := range each {
		o.Revoked(records)
	}
}

func (each observers) Committed(took time.Duration) {
	for _, o := range each {
		o.Committed(took)
	}
}

// DestinationObservers tells each of them, in this order. None may be nil.
func DestinationObservers(each ...httpapi.Observer) httpapi.Observer {
	if len(each) == 1 {
		return each[0]
	}
	return destinationObservers(each)
}

type destinationObservers []httpapi.Observer

func (each destinationObservers) Request(status int, took time.Duration) {
	for _, o := range each {
		o.Request(status, took)
	}
}

func (each destinationObservers) Retry(status int) {
	for _, o := range each {
		o.Retry(status)
	}
}

func (each destinationObservers) State(s httpapi.State) {
	for _, o := range each {
		o.State(s)
	}
}
