package dynamo

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"trunkline/internal/lease"
)

// A fleet of Java workers moves through two migrations, and says in the table how far it is. This package reads that, and writes one
// step of it: Upgrade.
//
//	Migration3.0        cv: who gives leases out     none, INIT, 2X, UPGRADE_FROM_2X: takers     3X_WITH_ROLLBACK, 3X: a leader
//	TableMigration3.5   tm: where all but leases is  INIT, DEPLOYED: in tables of their own      PENDING, COMPLETE: in the lease table
//
// Versions 3.0 to 3.4 kept state and metrics in tables of their own, and a worker older than 3.5 cannot read a lease table with
// other rows in it. So a row goes into the lease table only when there is no table of states, or the fleet has said that all can.

// Names in the tables of states.
const (
	stateSuffix   = "-CoordinatorState"
	metricsSuffix = "-WorkerMetricStats"

	stateKey = "key" // of the table of states

	versionRow     = "Migration3.0"
	versionAttr    = "cv"
	versionEntity  = "CLIENT_VERSION_MIGRATION"
	upgrading      = "CLIENT_VERSION_UPGRADE_FROM_2X"
	upgraded       = "CLIENT_VERSION_3X_WITH_ROLLBACK"
	tableRow       = "TableMigration3.5"
	tableAttribute = "tm"
	tableEntity    = "TABLE_MIGRATION"
)

// regimes are the versions of Migration3.0.
var regimes = map[string]lease.Regime{
	"":                    {},
	"CLIENT_VERSION_INIT": {},
	"CLIENT_VERSION_2X":   {},
	upgrading:             {Reported: true, Upgrading: true},
	upgraded:              {Assigned: true, Reported: true},
	"CLIENT_VERSION_3X":   {Assigned: true, Reported: true},
}

// phase is how far the second migration is.
type phase int

const (
	together phase = iota // there is one table, or all is in it
	apart                 // tables of their own
	deployed              // tables of their own, but workers that were started again report in the lease table
	moving                // reports are in the lease table, states are on their way
	unknown               // a phase of next year's
)

var phases = map[string]phase{
	"":                                apart,
	"TABLE_MIGRATION_STATUS_INIT":     apart,
	"TABLE_MIGRATION_STATUS_DEPLOYED": deployed,
	"TABLE_MIGRATION_STATUS_PENDING":  moving,
	"TABLE_MIGRATION_STATUS_COMPLETE": together,
}

// layout is where things are.
type layout struct {
	phase phase
	// ahead says that workers of another program report in the lease table already.
	ahead bool
	// versionAside says that Migration3.0 is in the table of states.
	versionAside bool
}

// reportsHere tells whether this worker's report goes into the lease table. While some report here and some there, it goes with the
// others: the fleet does not get on while anybody still reports in the old table, nor may anybody report in the new one too early.
func (l layout) reportsHere() bool {
	switch l.phase {
	case together, moving:
		return true
	case apart:
		return false
	default:
		return l.ahead
	}
}

// lockHere tells whether the leader's lock is in the lease table.
func (l layout) lockHere() bool { return l.phase == together }

// aside tells whether reports may be in the old table.
func (l layout) aside() bool { return l.phase != together }

// Regime reads both states. A state that this version does not know is followed, and said once.
func (t *Table) Regime(ctx context.Context) (lease.Regime, error) {
	states := t.application + stateSuffix
	version, old, err := t.state(ctx, states, stateKey, versionRow, versionAttr, "")
	if err != nil {
		return lease.Regime{}, err
	}
	now := layout{phase: together}
	var moved string
	if old {
		if moved, _, err = t.state(ctx, states, stateKey, tableRow, tableAttribute, ""); err != nil {
			return lease.Regime{}, err
		}
		var known bool
		if now.phase, known = phases[moved]; !known {
			now.phase = unknown
			t.once(tableRow+moved, "the table is in a phase that this version does not know: it follows, and does not lead", "row", tableRow, "phase", moved)
		}
	}
	if now.versionAside = version != ""; !now.versionAside {
		if version, _, err = t.state(ctx, t.name, keyAttribute, versionRow, versionAttr, versionEntity); err != nil {
			return lease.Regime{}, err
		}
	}
	r, known := regimes[version]
	if !known {
		r = lease.Regime{Assigned: true, Reported: true, Leaderless: true}
		t.once(versionRow+version, "the table is in a state that this version does not know: it follows, and does not lead", "row", versionRow, "state", version)
	}
	if now.phase == deployed || now.phase == unknown {
		if now.ahead, err = t.ahead(ctx); err != nil {
			return lease.Regime{}, err
		}
	}
	r.Leaderless = r.Leaderless || now.phase == unknown
	if r.Name = version; version == "" {
		r.Name = "none"
	}
	if moved != "" {
		r.Name += " " + moved
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.layout = now
	return r, nil
}

// state reads one attribute of a row. exists says that the table is there. In the lease table the row has to be of its kind: a
// lease may have any key.
func (t *Table) state(ctx context.Context, table, key, row, attribute, entity string) (value string, exists bool, err error) {
	out, err := t.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &table, Key: item{key: text(row)}, ConsistentRead: aws.Bool(true),
	})
	switch {
	case missing(err) && table != t.name:
		return "", false, nil
	case denied(err) && table != t.name:
		// Most fleets never had that table, and many roles do not name it.
		t.once(table, "it is not known whether the fleet migrates", "error", t.fault("GetItem", table, "", err))
		return "", false, nil
	case err != nil:
		return "", false, t.fault("GetItem", table, "", err)
	case out.Item == nil:
		return "", true, nil
	}
	r := reader{row: out.Item}
	if kind := r.text(entityAttribute); entity != "" && kind != entity {
		return "", true, nil
	}
	t.learn(out.Item)
	if value = r.need(attribute); r.err != nil {
		t.once(table+row, "row of a state cannot be read", "table", table, "row", row, "error", r.err)
		return "unreadable", true, nil
	}
	return value, true, nil
}

// ahead tells whether a worker of another program has reported in the lease table of late.
func (t *Table) ahead(ctx context.Context) (bool, error) {
	reports, err := t.reportsHere(ctx)
	now := time.Now()
	for _, r := range reports {
		if age := now.Sub(r.Updated); !r.Ours && age <= reportValid {
			return true, nil
		}
	}
	return false, err
}
