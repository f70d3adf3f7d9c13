package iamdata

import "testing"

func TestRules(t *testing.T) {
	const own = "arn:${Partition}:x:${Region}:${Account}:"
	for _, tt := range []struct {
		name   string // of the type
		format string
		others []string
		want   string
	}{
		{"secret", own + "secret:${SecretId}", nil, ""},
		{"instance", own + "instance/${Id}", []string{own + "instance/${Id}/user/${UserId}"}, "2"},
		{"function", own + "function:${Name}", []string{own + "function:${Name}:${Alias}"}, "1"},
		{"both", own + "a/${Name}", []string{own + "a/${Name}:${Alias}", own + "a/${Name}/b"}, "3"},
		{"user", own + "instance/${Id}/user/${UserId}", nil, "3"},
		{"object", "arn:${Partition}:s3:::${BucketName}/${ObjectName}", []string{own + "accesspoint/${Name}/object/${ObjectName}"}, ""},
		{"bucket", "arn:${Partition}:s3:::${BucketName}", []string{"arn:${Partition}:s3:::${BucketName}/${ObjectName}"}, "2"},
		{"stream", own + "stream/${Name}", []string{own + "${Kind}/${Name}/consumer/${Consumer}:${Time}"}, "2"},
		{"stream", own + "table/${TableName}/stream/${StreamLabel}", nil, "2"},
		{"log-stream", own + "log-group:${LogGroupName}:log-stream:${LogStreamName}", nil, "1"},
		{"wildcard-queue", own + "queue/*", nil, "4"},
		{"fixed", own + "thing", []string{own + "thing/${Id}"}, ""},
		{"other", own + "thing/${Id}", []string{own + "thingy/${Id}/part"}, ""},
	} {
		if got := rules(tt.name, []string{tt.format}, append(tt.others, tt.format)); got != tt.want {
			t.Errorf("rules of %s %q beside %q: got %q, want %q", tt.name, tt.format, tt.others, got, tt.want)
		}
	}
}
