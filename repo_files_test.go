package trunkline_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

const (
	goVersion  = "1.26.0"
	maxGoLines = 500
	maxSize    = 1 << 20
)

// Needles are put together from parts, so that the rules do not find themselves.
var (
	machinePath = regexp.MustCompile(`(^|[^\w.$})\-])(/wo` + `rk/|/ho` + `me/[\w.\-]+/|/Us` + `ers/[\w.\-]+/)`)
	openTask    = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME)\b(\(#\d+\))?`)
	address     = regexp.MustCompile(`(?i)(\w+\+)?(https?|ssh|git|file)://`)
	registries  = []string{
		"registry." + "npmjs.org", "registry." + "yarnpkg.com", "proxy." + "golang.org", "sum." + "golang.org", "pypi." + "org",
		"files." + "pythonhosted.org", "repo." + "maven.apache.org", "repo1." + "maven.org", "deb." + "debian.org",
	}
)

func fileRules() []rule {
	return []rule{
		{
			name: "go.mod", check: goModRules,
			why: "one Go version for everybody, no toolchain that is fetched behind the back, and what is built is what is named",
		},
		{
			name: "every dependency has a sentence in doc/design.md", check: dependencySentences,
			why: "a dependency is a promise to follow it; who adds one says what it gives",
		},
		{
			name: "Go files are short", check: shortGoFiles,
			why: "past 500 lines a file holds two things; each deserves a name",
		},
		{
			name: "no large files", check: smallFiles,
			why: "everybody who clones pays for it for ever; large inputs are generated",
		},
		{
			name: "lockfiles carry versions and integrity, no address", check: lockfiles,
			why: "where packages come from is a setting of the machine; what they are is checked by their hash",
		},
		{
			name: "no path of a developer's machine", check: func(t tree) []string { return t.grep(machinePaths) },
			why: "it works on that machine only",
		},
		{
			name: "no host of a package registry", check: func(t tree) []string { return t.grep(registryHosts) },
			why: "where packages come from is a setting of the machine",
		},
		{
			name: "open tasks name their issue", check: func(t tree) []string { return t.grep(openTasks) },
			why: "a task without an issue is done by nobody; write it like " + "TO" + "DO(#12)",
		},
		{
			name: "shell scripts", check: shellScripts,
			why: "a script that goes on after an error hides it; set -eu is its first command, and it can be called",
		},
	}
}

func goModRules(t tree) (problems []string) {
	for _, name := range t.sorted(func(name string) bool { return path.Base(name) == "go.mod" || path.Base(name) == "tools.mod" }) {
		mod := readGoMod(t.files[name].data)
		// A module of its own below may need more, and may replace this one by its folder.
		own := strings.Contains(name, "/")
		if mod.version != goVersion && !own {
			problems = append(problems, fmt.Sprintf("%s: go %s, want go %s", name, mod.version, goVersion))
		}
		if mod.toolchain {
			problems = append(problems, name+": has a toolchain line")
		}
		if mod.replace && !own {
			problems = append(problems, name+": replaces a module")
		}
	}
	return problems
}

func dependencySentences(t tree) (problems []string) {
	const document = "doc/design.md"
	_, section, _ := strings.Cut("\n"+t.files[document].data, "\n## Dependencies\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, module := range readGoMod(t.files["go.mod"].data).direct {
		// "- `module`: what it gives." The sentence may go over several lines.
		sentence := regexp.MustCompile("(?m)^- `" + regexp.QuoteMeta(module) + "`:\\s+\\w(?s:.{10,}?)\\.")
		if !sentence.MatchString(section) {
			problems = append(problems, fmt.Sprintf("%s: section Dependencies has no sentence \"- `%s`: what it gives.\"", document, module))
		}
	}
	return problems
}

func shortGoFiles(t tree) (problems []string) {
	for _, f := range t.code {
		if f.lines > maxGoLines && !f.generated {
			problems = append(problems, fmt.Sprintf("%s: %d lines, want at most %d", f.name, f.lines, maxGoLines))
		}
	}
	return problems
}

func smallFiles(t tree) (problems []string) {
	for _, name := range t.sorted(func(name string) bool { return len(t.files[name].data) > maxSize }) {
		problems = append(problems, fmt.Sprintf("%s: %d bytes, want at most %d", name, len(t.files[name].data), maxSize))
	}
	return problems
}

// grep calls find with each line of each text file and gives what it returns the place.
func (t tree) grep(find func(name, line string) string) (problems []string) {
	for _, name := range t.sorted(func(name string) bool { return isText(t.files[name].data) }) {
		n := 0
		for line := range strings.Lines(t.files[name].data) {
			n++
			if problem := find(name, line); problem != "" {
				problems = append(problems, fmt.Sprintf("%s:%d: %s", name, n, problem))
			}
		}
	}
	return problems
}

func machinePaths(_, line string) string {
	if found := machinePath.FindStringSubmatch(line); found != nil {
		return "path " + found[2]
	}
	return ""
}

func registryHosts(_, line string) string {
	for _, host := range registries {
		if strings.Contains(strings.ToLower(line), host) {
			return "registry " + host
		}
	}
	return ""
}

func openTasks(name, line string) string {
	if strings.Contains("/"+name, "/testdata/") {
		return "" // inputs may say anything
	}
	for _, found := range openTask.FindAllStringSubmatch(line, -1) {
		if found[2] == "" {
			return found[1] + " without an issue"
		}
	}
	return ""
}

func shellScripts(t tree) (problems []string) {
	for _, name := range t.sorted(func(name string) bool { return true }) {
		f := t.files[name]
		first, rest, _ := strings.Cut(f.data, "\n")
		interpreter := strings.HasPrefix(first, "#!") && (strings.HasSuffix(first, "sh") || strings.Contains(first, "sh -"))
		switch {
		case !interpreter && strings.HasSuffix(name, ".sh"):
			problems = append(problems, name+": no #! line")
		case !interpreter:
			continue
		case !f.executable:
			problems = append(problems, name+": not executable; run: chmod +x "+name)
		}
		for line := range strings.Lines(rest) {
			line = strings.TrimSpace(line)
			if line == "" || line[0] == '#' {
				continue
			}
			if !strings.HasPrefix(line, "set -eu") {
				problems = append(problems, fmt.Sprintf("%s: first command is %q, want set -eu", name, line))
			}
			break
		}
	}
	return problems
}

func lockfiles(t tree) (problems []string) {
	for _, name := range t.sorted(func(string) bool { return true }) {
		data, base := t.files[name].data, path.Base(name)
		var found []string
		switch {
		case base == "package.json":
			settings := t.files[path.Join(path.Dir(name), ".npmrc")].data
			for _, want := range []string{"omit-lockfile-registry-resolved=true", "ignore-scripts=true"} {
				if !slices.Contains(strings.Split(settings, "\n"), want) {
					found = append(found, ".npmrc beside it does not say "+want)
				}
			}
		case base == "package-lock.json":
			found = packageLock(data)
		case base == ".npmrc":
			if strings.Contains(data, "registry=") || address.MatchString(data) {
				found = append(found, "names a registry")
			}
		case strings.HasPrefix(base, "requirements") && strings.HasSuffix(base, ".txt"):
			found = requirements(data)
		case base == "pom.xml" || base == "settings.xml":
			found = maven(data)
		}
		for _, problem := range found {
			problems = append(problems, name+": "+problem)
		}
	}
	return problems
}

// packageLock looks at the whole file for addresses, but for where the authors of a package ask for money.
func packageLock(data string) (problems []string) {
	var lock struct {
		LockfileVersion int
		Packages        map[string]map[string]any
	}
	if err := json.Unmarshal([]byte(data), &lock); err != nil {
		return []string{err.Error()}
	}
	if lock.LockfileVersion != 3 {
		problems = append(problems, fmt.Sprintf("lockfileVersion %d, want 3", lock.LockfileVersion))
	}
	for _, name := range slices.Sorted(maps.Keys(lock.Packages)) {
		entry := lock.Packages[name]
		delete(entry, "funding")
		if _, found := entry["resolved"]; found {
			problems = append(problems, name+": has a key resolved")
		}
		if integrity, _ := entry["integrity"].(string); name != "" && !strings.HasPrefix(integrity, "sha512-") {
			problems = append(problems, name+": no sha512 integrity")
		}
		rest, err := json.Marshal(entry)
		if found := address.FindString(string(rest)); err != nil || found != "" {
			problems = append(problems, name+": has an address "+found)
		}
	}
	return problems
}

var pinned = regexp.MustCompile(`^[\w.\-]+(\[[\w,.\-]+\])?==[\w.+!\-]+( ;[^#]*?)?( --hash=sha256:[0-9a-f]{64})+$`)

// requirements wants every line to be a comment or one version of one package with its hashes: no options, no addresses.
func requirements(data string) (problems []string) {
	data = strings.ReplaceAll(data, "\\\n", " ")
	for line := range strings.Lines(data) {
		line = strings.Join(strings.Fields(line), " ")
		if line == "" || line[0] == '#' {
			continue
		}
		if !pinned.MatchString(line) {
			start, _, _ := strings.Cut(line, " --hash")
			problems = append(problems, fmt.Sprintf("%q: want name==version --hash=sha256:…", start))
		}
	}
	return problems
}

var (
	// Names of XML's namespaces look like addresses and are none.
	xmlNames       = strings.NewReplacer("http://maven.apache.org/POM/4.0.0", "", "http://www.w3.org/2001/XMLSchema-instance", "")
	mavenElement   = regexp.MustCompile(`<(repositor(y|ies)|pluginRepositor(y|ies)|mirrors?|distributionManagement)>`)
	mavenUnpinned  = regexp.MustCompile(`<version>\s*([\[(][^<]*|LATEST|RELEASE|[^<]*-SNAPSHOT)\s*</version>`)
	mavenNamespace = regexp.MustCompile(`xsi:schemaLocation`)
)

func maven(data string) (problems []string) {
	if found := mavenElement.FindString(data); found != "" {
		problems = append(problems, "has an element "+found)
	}
	if found := mavenUnpinned.FindString(data); found != "" {
		problems = append(problems, found+" is no single version")
	}
	if found := mavenNamespace.FindString(data); found != "" {
		problems = append(problems, "has "+found+", which is an address to fetch from")
	}
	if found := address.FindString(xmlNames.Replace(data)); found != "" {
		problems = append(problems, "has an address "+found)
	}
	return problems
}
