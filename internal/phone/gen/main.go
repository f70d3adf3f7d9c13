// Command gen writes what package phone knows, from the numbering plans of the library github.com/nyaruka/phonenumbers:
//
//	go -C internal/phone/gen run . ..
//
//	the library's plans ─┬─▶ facts.tsv            what phone embeds
//	                     └─▶ testdata/oracle.tsv  texts and the library's answers, which phone's tests hold it to
//
// It is a module of its own, so that trunkline never requires the library: a program that links it pays for reading all plans at
// every start. The same version of the library writes the same bytes.
package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "gen: call it as go -C internal/phone/gen run . FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(folder string) error {
	p, err := readPlans()
	if err != nil {
		return err
	}
	facts, err := p.facts()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "facts.tsv"), facts, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "testdata", "oracle.tsv"), p.oracle(), 0o644)
}

// plans are the library's numbering plans.
type plans struct {
	regions []string                               // by name
	region  map[string]*phonenumbers.PhoneMetadata // by ISO 3166-1 code
	global  map[int]*phonenumbers.PhoneMetadata    // by calling code: those of no country
}

func readPlans() (*plans, error) {
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		return nil, err
	}
	p := &plans{region: map[string]*phonenumbers.PhoneMetadata{}, global: map[int]*phonenumbers.PhoneMetadata{}}
	for _, m := range all.GetMetadata() {
		if m.GetId() == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY {
			p.global[int(m.GetCountryCode())] = m
		} else {
			p.region[m.GetId()] = m
		}
	}
	p.regions = slices.Sorted(maps.Keys(p.region))
	return p, nil
}

// of returns the plan of a calling code that numbers with a plus are read by.
func (p *plans) of(code int) *phonenumbers.PhoneMetadata {
	if m := p.global[code]; m != nil {
		return m
	}
	return p.region[phonenumbers.GetRegionCodeForCountryCode(code)]
}

const header = `# Numbering plans, one a line, made by "go generate ./internal/phone"; do not edit. NOTICE says whose facts they are.
# region (* after it: the calling code's main one), calling code, international prefix, national prefix to take off,
# what takes its place where it has groups, lengths of a national number, lengths of one without its area code, its pattern
`

func (p *plans) facts() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(header)
	line := func(name string, m *phonenumbers.PhoneMetadata) error {
		rule, err := template(m.GetNationalPrefixTransformRule())
		if err != nil {
			return fmt.Errorf("region %s: %w", name, err)
		}
		general := m.GetGeneralDesc()
		fields := []string{
			name, strconv.Itoa(int(m.GetCountryCode())), m.GetInternationalPrefix(), m.GetNationalPrefixForParsing(), rule,
			lengths(general.GetPossibleLength()), lengths(general.GetPossibleLengthLocalOnly()), general.GetNationalNumberPattern(),
		}
		for _, f := range fields {
			if strings.ContainsAny(f, "\t\n\r ") {
				return fmt.Errorf("region %s: white space in %q", name, f)
			}
		}
		fmt.Fprintln(&b, strings.Join(fields, "\t"))
		return nil
	}
	for _, name := range p.regions {
		m := p.region[name]
		if phonenumbers.GetRegionCodeForCountryCode(int(m.GetCountryCode())) == name {
			name += "*"
		}
		if err := line(name, m); err != nil {
			return nil, err
		}
	}
	for _, code := range slices.Sorted(maps.Keys(p.global)) {
		if err := line("001*", p.global[code]); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

var group = regexp.MustCompile(`\$(\d)`)

// template writes a transform rule so that no digit behind a group can be taken for part of its number.
func template(rule string) (string, error) {
	safe := group.ReplaceAllString(rule, `$${$1}`)
	if strings.Count(safe, "$") != strings.Count(safe, "${") {
		return "", fmt.Errorf("transform rule %q is no text with groups", rule)
	}
	return safe, nil
}

// lengths lists numbers in rising order, separated by commas.
func lengths(all []int32) string {
	var texts []string
	for _, n := range all {
		if n > 0 {
			texts = append(texts, strconv.Itoa(int(n)))
		}
	}
	return strings.Join(texts, ",")
}
