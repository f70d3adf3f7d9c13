package arn

// A Pattern matches ARNs field by field, as ArnLike and ArnEquals do: each of the six fields is a Glob of its own, so a wildcard
// never runs beyond the colon of its field; only the sixth field has colons.
type Pattern struct{ Fields [6]Glob }

// CompilePattern compiles the pattern of an ARN. It is false when the pattern has fewer than six fields, and then matches nothing.
func CompilePattern(s string) (Pattern, bool) {
	fields, n := Split(s)
	var p Pattern
	if n < len(fields) {
		p.Fields[0] = Compile("arn:") // a field never has a colon
		return p, false
	}
	for i, field := range fields {
		p.Fields[i] = Compile(field)
	}
	return p, true
}

// Match says whether s is an ARN that matches. What has fewer than six fields, or does not begin with "arn:", is none.
func (p *Pattern) Match(s string) bool {
	fields, n := Split(s)
	if n < len(fields) || fields[0] != "arn" {
		return false
	}
	for i := range fields {
		if !p.Fields[i].Match(fields[i]) {
			return false
		}
	}
	return true
}

// Intersects says whether some ARN matches both patterns.
func (p *Pattern) Intersects(q *Pattern) bool {
	for i := range p.Fields {
		if !Intersects(p.Fields[i], q.Fields[i]) {
			return false
		}
	}
	return true
}

// Covers says whether every ARN that matches q matches p. When q matches no ARN, because its first field is wrong, the answer is
// that of the fields all the same.
func (p *Pattern) Covers(q *Pattern) bool {
	for i := range p.Fields {
		if !Covers(p.Fields[i], q.Fields[i]) {
			return false
		}
	}
	return true
}
