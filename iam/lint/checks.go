package lint

import "slices"

// groups is the one list of checks.
func groups() [3][]*Check {
	return [...][]*Check{accessAnalyzerText, accessAnalyzerCatalog, own}
}

// Checks lists every check: Access Analyzer's in the order of its reference page, then our own.
func Checks() []*Check {
	lists := groups()
	return slices.Concat(lists[:]...)
}

// Lookup is the check of a code, nil when there is none. Codes are written in upper case.
func Lookup(code string) *Check {
	for _, group := range groups() {
		for _, check := range group {
			if check.Code == code {
				return check
			}
		}
	}
	return nil
}
