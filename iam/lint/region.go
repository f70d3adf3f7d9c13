package lint

import (
	"fmt"
	"slices"
	"strings"

	"trunkline/iam/arn"
)

// The Regions, from the list that AWS's SDKs carry: partitions.json of botocore 1.44.5, 2026-11-17. AWS opens new ones, so that a name
// that is written like a Region and is not here may be one.
const regionsAsOf = "2026-11-17"

var regions = [...]struct {
	partition string
	names     []string
}{
	{"aws", []string{
		"us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1",
		"eu-west-2", "eu-west-3", "af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1",
		"ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7",
		"ca-central-1", "ca-west-1", "il-central-1", "me-central-1", "me-south-1", "me-west-1", "mx-central-1", "sa-east-1", "sa-west-1",
	}},
	{"aws-cn", []string{"cn-north-1", "cn-northwest-1"}},
	{"aws-eusc", []string{"eusc-de-east-1"}},
	{"aws-iso", []string{"us-iso-east-1", "us-iso-west-1"}},
	{"aws-iso-b", []string{"us-isob-east-1", "us-isob-west-1"}},
	{"aws-iso-e", []string{"eu-isoe-west-1"}},
	{"aws-iso-f", []string{"us-isof-east-1", "us-isof-south-1"}},
	{"aws-us-gov", []string{"us-gov-east-1", "us-gov-west-1"}},
}

// regionPartition is the partition of a known Region; empty for others.
func regionPartition(name string) string {
	for i := range regions {
		if slices.Contains(regions[i].names, name) {
			return regions[i].partition
		}
	}
	return ""
}

// isRegionOf tells whether a name is a known Region of a partition.
func isRegionOf(name, partition string) bool {
	known := regionPartition(name)
	return known != "" && known == partition
}

// A regionVerdict says what is wrong with the name of a Region.
type regionVerdict struct {
	wrong    bool
	severity Severity
	message  string
}

// judgeRegion looks at a name that should be a Region of a partition, or of any when that is empty or no partition.
func judgeRegion(name, partition string) regionVerdict {
	if name == "" || special(name) || strings.ContainsAny(name, "*?") {
		return regionVerdict{}
	}
	if known := regionPartition(name); known != "" {
		if partition == "" || known == partition || !arn.IsPartition(partition) {
			return regionVerdict{}
		}
		return regionVerdict{true, Error, fmt.Sprintf("The Region %s is in the partition %s, the ARN in %s: no resource is in both.", name, known, partition)}
	}
	var all []string
	for i := range regions {
		all = append(all, regions[i].names...)
	}
	near := ""
	if found := closest(name, all); found != "" {
		near = ": write " + found + " if that is meant."
	}
	if arn.IsRegion(name) {
		if near == "" {
			near = ": check the spelling."
		}
		return regionVerdict{true, Warning, fmt.Sprintf("There was no Region %s as of %s%s", name, regionsAsOf, near)}
	}
	if near == "" {
		near = ": Regions are written like eu-west-2."
	}
	return regionVerdict{true, Error, fmt.Sprintf("%q is no Region%s", name, near)}
}
