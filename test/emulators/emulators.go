// Package emulators starts what the tests talk to: programs that nobody here wrote, at pinned versions, on loopback.
//
//	Install ─▶ Tools{Node, Python} ─▶ exec.Cmd ─▶ Start ─▶ Server … stopped with the test
//
// Install brings the packages of package-lock.json and requirements.txt into node_modules and .venv beside this file, once
// for all test binaries of a checkout, whichever comes first. Start runs a program until the test that started it ends, by its
// process handle, and shows what it wrote when it does not come up. Receive starts receiver.mjs, an HTTP receiver that
// misbehaves on request.
//
// Nothing in here is linked into trunkline or shipped with it.
package emulators

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Tools says where the programs are.
type Tools struct {
	Folder string // test/emulators of this checkout: node_modules and receiver.mjs are in it
	Node   string // node, version 20 or later
	Python string // the python of the venv, with the packages of requirements.txt
}

// Install makes sure that the pinned packages are in place and returns the tools that run them. It may be called by any
// number of tests and test binaries at the same time: one installs, the others wait for it, and when the lockfiles have not
// changed since the last time it returns at once. The first call on a clean checkout needs the network.
//
// A tool that is missing ends the test as a failure, in CI and elsewhere; the message says how to get it.
func Install(tb testing.TB) Tools {
	tb.Helper()
	folder, err := findFolder()
	if err != nil {
		tb.Fatalf("install emulators: %v", err)
	}
	tools, err := install(folder)
	if err != nil {
		tb.Fatalf("install emulators: %v", err)
	}
	return tools
}

func install(folder string) (Tools, error) {
	node, err := findNode()
	if err != nil {
		return Tools{}, err
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return Tools{}, errors.New("npm not found: apt-get install npm, or see nodejs.org")
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		return Tools{}, errors.New("python3 not found: apt-get install python3-venv, or see python.org")
	}
	unlock, err := lock(folder)
	if err != nil {
		return Tools{}, err
	}
	defer unlock()

	err = once(folder, "node_modules", node, []string{".npmrc", "package.json", "package-lock.json"}, func() error {
		return run(folder, npm, "ci")
	})
	if err != nil {
		return Tools{}, err
	}
	venvPython := filepath.Join(folder, ".venv", "bin", "python")
	err = once(folder, ".venv", python, []string{"requirements.txt"}, func() error {
		if err := run(folder, python, "-m", "venv", "--clear", ".venv"); err != nil {
			return fmt.Errorf("%w\n(without ensurepip: apt-get install python3-venv)", err)
		}
		// Wheels only: a source package would run code of its own.
		return run(folder, venvPython, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
			"--require-hashes", "--only-binary=:all:", "-r", "requirements.txt")
	})
	if err != nil {
		return Tools{}, err
	}
	return Tools{Folder: folder, Node: node, Python: venvPython}, nil
}

// once runs fill unless target was last filled, completely, from the same files by the same program. The stamp that says so
// stands inside target, so that who deletes the one deletes the other, and is written last.
func once(folder, target, program string, files []string, fill func() error) error {
	version, err := exec.Command(program, "--version").CombinedOutput()
	if err != nil {
		return fmt.Errorf("run %s --version: %w", program, err)
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %s %s\n", target, program, version)
	for _, name := range files {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s %d\n%s", name, len(data), data)
	}
	want := hex.EncodeToString(sum.Sum(nil))
	stamp := filepath.Join(folder, target, ".installed")
	if got, err := os.ReadFile(stamp); err == nil && string(got) == want {
		return nil
	}
	// A stamp of an earlier time must not outlive a run that stops half-way.
	if err := os.RemoveAll(filepath.Join(folder, target)); err != nil {
		return err
	}
	if err := fill(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(stamp), 0o755); err != nil {
		return err
	}
	return os.WriteFile(stamp, []byte(want), 0o644)
}

// lock waits until this process alone installs into folder. It locks the folder itself, so that no lock file is left behind;
// the lock ends with the process, however it ends.
func lock(folder string) (unlock func(), err error) {
	file, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("lock %s: %w", folder, err)
	}
	return func() { file.Close() }, nil
}

func run(folder, program string, args ...string) error {
	cmd := exec.Command(program, args...)
	cmd.Dir = folder
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("run %s %s in %s: %w\n%s", program, strings.Join(args, " "), folder, err, out)
	}
	return nil
}

var nodeVersion = regexp.MustCompile(`^v(\d+)\.`)

// findNode returns the path of a node that is new enough.
func findNode() (string, error) {
	const get = "apt-get install nodejs npm, or see nodejs.org"
	node, err := exec.LookPath("node")
	if err != nil {
		return "", errors.New("node not found, 20 or later is needed: " + get)
	}
	out, err := exec.Command(node, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("run %s --version: %w", node, err)
	}
	match := nodeVersion.FindSubmatch(out)
	if match == nil {
		return "", fmt.Errorf("%s --version says %q, want a version like v20.1.0: %s", node, out, get)
	}
	if major, err := strconv.Atoi(string(match[1])); err != nil || major < 20 {
		return "", fmt.Errorf("%s is version %s, 20 or later is needed: %s", node, strings.TrimSpace(string(out)), get)
	}
	return node, nil
}

// findFolder returns test/emulators of the checkout that the test runs in. A test starts in the folder of its package.
func findFolder() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		folder := filepath.Join(dir, "test", "emulators")
		if _, err := os.Stat(filepath.Join(folder, "package-lock.json")); err == nil {
			return folder, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no test/emulators/package-lock.json above %s", start)
		}
	}
}
