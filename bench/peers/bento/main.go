// Bento runs Bento with the components that the comparison needs and no others: files, HTTP, mappings.
//
//	bento -c file.yaml
package main

import (
	"context"

	_ "github.com/warpstreamlabs/bento/public/components/io"
	_ "github.com/warpstreamlabs/bento/public/components/pure"
	"github.com/warpstreamlabs/bento/public/service"
)

func main() { service.RunCLI(context.Background()) }
