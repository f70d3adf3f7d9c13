package dynamo

import (
	"errors"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"trunkline/internal/lease"
)

// A lease that was written is read as it was, and nothing empty is in its row.
func TestEncodeDecode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfNDistinct(rapid.StringN(1, 20, -1), 0, 3, rapid.ID[string])
		text := rapid.StringN(1, 60, -1)
		l := lease.Lease{
			Key: text.Draw(t, "key"), Checkpoint: lease.Checkpoint{Position: text.Draw(t, "position"), Sub: rapid.Int64Min(0).Draw(t, "sub")},
			Parents: keys.Draw(t, "parents"), Children: keys.Draw(t, "children"),
			Stream: rapid.String().Draw(t, "stream"), Shard: rapid.String().Draw(t, "shard"),
		}
		if rapid.Bool().Draw(t, "range") {
			l.Range = lease.Range{Start: text.Draw(t, "start"), End: text.Draw(t, "end")}
		}
		if err := l.Check(); err != nil {
			t.Fatal(err)
		}
		row := encode(l, rapid.Bool().Draw(t, "kinds"))
		for name, value := range row {
			switch v := value.(type) {
			case *types.AttributeValueMemberS:
				if v.Value == "" {
					t.Errorf("%s is empty", name)
				}
			case *types.AttributeValueMemberSS:
				if len(v.Value) == 0 {
					t.Errorf("%s is an empty set", name)
				}
			}
		}
		got, err := decode(row)
		l.Parents, l.Children = slices.Sorted(slices.Values(l.Parents)), slices.Sorted(slices.Values(l.Children))
		if diff := cmp.Diff(got, l); diff != "" || err != nil {
			t.Errorf("decoded (%v), got - want +:\n%s", err, diff)
		}
	})
}

// A row of anything is a lease with a key and a position, another kind of row, or an error.
func TestDecodeAnything(t *testing.T) {
	names := []string{
		keyAttribute, ownerAttribute, counterAttribute, positionAttribute, subAttribute, switchesAttribute, drainerAttribute,
		throughputAttribute, parentsAttribute, childrenAttribute, startAttribute, endAttribute, streamAttribute, shardAttribute,
		entityAttribute, "unknown",
	}
	value := rapid.Custom(func(t *rapid.T) types.AttributeValue {
		s := rapid.SampledFrom([]string{"", "LEASE", "LEADER", "1", "-1", "1e400", "NaN", "99999999999999999999", "x"}).Draw(t, "text")
		return rapid.SampledFrom([]types.AttributeValue{
			nil, &types.AttributeValueMemberS{Value: s}, &types.AttributeValueMemberN{Value: s}, &types.AttributeValueMemberB{Value: []byte(s)},
			&types.AttributeValueMemberSS{Value: []string{s}}, &types.AttributeValueMemberBOOL{}, &types.AttributeValueMemberNULL{},
			&types.AttributeValueMemberL{}, &types.AttributeValueMemberM{}, &types.UnknownUnionMember{},
		}).Draw(t, "value")
	})
	rapid.Check(t, func(t *rapid.T) {
		row := item(rapid.MapOf(rapid.SampledFrom(names), value).Draw(t, "row"))
		l, err := decode(row)
		if err == nil && (l.Key == "" || l.Checkpoint.Position == "") {
			t.Errorf("got %+v from %v without an error", l, plain(row))
		}
		kind, known := row[entityAttribute].(*types.AttributeValueMemberS)
		if known && kind.Value == "LEADER" && !errors.Is(err, errOther) {
			t.Errorf("got %+v %v from a row of the leader", l, err)
		}
	})
}
