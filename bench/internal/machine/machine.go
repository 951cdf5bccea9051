// Package machine says where figures were taken.
package machine

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// Describe gives cores, memory, kernel and Go version in one line, and no name.
func Describe() string {
	s := fmt.Sprintf("%d cores", runtime.NumCPU())
	if model := field("/proc/cpuinfo", "model name"); model != "" {
		s += " of " + model
	}
	if memory := field("/proc/meminfo", "MemTotal"); memory != "" {
		var kilobytes int64
		fmt.Sscanf(memory, "%d kB", &kilobytes) // 0 if the text isn't as it has always been
		s += fmt.Sprintf(", %d GB of memory", (kilobytes+500_000)/1_000_000)
	}
	if kernel, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		s += ", kernel " + strings.TrimSpace(string(kernel))
	}
	return s + fmt.Sprintf(", %s/%s, %s", runtime.GOOS, runtime.GOARCH, runtime.Version())
}

// field returns the value of the first line of a file that begins with a name and a
// colon, or "".
func field(file, name string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		key, value, ok := strings.Cut(lines.Text(), ":")
		if ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// unknown is the kind of a file system that can't be found out.
const unknown = "a file system of unknown kind"
