package cli

import (
	"context"

	"trunkline/internal/collector"
	"trunkline/internal/source/files"
	"trunkline/internal/source/kinesis"
)

// source is a collector.Source, and what a run tells of it.
type source interface {
	collector.Source
	// Lag is how many bytes it is behind; known is false where it cannot tell.
	Lag() (bytes int64, known bool)
}

// openSource opens what the config reads. ctx may end before the source does.
func (r *run) openSource(ctx context.Context) (err error) {
	if r.config.Source.Kinesis != nil {
		r.stream, err = r.openStream(ctx)
		r.source = r.stream
	} else {
		r.source, err = r.openFiles()
	}
	if err == nil {
		r.closers = append(r.closers, r.source.Close)
	}
	return err
}

func (r *run) openFiles() (source, error) {
	f := r.config.Source.File
	return files.Open(files.Options{
		Path: f.Path, Follow: f.Follow, MaxRecord: int(f.MaxRecord), Poll: f.Poll, Stdin: r.app.stdin, Logger: r.log,
		Position: func(partition string) (string, bool) {
			position, ok, err := r.store.Position(partition)
			if err != nil { // a state file that cannot be read takes no checkpoint either: the run ends with its error
				r.log.Error("position of a file is unknown; it is read from its start", "error", err)
			}
			return position, ok
		},
	})
}

// sourceName is what the log calls the source.
func (r *run) sourceName() string {
	if k := r.config.Source.Kinesis; k != nil {
		return k.Stream
	}
	return r.config.Source.File.Path
}

// describe says in words where a record of the source stands.
func (r *run) describe(partition, position string) string {
	if r.config.Source.Kinesis != nil {
		return kinesis.Describe(partition, position)
	}
	return files.Describe(partition, position)
}
