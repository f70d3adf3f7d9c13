package scrub

// northAmerican reports whether ten digits can be a number of the North American plan: neither the area code nor the
// exchange begins with 0 or 1.
func northAmerican(d []byte) bool {
	return d[0] >= '2' && d[3] >= '2' && (d[1] != '1' || d[2] != '1') && (d[1] != '9')
}

// international reports whether the digits are a country code and as many digits as numbers of that country have,
// with or without a trunk 0 between them.
func international(d []byte) bool {
	code := countryCode(d)
	if code == 0 {
		return false
	}
	n := len(d) - code
	if len(d) > 16 {
		return false
	}
	if d[code] == '0' && d[0] != '1' { // the trunk 0, or in Italy a part of the number
		n--
	}
	switch string(d[:code]) {
	case "1":
		return n == 10 && d[1] >= '2'
	case "7", "91":
		return n == 10
	case "44":
		return n == 9 || n == 10
	case "33", "34", "48":
		return n == 9
	case "61":
		return n == 9 || n == 10
	case "49", "43":
		return n >= 5 && n <= 13
	case "86":
		return n >= 9 && n <= 11
	}
	return n >= 7-code && n <= 12 && len(d) <= 15 // from 7 digits in all, as on small islands
}

// countryCode returns the length of the calling code that the digits begin with (ITU-T E.164), or 0.
func countryCode(d []byte) int {
	if len(d) < 7 {
		return 0
	}
	if d[0] == '1' || d[0] == '7' {
		return 1
	}
	switch int(d[0]-'0')*10 + int(d[1]-'0') {
	case 20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 56, 57, 58,
		60, 61, 62, 63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98:
		return 2
	case 21, 22, 23, 24, 25, 26, 29, 35, 37, 38, 42, 50, 59, 67, 68, 69, 80, 85, 87, 88, 96, 97, 99:
		return 3
	}
	return 0
}
