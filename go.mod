module trunkline

go 1.26.0

require (
	github.com/google/go-cmp v0.7.0
	pgregory.net/rapid v1.3.0
)

// npm's packages may hold Go files.
ignore node_modules
