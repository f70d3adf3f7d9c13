//go:build interop

package emulators

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// DynamoDBLocal starts AWS's own DynamoDB Local, in memory, and returns its URL. It takes any credentials whose access key has only
// letters and digits, and any region; all of them see the same tables. It ends with the test. It does not throttle, and reads what
// was just written even where the service might not yet. It needs Java 17 and Maven.
func DynamoDBLocal(tb testing.TB) (url string) {
	tb.Helper()
	folder, err := findFolder()
	if err == nil {
		folder = filepath.Join(folder, "dynamodblocal")
		err = buildDynamoDBLocal(folder)
	}
	if err != nil {
		tb.Fatalf("build DynamoDB Local: %v", err)
	}
	lib := filepath.Join("target", "lib")
	cmd := exec.Command("java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.library.path="+lib,
		"-cp", filepath.Join("target", "dynamodblocal.jar")+string(os.PathListSeparator)+filepath.Join(lib, "*"), "trunkline.emulators.DynamoDBLocal")
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "DDB_LOCAL_TELEMETRY=0")
	return "http://127.0.0.1:" + Start(tb, "DynamoDB Local", cmd, nil).FirstLine(tb, "listening ")
}

func buildDynamoDBLocal(folder string) error {
	java, err := exec.LookPath("java")
	if err != nil {
		return errors.New("java not found, 17 or later is needed: apt-get install openjdk-17-jdk-headless, or see adoptium.net")
	}
	unlock, err := lock(folder)
	if err != nil {
		return err
	}
	defer unlock()
	return once(folder, "target", java, []string{"pom.xml", "src/main/java/trunkline/emulators/DynamoDBLocal.java"}, func() error {
		return Maven(folder)
	})
}

// Maven builds the project in folder. One build at a time: two would spoil each other's local repository.
func Maven(folder string) error {
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return errors.New("mvn not found: apt-get install maven, or see maven.apache.org")
	}
	emulators, err := findFolder()
	if err != nil {
		return err
	}
	unlock, err := lock(emulators)
	if err != nil {
		return err
	}
	defer unlock()
	if err := run(folder, mvn, "-q", "-B", "package"); err != nil {
		return fmt.Errorf("build with Maven: %w", err)
	}
	return nil
}
