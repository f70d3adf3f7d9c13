package lint

import (
	"fmt"
	"strconv"
	"strings"

	"trunkline/iam"
	"trunkline/iam/arn"
)

// manyPatterns is how many patterns of one list the others are compared with, and manySteps how many steps, each a byte of one compared
// with one of the other: more than what anybody writes takes.
const (
	manyPatterns = 64
	manySteps    = 1 << 24
)

var (
	redundantAction = &Check{
		Code: "REDUNDANT_ACTION", Severity: Suggestion, Title: "Action that another one covers",
		Detail: "The {{redundantActionCount}} action(s) are redundant because they provide similar permissions. Update the policy to remove the redundant action such as: {{redundantAction}}.",
		Doc: `Another pattern of the same list covers all that this one does, so it does nothing.

The safe fix removes it.

Silent: a pattern that covers an action more, or could cover one tomorrow.

Source: IAM User Guide, IAM JSON policy elements: Action.`,
		Bad:  `{"Effect": "Allow", "Action": ["s3:Get*", "s3:GetObject"], "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
		Good: `{"Effect": "Allow", "Action": ["s3:Get*", "s3:PutObject"], "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
		run: func(p *Pass) {
			var few [32]string
			texts := few[:0]
			for s := range p.Each() {
				if len(s.Actions) < 2 {
					continue
				}
				texts = texts[:0]
				patterns := 0
				for i := range s.Actions {
					texts = append(texts, s.Actions[i].Text)
					if s.Actions[i].Wild {
						patterns++
					}
				}
				first, by, count := redundant(texts, patterns > 0, true)
				if count > 0 {
					n := s.Actions[first].Node
					finding := p.Report(n, redundancy(s.Actions[by].Text, count, "actions"), "redundantActionCount", strconv.Itoa(count), "redundantAction", s.Actions[first].Text)
					edits, ok := remove(p.Source, n)
					finding.safeFix("remove what another one covers", edits, ok)
				}
			}
		},
	}
	redundantResource = &Check{
		Code: "REDUNDANT_RESOURCE", Severity: Suggestion, Title: "Resource that another one covers",
		Detail: "The {{redundantResourceCount}} resource ARN(s) are redundant because they reference the same resource. Review the use of wildcards (*)",
		Doc: `Another pattern of the same list covers all that this one does, so it does nothing, and suggests a limit that is not there.

The safe fix removes it.

Silent: a pattern that covers something more, whatever a policy variable in it stands for.

Source: IAM User Guide, IAM JSON policy elements: Resource.`,
		Bad:  `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::amzn-s3-demo-bucket/*", "arn:aws:s3:::amzn-s3-demo-bucket/home/*"]}`,
		Good: `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::amzn-s3-demo-bucket/work/*", "arn:aws:s3:::amzn-s3-demo-bucket/home/*"]}`,
		run: func(p *Pass) {
			var few [32]string
			texts := few[:0]
			for s := range p.Each() {
				if len(s.Resources) < 2 {
					continue
				}
				texts = texts[:0]
				patterns := false
				for i := range s.Resources {
					texts = append(texts, s.Resources[i].Text)
					patterns = patterns || isPattern(s.Resources[i].Text)
				}
				first, by, count := redundant(texts, patterns, false)
				if count > 0 {
					n := s.Resources[first].Node
					finding := p.Report(n, redundancy(s.Resources[by].Text, count, "resources"), "redundantResourceCount", strconv.Itoa(count))
					edits, ok := remove(p.Source, n)
					finding.safeFix("remove what another one covers", edits, ok)
				}
			}
		},
	}
)

func redundancy(by string, count int, what string) string {
	if count == 1 {
		return fmt.Sprintf("%s covers this already: remove it.", by)
	}
	return fmt.Sprintf("%s covers this already, and %d more %s of the list are covered as well: remove them.", by, count-1, what)
}

// redundant finds the texts of a list that another one covers: how many, the first, and by which. Of two that are the same the second
// is redundant.
func redundant(texts []string, patterns, fold bool) (first, by, count int) {
	first = -1
	note := func(i, j int) {
		if first < 0 || i < first {
			first, by = i, j
		}
		count++
	}
	var some [8]int
	wild := some[:0]
	if patterns {
		for i, text := range texts {
			if len(wild) < manyPatterns && isPattern(text) {
				wild = append(wild, i)
			}
		}
	}
	twice := repeated(texts, fold)
	steps := 0
	covers := func(pattern, text string) bool {
		if !begins(pattern, text, fold) || steps > manySteps {
			return false
		}
		steps += len(pattern) * len(text)
		return covered(pattern, text, fold)
	}
	for i, text := range texts {
		if j, ok := twice[i]; ok {
			note(i, j)
			continue
		}
		for _, j := range wild {
			if i != j && covers(texts[j], text) && (i > j || !covers(text, texts[j])) {
				note(i, j)
				break
			}
		}
	}
	return first, by, count
}

// isPattern tells whether a text holds a * or ?.
func isPattern(text string) bool {
	return strings.IndexByte(text, '*') >= 0 || strings.IndexByte(text, '?') >= 0
}

// repeated are the texts that stand earlier in the list too, each with where.
func repeated(texts []string, fold bool) map[int]int {
	var twice map[int]int
	note := func(i, j int) {
		if twice == nil {
			twice = make(map[int]int)
		}
		twice[i] = j
	}
	const few = 12
	if len(texts) <= few {
		for i, text := range texts {
			for j, earlier := range texts[:i] {
				if len(text) == len(earlier) && (text == earlier || fold && strings.EqualFold(text, earlier)) {
					note(i, j)
					break
				}
			}
		}
		return twice
	}
	seen := make(map[string]int, len(texts))
	for i, text := range texts {
		if fold {
			text = strings.ToLower(text)
		}
		if j, ok := seen[text]; ok {
			note(i, j)
		} else {
			seen[text] = i
		}
	}
	return twice
}

// begins tells whether a text begins with what stands in front of the first wildcard of a pattern, which settles nearly all pairs.
func begins(pattern, text string, fold bool) bool {
	for i := range len(pattern) {
		c := pattern[i]
		if c == '*' || c == '?' || c == '$' {
			break
		}
		if i >= len(text) || text[i] != c && (!fold || lower(text[i]) != lower(c)) {
			return false
		}
	}
	return true
}

// covered tells whether a pattern matches all that another one does. Policy variables are the same text only where the same variable
// stands in both.
func covered(pattern, text string, fold bool) bool {
	if pattern == "*" {
		return true
	}
	if fold {
		pattern, text = strings.ToLower(pattern), strings.ToLower(text)
	}
	if strings.Contains(pattern, "${") || strings.Contains(pattern, "?") && strings.Contains(text, "${") {
		return pattern == text // a variable may be empty, or longer than a question mark
	}
	return arn.Covers(arn.Compile(pattern), arn.Compile(literalVariables(text)))
}

// literalVariables makes variables of a text literal: what ${*} stands for, and no wildcards of their own.
func literalVariables(text string) string {
	if !strings.Contains(text, "${") {
		return text
	}
	var b strings.Builder
	for _, part := range iam.ParseTemplate(text) {
		switch part.Kind {
		case iam.Literal:
			b.WriteString(part.Text)
		default:
			b.WriteByte(0x1a) // in no pattern
		}
	}
	return b.String()
}
