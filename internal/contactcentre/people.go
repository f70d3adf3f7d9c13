package contactcentre

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

const (
	accountID     = "111122223333"
	region        = "eu-west-2"
	instanceID    = "0f6d9a5e-6c1b-4f0e-9d57-3b6a1c2e8f40"
	instanceARN   = "arn:aws:connect:" + region + ":" + accountID + ":instance/" + instanceID
	instanceAlias = "example"
	formatVersion = "2017-03-10" // the version that all real records carry
)

// person is a customer. All fields are ready to stand in a JSON string.
type person struct {
	name, email, phone, account, born, address, language string
}

// agent is an agent with the groups and the status that agent events tell of.
type agent struct {
	id                      id
	first, last, username   string
	profile, team, platform int // index routingProfiles, teams, platforms
	levels                  int // how many hierarchy groups, 0 to 3
	day                     day
}

// The word lists hold JSON text: what needs an escape has it.
var (
	firstNames = []string{
		"Amelia", "Oliver", "Zoë", "José", "Siân", "Priya", "Mohammed", "Chloë", "Łukasz", "Søren", "Nguyễn", "Aoife",
		"Ren\\u00e9e", "Björn", "Fatima", "Grace", "Kwame", "Ingrid", "Małgorzata", "Юлия", "美咲", "Noah", "Ayşe", "Dévi",
		"Hannah", "Ibrahim", "Joan", "Keith", "Leila", "Marcus", "Niamh", "Owen", "Petra", "Quentin", "Rosa", "Samir",
	}
	lastNames = []string{
		"Okafor", "Smith", "Muñoz", "O'Neill", "Patel", "Müller", "Kowalski", "van der Berg", "Åkesson", "Thị Hoa",
		"Fitzgerald", "Jones", "D'Souza", "Nakamura", "Иванова", "Çelik", "Brown-Wright", "García", "Adeyemi", "Taylor",
		"Lindqvist", "Walker", "Hughes", "Novák", "Evans", "Thomas", "Roberts", "Khan", "Lewis", "Begum", "Clarke", "Ali",
	}
	streets = []string{
		"High Street", "Station Road", "Church Lane", "Victoria Terrace", "Mill Lane", "The Crescent",
		"Königsallee", "Rue de l'\\u00c9glise", "St. Mary's Court, \\\"The Old Forge\\\"", "Queensway",
	}
	towns = []string{
		"Exampleton EX1 2MP", "Sampleford SA9 9ZZ", "Testbury-on-Sea TE5 7ST", "Llanfair EX4 1AB", "Demo City NSW 2999",
		"Springfield, IL 00000",
	}
	languages   = []string{"en-GB", "en-US", "en-AU", "de-DE", "pl-PL", "cy-GB", "ja-JP"}
	teams       = []string{"Claims", "Retentions", "Billing", "Café & Catering", "Night Desk", "Technical Support"}
	sites       = []string{"Leeds", "Zürich", "Newcastle", "Brisbane"}
	departments = []string{"Customer Service", "Sales", "Back Office"}

	routingProfiles = []string{"Basic Routing Profile", "Voice and Chat", "Claims – Tier 2", "Blended"}
	queues          = []string{
		"BasicQueue", "Claims", "Billing", "Sales UK", "Sales DE – Köln", "Retentions", "Technical Support L1",
		"Technical Support L2", "Complaints", "Callback Queue",
	}
	platforms = [][3]string{ // operating system, platform, version
		{"Windows", "Chrome", "142.0.0.0"},
		{"Windows", "Edge", "141.0.3537.57"},
		{"Mac OS X", "Chrome", "141.0.0.0"},
		{"Linux", "Firefox", "140.4"},
		{"Windows", "Chrome", "140.0.7339.208"},
	}
)

// hirePeople draws n customers.
func hirePeople(r *rand.Rand, n int) []person {
	people := make([]person, n)
	for i := range people {
		first, last := firstNames[r.IntN(len(firstNames))], lastNames[r.IntN(len(lastNames))]
		people[i] = person{
			name:     first + " " + last,
			email:    fmt.Sprintf("%s%d@example.%s", asciiLower(first+"."+last), r.IntN(1000), []string{"com", "org", "net"}[r.IntN(3)]),
			phone:    phoneNumber(r),
			account:  fmt.Sprintf("%c%c%05d-%c%d", 'A'+r.IntN(26), 'A'+r.IntN(26), r.IntN(100000), 'A'+r.IntN(26), r.IntN(10)),
			born:     fmt.Sprintf("%d-%02d-%02d", 1940+r.IntN(66), 1+r.IntN(12), 1+r.IntN(28)),
			address:  fmt.Sprintf("%d %s, %s", 1+r.IntN(200), streets[r.IntN(len(streets))], towns[r.IntN(len(towns))]),
			language: languages[r.IntN(len(languages))],
		}
	}
	return people
}

// hireAgents draws n agents who are at home at the given time.
func hireAgents(r *rand.Rand, n int, now int64) []agent {
	agents := make([]agent, n)
	for i := range agents {
		first, last := firstNames[r.IntN(len(firstNames))], lastNames[r.IntN(len(lastNames))]
		agents[i] = agent{
			id:       newID(r),
			first:    first,
			last:     last,
			username: asciiLower(first+"."+last) + fmt.Sprint(i),
			profile:  r.IntN(len(routingProfiles)),
			team:     r.IntN(len(teams)),
			platform: r.IntN(len(platforms)),
			levels:   [...]int{1, 1, 0, 0, 0, 2, 0, 3}[r.IntN(8)],
			day:      day{spoke: now * 1000, version: "2019-05-25"},
		}
		if i%3 == 0 {
			agents[i].username += "@example.com"
		}
		if i%8 == 7 {
			agents[i].day.version = oldVersion
		}
	}
	return agents
}

// phoneNumber draws an E.164 number from the ranges kept for drama and fiction: Ofcom's, the ACMA's, and 555-01xx.
func phoneNumber(r *rand.Rand) string {
	switch r.IntN(8) {
	case 0:
		return fmt.Sprintf("+44%s0%03d", []string{"113496", "121496", "161496", "207946"}[r.IntN(4)], r.IntN(1000))
	case 1:
		return fmt.Sprintf("+1%d55501%02d", []int{202, 212, 312, 404, 512, 617, 702}[r.IntN(7)], r.IntN(100))
	case 2:
		return fmt.Sprintf("+61%d%04d", []int{25550, 35550, 75550, 85550, 27010, 37010}[r.IntN(6)], r.IntN(10000))
	default:
		return fmt.Sprintf("+447700900%03d", r.IntN(1000))
	}
}

// asciiLower turns a name into the local part of an e-mail address: lower-case letters, digits and points.
func asciiLower(name string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(name) {
		switch {
		case c >= 'a' && c <= 'z' || c == '.' || c >= '0' && c <= '9':
			b.WriteRune(c)
		case c > 0x7f:
			b.WriteByte('a' + byte(c%26))
		}
	}
	return b.String()
}
