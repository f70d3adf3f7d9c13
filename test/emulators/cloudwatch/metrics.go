package cloudwatch

import (
	"math"
	"strings"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

const (
	maxMetrics = 1000
	oldest     = 14 * 24 * time.Hour
	ahead      = 2 * time.Hour
	largest    = 1 << 360
)

// understand reads a request that fits the model, and refuses what only the reference says.
func understand(request cbor.Map) ([]Datum, *Fault) {
	namespace := text(request["Namespace"])
	metrics, _ := request["MetricData"].(cbor.List)
	switch {
	case strings.HasPrefix(namespace, "AWS/"):
		return nil, refuse("InvalidParameterValueException", "the namespace %s is AWS's own", namespace)
	case len(metrics) == 0:
		return nil, refuse("MissingRequiredParameterException", "no metrics")
	case len(metrics) > maxMetrics:
		return nil, refuse("InvalidParameterValueException", "%d metrics, at most %d in a request", len(metrics), maxMetrics)
	}
	var all []Datum
	for _, m := range metrics {
		d, fault := datum(m.(cbor.Map))
		if fault != nil {
			return nil, fault
		}
		d.Namespace = namespace
		all = append(all, d)
	}
	return all, nil
}

func datum(m cbor.Map) (Datum, *Fault) {
	d := Datum{Name: text(m["MetricName"]), Unit: text(m["Unit"]), Dimensions: map[string]string{}}
	if d.Unit == "" {
		d.Unit = "None"
	}
	dimensions, _ := m["Dimensions"].(cbor.List)
	for _, v := range dimensions {
		name, value := text(v.(cbor.Map)["Name"]), text(v.(cbor.Map)["Value"])
		switch {
		case d.Dimensions[name] != "":
			return d, refuse("InvalidParameterValueException", "%s has the dimension %s twice", d.Name, name)
		case !ascii(name) || !ascii(value) || strings.TrimSpace(value) == "" || name[0] == ':':
			return d, refuse("InvalidParameterValueException", "%s has the dimension %q=%q", d.Name, name, value)
		}
		d.Dimensions[name] = value
	}
	if v, found := m["Timestamp"]; found {
		at, _ := cbor.AsTime(v) // the model's check has read it
		if age := time.Since(at); age > oldest || age < -ahead {
			return d, refuse("InvalidParameterValueException", "%s is of %v", d.Name, at)
		}
	}
	value, hasValue := m["Value"]
	statistics, hasStatistics := m["StatisticValues"].(cbor.Map)
	values, hasValues := m["Values"].(cbor.List)
	counts, hasCounts := m["Counts"].(cbor.List)
	given := 0
	for _, has := range []bool{hasValue, hasStatistics, hasValues} {
		if has {
			given++
		}
	}
	switch {
	case given != 1:
		return d, refuse("InvalidParameterCombinationException", "%s has %d of Value, StatisticValues and Values, want one", d.Name, given)
	case hasCounts && (!hasValues || len(counts) != len(values)):
		return d, refuse("InvalidParameterCombinationException", "%s has %d counts of %d values", d.Name, len(counts), len(values))
	case hasStatistics:
		d.Count, d.Sum = float(statistics["SampleCount"]), float(statistics["Sum"])
		d.Min, d.Max = float(statistics["Minimum"]), float(statistics["Maximum"])
	case hasValue:
		d.add(float(value), 1)
	}
	for i, v := range values {
		n := 1.0
		if hasCounts {
			n = float(counts[i])
		}
		d.add(float(v), n)
	}
	for _, n := range []float64{d.Count, d.Sum, d.Min, d.Max} {
		if math.IsNaN(n) || math.Abs(n) > largest {
			return d, refuse("InvalidParameterValueException", "%s has the value %v", d.Name, n)
		}
	}
	if d.Count <= 0 || d.Min > d.Max {
		return d, refuse("InvalidParameterValueException", "%s has %v values from %v to %v", d.Name, d.Count, d.Min, d.Max)
	}
	return d, nil
}

func (d *Datum) add(value, times float64) {
	if d.Count == 0 {
		d.Min, d.Max = value, value
	}
	d.Count += times
	d.Sum += value * times
	d.Min, d.Max = min(d.Min, value), max(d.Max, value)
}

func text(v cbor.Value) string {
	s, _ := v.(cbor.String)
	return string(s)
}

// float is a number that the model's check has read.
func float(v cbor.Value) float64 {
	n, _ := number(v)
	return n
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s != ""
}
