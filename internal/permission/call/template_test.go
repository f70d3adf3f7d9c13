package call

import (
	"slices"
	"testing"
)

func TestExpand(t *testing.T) {
	values := map[string][]string{
		"Region": {"eu-west-2"}, "Account": {"111122223333"}, "Bucket": {"letters"}, "Key": {"dead/a", "dead/b"}, "Empty": {""},
		"Url": {"https://sqs.eu-west-2.amazonaws.com/444455556666/letters"}, "Name": {"leases"}, "ARN": {"arn:aws:dynamodb:eu-west-1:999900001111:table/x"},
		"Both": {"leases", "arn:aws:dynamodb:eu-west-1:999900001111:table/x"},
	}
	for _, c := range []struct {
		template Template
		want     []string
	}{
		{"*", []string{"*"}},
		{"arn:aws:s3:::${Bucket}/${Key}", []string{"arn:aws:s3:::letters/dead/a", "arn:aws:s3:::letters/dead/b"}},
		{"${Key}-${Key}", []string{"dead/a-dead/a", "dead/b-dead/a", "dead/a-dead/b", "dead/b-dead/b"}},
		{"arn:aws:sqs:${Region}:${Url/-2}:${Url/-1}", []string{"arn:aws:sqs:eu-west-2:444455556666:letters"}},
		{"${Name/-1}", []string{"leases"}},
		{"${Name/-2}", nil},
		{"arn:aws:dynamodb:${Region}:${Account}:table/${ARN}", []string{"arn:aws:dynamodb:eu-west-1:999900001111:table/x"}},
		{"arn:aws:sqs:${Region}:${ARN}:${ARN}", []string{"arn:aws:dynamodb:eu-west-1:999900001111:table/x"}},
		{"arn:aws:dynamodb:${Region}:${Account}:table/${Both}", []string{"arn:aws:dynamodb:eu-west-1:999900001111:table/x", "arn:aws:dynamodb:eu-west-2:111122223333:table/leases"}},
		{"table ${ARN}", []string{"table arn:aws:dynamodb:eu-west-1:999900001111:table/x"}},
		{"arn:aws:s3:::${Bucket}/${Missing}", nil},
		{"${Empty}", nil},
		{"", []string{""}},
		{"${Bucket", []string{"${Bucket"}},
		{"$Bucket}", []string{"$Bucket}"}},
	} {
		got := c.template.Expand(func(name string) []string { return values[name] })
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.template, got, c.want)
		}
	}
}

func TestNames(t *testing.T) {
	got := Template("arn:${Partition}:sqs:${Region}:${QueueUrl/-2}:x${QueueUrl/-1}").Names()
	if want := []string{"Partition", "Region", "QueueUrl", "QueueUrl"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// FuzzExpand: a template without placeholders stands for itself, and none makes Expand panic or invent text.
func FuzzExpand(f *testing.F) {
	f.Add("arn:aws:s3:::${Bucket}/${Key/-1}", "a/b")
	f.Add("${}${/-1}", "/")
	f.Fuzz(func(t *testing.T, template, value string) {
		got := Template(template).Expand(func(string) []string { return []string{value} })
		if len(got) > 1 {
			t.Errorf("%q with one value: got %q, want at most one text", template, got)
		}
		if len(Template(template).Names()) == 0 && !slices.Equal(got, []string{template}) {
			t.Errorf("%q without placeholders: got %q, want itself", template, got)
		}
	})
}
