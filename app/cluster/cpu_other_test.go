//go:build !unix

package cluster_test

import "time"

func processorTime() time.Duration { return 0 }
