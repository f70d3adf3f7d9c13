package catalog

import (
	"iter"
	"slices"
	"sort"
	"strings"
)

// Dependent is an action that the caller of another one needs as well.
type Dependent struct {
	Action string `json:"action"`

	// On is an ARN template of what it acts on, "*" where it takes no resource, or empty where that is not known.
	On string `json:"on,omitempty"`

	// Condition narrows the grant to this purpose, as key=value: kms:ViaService=s3.${Region}.amazonaws.com. Empty where none fits.
	Condition string `json:"condition,omitempty"`

	// When says in which cases it is needed, beginning with "if" or "for"; empty: always, or not known.
	When   string `json:"when,omitempty"`
	Source string `json:"source"`

	of string // the action that it depends on
}

// reference is the source of what the published data says.
const reference = "Service Authorization Reference"

// Dependents yields what the caller of the action needs as well. The reference's own list comes first, without resources and
// conditions: of Connect it names all that any of its parameters could need. A row of the curated table takes the place of the
// reference's for the same action.
func (a *Action) Dependents() iter.Seq[Dependent] {
	return func(yield func(Dependent) bool) {
		curated := a.curated()
		for list := a.dependents; list != ""; {
			var name string
			name, list, _ = strings.Cut(list, ",")
			if slices.ContainsFunc(curated, func(d Dependent) bool { return compareFold(d.Action, name) == 0 }) {
				continue
			}
			if !yield(Dependent{Action: name, Source: reference, of: a.full}) {
				return
			}
		}
		for _, d := range curated {
			if !yield(d) {
				return
			}
		}
	}
}

// curated is the part of the curated table that is about the action.
func (a *Action) curated() []Dependent {
	s := a.Service
	s.curatedOnce.Do(func() { s.curated = s.curatedRows() })
	if s.curated == nil {
		return nil
	}
	return s.curated[a.at]
}

// curatedRows is the part of the curated table that is about the service, by position of the action; nil when there is none.
func (s *Service) curatedRows() [][]Dependent {
	all := s.catalog.hand().dependents
	var rows [][]Dependent
	for i := range s.Actions {
		name := s.Actions[i].full
		from, found := sort.Find(len(all), func(i int) int { return compareFold(name, all[i].of) })
		if !found {
			continue
		}
		to := from
		for to < len(all) && compareFold(all[to].of, name) == 0 {
			to++
		}
		if rows == nil {
			rows = make([][]Dependent, len(s.Actions))
		}
		rows[i] = all[from:to:to]
	}
	return rows
}

// Job is what a role needs for something that several actions serve together, such as reading a stream with enhanced fan-out.
type Job struct {
	Name      string
	Principal string // whose permissions they are: execution role
	Needs     []Dependent
}

// Jobs yields the jobs that the catalogue knows.
func (c *Catalog) Jobs() iter.Seq[Job] { return slices.Values(c.hand().jobs) }
