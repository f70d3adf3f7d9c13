package enrich

import (
	"fmt"

	"trunkline/contact"
	"trunkline/internal/collector"
	"trunkline/internal/document"
)

// worker enriches one record at a time.
type worker struct {
	e      *Enricher
	key    []byte // a key that stood with escapes
	nested []byte // a row inside the objects that the record lacks
	buf    []byte // the record with its row, until the next one
}

// keepBuffer is the buffer that a worker keeps from a record to the next: one huge record must not hold memory for ever.
const keepBuffer = 1 << 20

func (w *worker) process(r *collector.Record) error {
	o, doc := &w.e.o, r.Document()
	n := find(doc, doc.Root(), o.Match)
	if n == document.None {
		return nil
	}
	row, found := w.e.Directory().Lookup(w.text(doc, n))
	o.Observe.AgentLooked(found)
	if !found {
		return nil
	}
	if err := w.put(doc, o.Into, row); err != nil {
		return fmt.Errorf("put agent data into %s: %w", o.Into, err)
	}
	if cap(w.buf) > keepBuffer {
		w.buf = nil
	}
	w.buf = doc.Render(w.buf[:0])
	if err := r.Parse(w.buf); err != nil {
		return fmt.Errorf("record with agent data: %w", err)
	}
	return nil
}

// find returns the first text or number, in the order of the record, that the path leads to through objects and arrays.
func find(doc *document.Document, n document.Node, path contact.Path) document.Node {
	switch doc.Kind(n) {
	case document.Array:
		for c, end := doc.Children(n); c < end; c = doc.After(c) {
			if found := find(doc, c, path); found != document.None {
				return found
			}
		}
	case document.Object:
		if len(path) == 0 {
			break
		}
		for c, end := doc.Children(n); c < end; c = doc.After(c) {
			if !doc.KeyIs(c, path[0].Name) {
				continue
			}
			if found := find(doc, c, path[1:]); found != document.None {
				return found
			}
		}
	case document.String, document.Number:
		if len(path) == 0 {
			return n
		}
	}
	return document.None
}

// text is a text's content, or a number as written.
func (w *worker) text(doc *document.Document, n document.Node) []byte {
	if doc.Kind(n) == document.Number {
		return doc.Raw(n)
	}
	text, plain := doc.Text(n)
	if plain {
		return text
	}
	w.key = doc.AppendText(w.key[:0], n)
	return w.key
}

// place is where a row goes when nothing is at its path: into the object that exists farthest down the path.
type place struct {
	object document.Node
	depth  int           // names of the path that lead to object
	null   document.Node // the null in object where the path goes on; None for no member
	wrong  document.Node // the value there that is neither an object nor null
	done   bool          // the row has its place
}

// put plans to leave one member at the path, with that row. Objects that the record lacks on the way there, or has as null, are made.
func (w *worker) put(doc *document.Document, path contact.Path, row []byte) error {
	p := place{object: doc.Root(), null: document.None, wrong: document.None}
	p.visit(doc, doc.Root(), path, 0, row)
	if p.done {
		return nil
	}
	if p.wrong != document.None {
		return fmt.Errorf("%s is of type %s; want an object", path[:p.depth+1], doc.Kind(p.wrong))
	}
	name, rest := path[p.depth].Name, path[p.depth+1:]
	w.nested = w.nested[:0]
	for _, s := range rest {
		w.nested = append(document.AppendString(append(w.nested, '{'), s.Name), ':')
	}
	w.nested = append(w.nested, row...)
	for range rest {
		w.nested = append(w.nested, '}')
	}
	if p.null != document.None {
		doc.Replace(p.null, w.nested)
	} else {
		doc.Insert(p.object, name, w.nested)
	}
	return nil
}

// visit replaces the first member at the path and removes the others: a name may stand more than once in an object, and a reader
// may take any of them.
func (p *place) visit(doc *document.Document, object document.Node, path contact.Path, depth int, row []byte) {
	if depth > p.depth {
		p.object, p.depth, p.null, p.wrong = object, depth, document.None, document.None
	}
	last := depth == len(path)-1
	for c, end := doc.Children(object); c < end; c = doc.After(c) {
		if !doc.KeyIs(c, path[depth].Name) {
			continue
		}
		kind := doc.Kind(c)
		switch {
		case last && p.done:
			doc.Remove(c)
		case last:
			doc.Replace(c, row)
			p.done = true
		case kind == document.Object:
			p.visit(doc, c, path, depth+1, row)
		case object == p.object && kind == document.Null:
			p.null = c
		case object == p.object:
			p.wrong = c
		}
	}
}
