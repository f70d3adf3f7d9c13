package enrich

import "context"

// Remote is an agent file that is kept elsewhere and replaced as a whole.
type Remote interface {
	// Get returns the content, cut off behind limit bytes and one more, with a tag for its version; no content where the version is
	// still the one of that tag. The empty tag is no version's. The error says what to do.
	Get(ctx context.Context, tag string, limit int64) (content []byte, version string, err error)
}

// object is a Remote, and what was seen of it. It is not safe for concurrent use.
type object struct {
	remote Remote
	column string

	tag     string // of the version that was read last
	problem error  // why it could not be used; nil: its rows came into force
}

func (o *object) read(ctx context.Context) (Directory, error) { return o.look(ctx) }

// look reads a version once: one that cannot be used is not fetched again.
func (o *object) look(ctx context.Context) (Directory, error) {
	content, tag, err := o.remote.Get(ctx, o.tag, MaxBytes)
	if err != nil {
		return nil, err
	}
	if content == nil {
		return nil, o.problem
	}
	rows, err := Read(content, o.column)
	o.tag, o.problem = tag, err
	return rows, err
}

// moving is never true: an object is there whole, or is not.
func (o *object) moving() bool { return false }
