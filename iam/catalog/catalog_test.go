package catalog

import "testing"

// TestCounts holds the embedded facts to the counts of the version that they were made from.
func TestCounts(t *testing.T) {
	c := Default()
	var actions, types, keys int
	for _, prefix := range c.Services() {
		s, ok := c.Service(prefix)
		if !ok {
			t.Fatalf("Service(%q): not found, though listed", prefix)
		}
		actions, types, keys = actions+len(s.Actions), types+len(s.Types), keys+len(s.Keys)
	}
	got := [4]int{len(c.Services()), actions, types, keys}
	if want := [4]int{456, 22091, 2334, 2578}; got != want {
		t.Errorf("services, actions, types, keys: got %v, want %v", got, want)
	}
}

// TestServiceCounts has actions, types and keys of services as the reference listed them at the date of the facts.
func TestServiceCounts(t *testing.T) {
	for prefix, want := range map[string][3]int{
		"connect": {387, 45, 21}, "connect-campaigns": {40, 1, 3}, "wisdom": {95, 11, 6}, "app-integrations": {35, 6, 3},
		"profile": {117, 12, 3}, "voiceid": {31, 1, 3}, "cases": {43, 7, 6}, "pipes": {10, 1, 3}, "events": {74, 18, 20},
		"kinesis": {47, 4, 6}, "kinesisvideo": {46, 2, 3}, "lambda": {119, 11, 14}, "secretsmanager": {23, 1, 24}, "kms": {56, 2, 98},
		"servicequotas": {26, 1, 4}, "s3": {180, 13, 64}, "iam": {190, 15, 22}, "sts": {16, 5, 131}, "logs": {133, 9, 7},
		"ds": {91, 1, 3}, "firehose": {12, 1, 3}, "lex": {152, 7, 6}, "dynamodb": {79, 7, 16}, "cloudwatch": {150, 19, 8},
		"cloudformation": {102, 8, 12}, "ec2": {826, 114, 148}, "sqs": {20, 1, 3}, "sns": {41, 1, 5}, "scheduler": {13, 2, 3},
		"social-messaging": {34, 2, 3}, "appflow": {31, 3, 3},
	} {
		s, ok := Default().Service(prefix)
		if !ok {
			t.Errorf("Service(%q): not found", prefix)
			continue
		}
		if got := [3]int{len(s.Actions), len(s.Types), len(s.Keys)}; got != want {
			t.Errorf("Service(%q): got %v actions, types, keys, want %v", prefix, got, want)
		}
	}
}
