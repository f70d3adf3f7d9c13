package iamdata

import "strings"

// What catalog calls the rules of a format.
const (
	noColon = 1 << iota
	noSlash
	literalStar
)

// logGroupEnd ends the second form of a log group's ARN.
const logGroupEnd = ":log-group:${LogGroupName}:*"

// arnFormats splits a type's ARN into its forms, each with placeholders of one kind.
func arnFormats(prefix string, t resourceType) []string {
	formats := strings.Split(t.ARN, ", ")
	for i, f := range formats {
		// opsworks-cm backup: ${ServerName}-{Date-and-Time-Stamp-of-Backup}.
		formats[i] = strings.ReplaceAll(strings.ReplaceAll(f, "${", "{"), "{", "${")
	}
	if prefix == "logs" && strings.EqualFold(t.Key, "log-group") {
		// Requests and the API itself also write a log group with ":*" at its end ("CloudWatch Logs resources and operations").
		formats = append(formats, formats[0]+":*")
	}
	return formats
}

// abbreviate joins the formats of a type; ~ stands for what most of them begin with.
func abbreviate(prefix string, formats []string) string {
	return strings.ReplaceAll(strings.Join(formats, ", "), "arn:${Partition}:"+prefix+":${Region}:${Account}:", "~")
}

// rules writes a digit for each format of a type; all are the formats of the service's types.
func rules(typeName string, formats, all []string) string {
	var digits []byte
	for _, f := range formats {
		rule := 0
		if strings.HasPrefix(typeName, "wildcard-") || strings.HasSuffix(f, logGroupEnd) {
			rule |= literalStar // the request carries the "*"
		}
		if strings.HasSuffix(f, "}") {
			rule |= endRule(f)
			for _, other := range all {
				if other == f {
					continue
				}
				switch goesOn(f, other) {
				case ':':
					rule |= noColon
				case '/':
					rule |= noSlash
				}
			}
		}
		digits = append(digits, '0'+byte(rule))
	}
	return strings.TrimRight(string(digits), "0")
}

// endRule says which separators names at the end of a format do not have. Behind a first placeholder there are none, but where the
// service is known to take them.
func endRule(format string) int {
	resource := strings.SplitN(format, ":", 6)[5]
	if strings.Count(resource, "${") == 1 {
		return 0
	}
	last := resource[strings.LastIndex(resource, "${")+2 : len(resource)-1]
	switch {
	case last == "ObjectName", strings.HasSuffix(last, "Path"), // s3, mediastore, execute-api, vpc-lattice
		last == "RouteKey", last == "RequestParameterKey", // apigateway: GET /pets
		last == "Uri",                                                  // profile: integrations are named by an ARN
		last == "GroupFriendlyName", last == "LaunchConfigurationName": // autoscaling
		return 0
	case last == "StreamLabel": // dynamodb: a time
		return noSlash
	case last == "LogStreamName", // logs: [$LATEST] with a date in front
		last == "IpRange": // redshift: 10.0.0.0/8
		return noColon
	}
	return noColon | noSlash
}

// goesOn returns the separator that follows in longer what format has to its end, or 0 where longer is no continuation of it.
func goesOn(format, longer string) byte {
	for {
		a, sepA, restA := cutPart(format)
		b, sepB, restB := cutPart(longer)
		switch {
		case !overlap(a, b):
			return 0
		case sepA == 0:
			return sepB
		case sepA != sepB:
			return 0
		}
		format, longer = restA, restB
	}
}

// cutPart takes off what stands in front of the next ":" or "/" outside of placeholders.
func cutPart(format string) (part string, separator byte, rest string) {
	depth := 0
	for i := range len(format) {
		switch c := format[i]; c {
		case '{':
			depth++
		case '}':
			depth--
		case ':', '/':
			if depth == 0 {
				return format[:i], c, format[i+1:]
			}
		}
	}
	return format, 0, ""
}

// overlap tells that two parts can have a text in common.
func overlap(a, b string) bool {
	x, y := edgesOf(a), edgesOf(b)
	if !x.open && !y.open {
		return a == b
	}
	begins := strings.HasPrefix(x.begin, y.begin) || strings.HasPrefix(y.begin, x.begin)
	ends := strings.HasSuffix(x.end, y.end) || strings.HasSuffix(y.end, x.end)
	return begins && ends && (x.open || y.least <= len(a)) && (y.open || x.least <= len(b))
}

// edges are what is literal at both ends of a part.
type edges struct {
	begin, end string
	open       bool // something between them is not literal
	least      int  // length of the shortest text
}

func edgesOf(part string) edges {
	first := strings.IndexAny(part, "$*")
	if first < 0 {
		return edges{part, part, false, len(part)}
	}
	e := edges{begin: part[:first], end: part[strings.LastIndexAny(part, "}*")+1:], open: true}
	e.least = len(e.begin) + len(e.end)
	if part[first] == '$' {
		e.least++ // a placeholder is never empty
	}
	return e
}
