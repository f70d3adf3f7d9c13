package emulators

import (
	"os/exec"
	"testing"
)

// DynamoDB starts dynalite, which stops with the test, and returns its URL. It takes any credentials and any region. It has no
// transactions, does not throttle, and reads what was just written even where the service might not yet.
func DynamoDB(tb testing.TB) string {
	tb.Helper()
	tools := Install(tb)
	cmd := exec.Command(tools.Node, "dynalite.mjs")
	cmd.Dir = tools.Folder
	server := Start(tb, "dynalite", cmd, nil)
	return "http://127.0.0.1:" + server.FirstLine(tb, "listening ")
}
