// Aws runs Bento with the components that reading a Kinesis stream needs, and no others: AWS, HTTP, mappings.
//
//	aws -c kinesis.yaml
package main

import (
	"context"

	_ "github.com/warpstreamlabs/bento/public/components/aws"
	_ "github.com/warpstreamlabs/bento/public/components/io"
	_ "github.com/warpstreamlabs/bento/public/components/pure"
	"github.com/warpstreamlabs/bento/public/service"
)

func main() { service.RunCLI(context.Background()) }
