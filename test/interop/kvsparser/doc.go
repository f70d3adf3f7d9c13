// Package kvsparser reads streams of Kinesis Video beside AWS's own parser for them
// (com.amazonaws:amazon-kinesis-video-streams-parser-library): fragments as Connect writes them, the shapes of other producers, and streams
// that are damaged. Where both read a stream to its end they find the same fragments, tracks, tags and frames; where one does not, the
// reason is one of a short list.
package kvsparser
