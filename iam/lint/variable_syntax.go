package lint

import "trunkline/iam"

var (
	missingBraceInVariable = &Check{
		Code: "MISSING_BRACE_IN_VARIABLE", Severity: Error, Title: "Policy variable without its closing brace",
		Detail: "The policy variable is missing a closing curly brace. Add } after the variable text.",
		Doc: `A policy variable ends with a brace: ${aws:username}. Without it the text is no variable, and IAM's reading of it is not what was
meant.

` + variableSilence,
		Bad: variableExample("${aws:username"), Good: variableExample("${aws:username}"),
		run: func(p *Pass) {
			p.reportFaults(iam.MissingBrace, "The variable has no closing brace: put } behind its name.")
		},
	}
	missingQuoteInVariable = &Check{
		Code: "MISSING_QUOTE_IN_VARIABLE", Severity: Error, Title: "Default of a policy variable without quotes",
		Detail: "The policy variable default value must begin and end with a single quote. Add the missing quote.",
		Doc: `The default of a policy variable stands in single quotes, behind a comma and a space: ${aws:PrincipalTag/team, 'none'}.

` + variableSilence,
		Bad: variableExample("${aws:PrincipalTag/team, none}"), Good: variableExample("${aws:PrincipalTag/team, 'none'}"),
		run: func(p *Pass) {
			p.reportFaults(iam.MissingQuote, "The default of a variable stands in single quotes: ${name, 'default'}.")
		},
	}
	unsupportedSpaceInVariable = &Check{
		Code: "UNSUPPORTED_SPACE_IN_VARIABLE", Severity: Error, Title: "Space in a policy variable",
		Detail: "A space is not supported within the policy variable text. Remove the space.",
		Doc: `The name in a policy variable has no spaces, neither inside nor at its ends. A space in the default value is fine.

` + variableSilence,
		Bad: variableExample("${ aws:username }"), Good: variableExample("${aws:username}"),
		run: func(p *Pass) { p.reportFaults(iam.SpaceInKey, "The name of a variable has no spaces: remove them.") },
	}
	emptyVariable = &Check{
		Code: "EMPTY_VARIABLE", Severity: Error, Title: "Policy variable without a name",
		Detail: "Empty policy variable. Remove the ${ } variable structure or provide a variable within the structure.",
		Doc: `${} names no condition key. Name one, or remove it.

` + variableSilence,
		Bad: variableExample("${}"), Good: variableExample("${aws:username}"),
		run: func(p *Pass) {
			p.reportFaults(iam.EmptyKey, "The variable names no condition key: name one, or remove it.")
		},
	}
)

const variableSilence = `Silent: policies of version 2008-10-17 or without Version, for which ${…} is plain text.

Source: IAM User Guide, IAM policy elements: Variables and tags.`

func variableExample(variable string) string {
	return `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/home/` + variable + `/*"}`
}

// reportFaults reports the variables with one fault, where the policy's version makes them variables.
func (p *Pass) reportFaults(fault iam.VariableFault, message string) {
	if !p.Modern() {
		return
	}
	for i := range p.variables {
		if v := &p.variables[i]; v.Fault == fault && v.Place != InOtherText {
			p.reportVariable(v, message)
		}
	}
}
