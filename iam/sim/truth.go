package sim

// A truth is a value of Kleene's three-valued logic: what is not known stays so only where it could change the result.
type truth uint8

const (
	no truth = iota
	unknown
	yes
)

// and, or and negation are minimum, maximum and mirror image.
func and(a, b truth) truth { return min(a, b) }
func or(a, b truth) truth  { return max(a, b) }
func (t truth) not() truth { return yes - t }
func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}
