package emulators

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Kinesis starts kinesis-mock, which plays Amazon Kinesis Data Streams of account 111122223333, and returns its URL. It takes any
// credentials, has its own streams in each region, and ends with the test. Creating, splitting and merging take 100 ms, other changes
// of state likewise. It throttles no reader, its iterators do not expire, and its event stream for SubscribeToShard lacks the first
// frame that the Go SDK waits for.
func Kinesis(tb testing.TB) (url string) {
	tb.Helper()
	tools := Install(tb)
	folder := filepath.Join(tools.Folder, "node_modules", "kinesis-local")
	plain := FreePort(tb)
	// Left alone it listens on all interfaces.
	cmd := exec.Command(tools.Node, "--require", filepath.Join(tools.Folder, "loopback.cjs"), filepath.Join(folder, "main.js"))
	cmd.Env = append(os.Environ(),
		"AWS_ACCOUNT_ID=111122223333", "LOG_LEVEL=ERROR",
		"KINESIS_MOCK_CERT_PATH="+filepath.Join(folder, "server.json"),
		fmt.Sprintf("KINESIS_MOCK_PLAIN_PORT=%d", plain), fmt.Sprintf("KINESIS_MOCK_TLS_PORT=%d", FreePort(tb)))
	for _, change := range []string{
		"CREATE_STREAM", "DELETE_STREAM", "SPLIT_SHARD", "MERGE_SHARDS", "UPDATE_SHARD_COUNT", "UPDATE_STREAM_MODE",
		"REGISTER_STREAM_CONSUMER", "DEREGISTER_STREAM_CONSUMER", "START_STREAM_ENCRYPTION", "STOP_STREAM_ENCRYPTION",
	} {
		cmd.Env = append(cmd.Env, change+"_DURATION=100ms")
	}
	url = fmt.Sprintf("http://127.0.0.1:%d", plain)
	Start(tb, "kinesis-mock", cmd, answering(url+"/healthcheck"))
	return url
}
