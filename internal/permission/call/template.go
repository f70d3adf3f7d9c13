package call

// A Template is text with placeholders. ${Name} stands for a value that is asked for by its name; of a value with slashes,
// ${Name/-1} is the last part, ${Name/-2} the one before. In templates over the input of an operation, a name is the path of a member:
//
//	Bucket                 a member
//	Delete.Objects.Key     a member of each element of a list
//	Key.leaseKey           an entry of a map; of a union, the value that it holds
//	ExpressionAttributeNames   the values of a map
//	Key.#                  the keys of a map
//
// Beside members, ${Partition}, ${Region} and ${Account} are those of the caller.
type Template string

// Expand puts values for the placeholders; where one has several, there are as many results. There are none when a placeholder has
// no value, or an empty one. A value that is itself an ARN takes the place of a whole template that begins like an ARN, because
// services take either (TableName, SecretId).
func (t Template) Expand(values func(name string) []string) []string {
	whole := len(t) > 4 && t[:4] == "arn:"
	var arns []string
	seen := map[string]bool{} // of arns
	results := []string{""}
	for i := 0; i < len(t); {
		name, end, ok := t.placeholder(i)
		if !ok {
			results = appendAll(results, string(t[i:end]))
			i = end
			continue
		}
		i = end
		name, part := cutPart(name)
		var next []string
		for _, value := range values(name) {
			if whole && len(value) > 4 && value[:4] == "arn:" {
				if !seen[value] {
					seen[value] = true
					arns = append(arns, value)
				}
				continue
			}
			if part > 0 {
				value = partOf(value, part)
			}
			if value == "" {
				continue
			}
			for _, r := range results {
				next = append(next, r+value)
			}
		}
		results = next
		if len(next) == 0 {
			break
		}
	}
	return append(arns, results...)
}

// Names are the placeholders of a template, in order, without the part of a value that they ask for.
func (t Template) Names() []string {
	var names []string
	for i := 0; i < len(t); {
		name, end, ok := t.placeholder(i)
		if ok {
			name, _ = cutPart(name)
			names = append(names, name)
		}
		i = end
	}
	return names
}

// placeholder reads the one that begins at i, or the text up to the next. It returns what is read and where that ends.
func (t Template) placeholder(i int) (name string, end int, ok bool) {
	if t.opens(i) {
		for end = i + 2; end < len(t); end++ {
			if t[end] == '}' {
				return string(t[i+2 : end]), end + 1, true
			}
		}
		return "", len(t), false
	}
	for end = i + 1; end < len(t) && !t.opens(end); end++ {
	}
	return "", end, false
}

func (t Template) opens(i int) bool { return i+1 < len(t) && t[i] == '$' && t[i+1] == '{' }

// cutPart takes the /-1 off a placeholder's name.
func cutPart(name string) (string, int) {
	n := len(name)
	if n > 3 && name[n-3] == '/' && name[n-2] == '-' && '1' <= name[n-1] && name[n-1] <= '9' {
		return name[:n-3], int(name[n-1] - '0')
	}
	return name, 0
}

// partOf is the part of a value with slashes, counted from its end.
func partOf(value string, part int) string {
	end := len(value)
	for i := len(value) - 1; i >= -1; i-- {
		if i >= 0 && value[i] != '/' {
			continue
		}
		if part--; part == 0 {
			return value[i+1 : end]
		}
		end = i
	}
	return ""
}

func appendAll(texts []string, suffix string) []string {
	for i := range texts {
		texts[i] += suffix
	}
	return texts
}
