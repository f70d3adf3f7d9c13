package cli

import (
	"context"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"

	"trunkline/internal/cloud"
	"trunkline/internal/collector/enrich"
	"trunkline/internal/config"
	"trunkline/internal/pipeline"
	"trunkline/internal/source/files"
)

// buildPipeline refuses what only a collector with files can get wrong, and builds the pipeline.
func buildPipeline(ctx context.Context, c *config.Config, aws *cloud.Services, log *slog.Logger, agents enrich.Observer) (*pipeline.Pipeline, error) {
	if err := refuseLoop(c); err != nil {
		return nil, err
	}
	p, err := pipeline.Build(ctx, c, pipeline.Services{Secrets: aws.Secrets, Objects: aws.Objects}, log, agents)
	if err == nil {
		pipeline.Warn(c, log)
	}
	return p, err
}

// refuseLoop finds what the collector would write where it reads: it would take its own output for records, without end.
func refuseLoop(c *config.Config) error {
	if c.Source.File == nil {
		return nil
	}
	written := map[string]string{"state.file": c.State.File}
	if c.DeadLetter.Folder != "" {
		written["dead_letter.folder"] = filepath.Join(c.DeadLetter.Folder, "letters")
	}
	if d := c.Destination.File; d != nil {
		written["destination.file.path"] = d.Path
	}
	for _, key := range slices.Sorted(maps.Keys(written)) {
		if files.Reads(c.Source.File.Path, written[key]) {
			return c.Errorf(key, "source.file.path, %s, reads what is written here; name a place that it does not stand for", c.Source.File.Path)
		}
	}
	return nil
}
