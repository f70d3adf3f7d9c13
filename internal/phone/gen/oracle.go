package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

const oracleHeader = `# region, text, the library's answer: a number in E.164 form, or - where it is none. Made by "go generate ./internal/phone".
`

// The types of numbers that regions have examples of.
var types = []phonenumbers.PhoneNumberType{
	phonenumbers.FIXED_LINE, phonenumbers.MOBILE, phonenumbers.TOLL_FREE, phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST,
	phonenumbers.PERSONAL_NUMBER, phonenumbers.VOIP, phonenumbers.PAGER, phonenumbers.UAN, phonenumbers.VOICEMAIL,
}

// oracle asks the library about each region's example numbers in every form that people and systems write them, about numbers
// with a wrong digit or a wrong length, and about numbers of other countries.
func (p *plans) oracle() []byte {
	var b bytes.Buffer
	b.WriteString(oracleHeader)
	r := rand.New(rand.NewPCG(2, 2026))
	for i, region := range p.regions {
		var texts []string
		for _, t := range types {
			if n := phonenumbers.GetExampleNumberForType(region, t); n != nil {
				texts = append(texts, p.forms(n, region, r)...)
			}
		}
		// As a caller from another country writes it, behind that country's international prefix or a plus.
		for _, step := range []int{1, 7, 100} {
			abroad := p.regions[(i+step)%len(p.regions)]
			if n := phonenumbers.GetExampleNumber(abroad); n != nil {
				texts = append(texts, fmt.Sprintf("+%d (0) %s", n.GetCountryCode(), phonenumbers.GetNationalSignificantNumber(n)))
				texts = append(texts, phonenumbers.FormatOutOfCountryCallingNumber(n, region))
			}
		}
		p.ask(&b, region, texts)
	}
	var texts []string
	for code := range 1000 {
		if p.global[code] != nil {
			if n := phonenumbers.GetExampleNumberForNonGeoEntity(code); n != nil {
				texts = append(texts, p.forms(n, "GB", r)...)
			}
		}
	}
	p.ask(&b, "GB", texts)
	return b.Bytes()
}

// forms writes a number in different ways.
func (p *plans) forms(n *phonenumbers.PhoneNumber, region string, r *rand.Rand) []string {
	national := phonenumbers.Format(n, phonenumbers.NATIONAL)
	international := phonenumbers.Format(n, phonenumbers.INTERNATIONAL)
	significant := phonenumbers.GetNationalSignificantNumber(n)
	code := fmt.Sprint(n.GetCountryCode())
	prefix := p.of(int(n.GetCountryCode())).GetNationalPrefix()
	forms := []string{
		phonenumbers.Format(n, phonenumbers.E164),
		national,
		digits(national),
		significant,
		international,
		phonenumbers.Format(n, phonenumbers.RFC3966),
		code + significant,
		"(+" + code + ") " + dotted(significant),
		"+" + code + " (" + prefix + ") " + significant,
	}
	// One at random of each: what else people write, and what is no number.
	pick := func(all ...string) { forms = append(forms, all[r.IntN(len(all))]) }
	pick(strings.Map(fullWidth, national), strings.Map(arabicIndic, national), strings.ReplaceAll(national, " ", "\u00a0"))
	pick(national+" x123", national+" ext. 12", international+";ext=4567", national+" #99", international+" extension 8")
	wrong := []byte(digits(national))
	wrong[r.IntN(len(wrong))] = byte('0' + r.IntN(10))
	pick(string(wrong), string(wrong)+"7", string(wrong[1:]), string(wrong[:len(wrong)-1]), "0"+string(wrong), "+"+code+string(wrong))
	return forms
}

// ask writes what the library thinks of each text.
func (p *plans) ask(b *bytes.Buffer, region string, texts []string) {
	seen := map[string]bool{}
	for _, text := range texts {
		if text != "" && !seen[text] {
			seen[text] = true
			fmt.Fprintf(b, "%s\t%s\t%s\n", region, text, p.answer(region, text))
		}
	}
}

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// answer is the number that the library reads, where it has a length and a pattern of its region's plan, or of the main plan of its
// calling code, and fits into E.164.
func (p *plans) answer(region, text string) string {
	n, err := phonenumbers.Parse(text, region)
	if err != nil {
		return "-"
	}
	number := phonenumbers.Format(n, phonenumbers.E164)
	valid := phonenumbers.IsValidNumber(n) || p.general(p.of(int(n.GetCountryCode())), n)
	if m := p.region[region]; m.GetCountryCode() == n.GetCountryCode() {
		valid = valid || p.general(m, n)
	}
	if !valid || !e164.MatchString(number) {
		return "-"
	}
	return number
}

// general reports whether a plan's general pattern and lengths have room for the number.
func (p *plans) general(m *phonenumbers.PhoneMetadata, n *phonenumbers.PhoneNumber) bool {
	significant := phonenumbers.GetNationalSignificantNumber(n)
	d := m.GetGeneralDesc()
	return slices.Contains(d.GetPossibleLength(), int32(len(significant))) &&
		regexp.MustCompile("^(?:"+d.GetNationalNumberPattern()+")$").MatchString(significant)
}

func digits(text string) string {
	return strings.Map(func(c rune) rune {
		if c < '0' || c > '9' {
			return -1
		}
		return c
	}, text)
}

func fullWidth(c rune) rune {
	if c >= '0' && c <= '9' {
		return c - '0' + '０'
	}
	return c
}

func arabicIndic(c rune) rune {
	if c >= '0' && c <= '9' {
		return c - '0' + '٠'
	}
	return c
}

// dotted puts a full stop behind every third digit.
func dotted(text string) string {
	var groups []string
	for g := range slices.Chunk([]byte(text), 3) {
		groups = append(groups, string(g))
	}
	return strings.Join(groups, ".")
}
