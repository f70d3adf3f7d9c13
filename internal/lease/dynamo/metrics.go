package dynamo

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trunkline/internal/lease"
)

// The attributes of a worker's report.
const (
	metricsKey    = "wid" // of the table of reports
	reportEntity  = "WORKER_METRIC_STATS"
	updatedAttr   = "lut"        // N, seconds since 1970
	samplesAttr   = "sts"        // M of L of N: up to ten values of each metric, newest last
	limitsAttr    = "opr"        // M of L of N: the highest value of each metric that is meant to be reached
	supportAttr   = "sup"        // N: 1 understands the migration to one table
	supportedAttr = "slu"        // N: when that was said
	programAttr   = "reportedBy" // S, ours: Java's readers pass over what they do not know

	program     = "trunkline"
	cpuMetric   = "C"
	cpuLimit    = 100
	samples     = 10
	support     = 1
	failedValue = -1
	reportValid = time.Minute
)

// Report writes the row that a Java leader knows this worker by. Where the use of the processors can be measured it is in it, so that
// a fleet of several kinds is compared by one measure; else the row is empty, which Java takes for the default. A value of -1 keeps
// the leader from giving it anything.
func (t *Table) Report(ctx context.Context, worker string, blind bool) error {
	t.mu.Lock()
	here, now := t.layout.reportsHere(), time.Now()
	if percent, ok := t.cpu.Percent(now); ok {
		t.load = append(t.load[max(0, len(t.load)-samples+1):], percent)
	} else {
		t.load = nil
	}
	values := append([]float64(nil), t.load...)
	t.mu.Unlock()
	if blind {
		values = append(values[max(0, len(values)-samples+1):], failedValue)
	}
	sts, opr := item{}, item{}
	if len(values) > 0 {
		var list []types.AttributeValue
		for _, v := range values {
			list = append(list, decimal(v))
		}
		sts[cpuMetric] = &types.AttributeValueMemberL{Value: list}
		opr[cpuMetric] = &types.AttributeValueMemberL{Value: []types.AttributeValue{whole(cpuLimit)}}
	}
	c := change{counterStays: true}
	c.set(updatedAttr, whole(now.Unix()))
	c.set(samplesAttr, &types.AttributeValueMemberM{Value: sts})
	c.set(limitsAttr, &types.AttributeValueMemberM{Value: opr})
	c.set(supportAttr, whole(support))
	c.set(supportedAttr, whole(now.Unix()))
	c.set(programAttr, text(program))
	table, key := t.application+metricsSuffix, metricsKey
	if here {
		table, key = t.name, keyAttribute
		c.set(entityAttribute, text(reportEntity))
	}
	// A lease of that name is not to be made a report.
	c.absent(counterAttribute)
	_, err := t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &table, Key: item{key: text(worker)}, UpdateExpression: aws.String(c.update()), ConditionExpression: aws.String(c.condition()),
		ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.values,
	})
	if here {
		t.mu.Lock()
		t.scanned = time.Time{} // what it found is older
		t.mu.Unlock()
	}
	if missing(err) {
		err = fmt.Errorf("%w: KCL 3.0 to 3.4 made its table of states, and not this one: %w", lease.ErrSetup, err)
	}
	return t.fault("UpdateItem", table, "", err)
}

// Reports reads what all workers wrote, wherever that may be; of two reports of one worker the later one. It costs no read of the
// lease table right after a List.
func (t *Table) Reports(ctx context.Context) ([]lease.Report, error) {
	all, err := t.reportsHere(ctx)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	aside := t.layout.aside()
	t.mu.Unlock()
	if aside {
		table := t.application + metricsSuffix
		err := t.scan(ctx, table, func(row item) {
			if r, err := decodeReport(row, metricsKey); err == nil {
				r.Place = table
				all = append(all, r)
			}
		})
		if err != nil && !missing(err) {
			return nil, err
		}
	}
	latest := map[string]int{}
	var merged []lease.Report
	for _, r := range all {
		i, known := latest[r.Worker]
		if !known {
			latest[r.Worker] = len(merged)
			merged = append(merged, r)
		} else if r.Updated.After(merged[i].Updated) {
			merged[i] = r
		}
	}
	return merged, nil
}

// reportsHere are those in the lease table, as of the latest scan if that was just now.
func (t *Table) reportsHere(ctx context.Context) ([]lease.Report, error) {
	t.mu.Lock()
	reports, fresh := t.reports, time.Since(t.scanned) < scanFresh
	t.mu.Unlock()
	if !fresh {
		if _, err := t.List(ctx); err != nil {
			return nil, err
		}
		t.mu.Lock()
		reports = t.reports
		t.mu.Unlock()
	}
	return append([]lease.Report(nil), reports...), nil
}

// Forget deletes a row unless it was written again.
func (t *Table) Forget(ctx context.Context, known lease.Report) error {
	key := keyAttribute
	if known.Place != t.name {
		key = metricsKey
	}
	c := change{}
	c.equals(updatedAttr, whole(known.Updated.Unix()))
	_, err := t.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: &known.Place, Key: item{key: text(known.Worker)},
		ConditionExpression: aws.String(c.condition()), ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.values,
	})
	if refused(err) {
		return lease.ErrConflict
	}
	t.mu.Lock()
	t.scanned = time.Time{}
	t.mu.Unlock()
	return t.fault("DeleteItem", known.Place, "", err)
}

// decodeReport reads a row by any program.
func decodeReport(row item, key string) (lease.Report, error) {
	r := reader{row: row}
	if key == keyAttribute && r.text(entityAttribute) != reportEntity {
		return lease.Report{}, errOther
	}
	report := lease.Report{
		Worker: r.need(key), Updated: time.Unix(r.whole(updatedAttr, true), 0), Ours: r.text(programAttr) == program,
	}
	report.Able = able(row)
	return report, r.err
}

// able tells whether a report is complete: every metric has a limit that is not 0, and its latest value is one.
func able(row item) bool {
	sts, ok := row[samplesAttr].(*types.AttributeValueMemberM)
	opr, ok2 := row[limitsAttr].(*types.AttributeValueMemberM)
	if !ok || !ok2 {
		return false
	}
	for metric, values := range sts.Value {
		all, limits := numbers(values), numbers(opr.Value[metric])
		if len(all) == 0 || len(limits) == 0 || all[len(all)-1] < 0 || limits[0] == 0 {
			return false
		}
	}
	return true
}

// numbers is a list of numbers, nil when it is none.
func numbers(v types.AttributeValue) []float64 {
	list, _ := v.(*types.AttributeValueMemberL)
	if list == nil {
		return nil
	}
	var all []float64
	for _, v := range list.Value {
		n, ok := v.(*types.AttributeValueMemberN)
		if !ok {
			return nil
		}
		f, err := strconv.ParseFloat(n.Value, 64)
		if err != nil {
			return nil
		}
		all = append(all, f)
	}
	return all
}
