package arn

import "strings"

// A Partition is a group of Regions with accounts of its own: an ARN of one means nothing in another.
type Partition struct {
	ID        string // as in an ARN
	Name      string
	DNSSuffix string   // of its endpoints
	Regions   []string // what the names of its Regions begin with
}

// partitions are the partitions of the AWS SDKs' endpoint data, with what tells their Regions apart.
func partitions() [8]Partition {
	return [8]Partition{
		{"aws", "AWS Standard", "amazonaws.com", []string{"af-", "ap-", "ca-", "eu-", "il-", "me-", "mx-", "sa-", "us-"}},
		{"aws-cn", "AWS China", "amazonaws.com.cn", []string{"cn-"}},
		{"aws-us-gov", "AWS GovCloud (US)", "amazonaws.com", []string{"us-gov-"}},
		{"aws-iso", "AWS ISO (US)", "c2s.ic.gov", []string{"us-iso-"}},
		{"aws-iso-b", "AWS ISOB (US)", "sc2s.sgov.gov", []string{"us-isob-"}},
		{"aws-iso-e", "AWS ISOE (Europe)", "cloud.adc-e.uk", []string{"eu-isoe-"}},
		{"aws-iso-f", "AWS ISOF", "csp.hci.ic.gov", []string{"us-isof-"}},
		{"aws-eusc", "AWS European Sovereign Cloud", "amazonaws.eu", []string{"eusc-"}},
	}
}

// Partitions lists the partitions. The caller may change the list.
func Partitions() []Partition {
	list := partitions()
	return list[:]
}

// IsPartition says whether id is a partition.
func IsPartition(id string) bool {
	switch id {
	case "aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc":
		return true
	}
	return false
}

// PartitionOf is the partition of a Region, found by the longest beginning of its name, so that Regions of tomorrow have one too.
// It is false for what is not written as a Region or begins like none.
func PartitionOf(region string) (Partition, bool) {
	if !IsRegion(region) {
		return Partition{}, false
	}
	var found Partition
	longest := 0
	for _, partition := range partitions() {
		for _, prefix := range partition.Regions {
			if len(prefix) > longest && strings.HasPrefix(region, prefix) {
				found, longest = partition, len(prefix)
			}
		}
	}
	return found, longest > 0
}
