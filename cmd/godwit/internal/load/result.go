package load

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// Result is what a run measured. In JSON, durations are in seconds.
type Result struct {
	// Config is what was done, with its defaults filled in.
	Config Config `json:"-"`
	// Messages is how many came back, in Churn how many rounds were made, and in
	// Broadcast how many were delivered.
	Messages int64 `json:"messages"`
	// PerSecond is Messages by the time that counts; 0 in Idle.
	PerSecond float64 `json:"per_second"`
	// Latency is that of each message or round.
	Latency Summary `json:"latency"`
	// Lag is how late messages were sent that had to be sent at a rate: the part of
	// Latency that this process or a full connection is to blame for.
	Lag Summary `json:"lag,omitzero"`
	// Opening is how long it took to open all connections of Idle, in seconds.
	Opening float64 `json:"opening,omitzero"`
	// Unanswered is how many messages that were due hadn't come back some seconds
	// after the end.
	Unanswered int64 `json:"unanswered,omitzero"`
	// Generator is this process, Server the one named by Config.ServerPID. What is 0
	// wasn't measured.
	Generator Process `json:"generator,omitzero"`
	Server    Process `json:"server,omitzero"`

	cpu     usage
	mallocs float64 // of the server, a second
	latency Histogram
}

// Summary is a distribution of durations, in seconds.
type Summary struct {
	Count uint64  `json:"count"`
	Mean  float64 `json:"mean"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	P99   float64 `json:"p99"`
	P999  float64 `json:"p999"`
	Max   float64 `json:"max"`
}

// Process is what a process has used.
type Process struct {
	CPU                 float64 `json:"cpu"`             // seconds, while it counted
	CPUPerMessage       float64 `json:"cpu_per_message"` // seconds
	Memory              int64   `json:"memory,omitzero"` // bytes, of Idle, with all connections open
	MemoryPerConnection float64 `json:"memory_per_connection,omitzero"`
	// AllocationsPerMessage is the objects that a server in Go allocated; 0 also if
	// Config.ServerVars is "".
	AllocationsPerMessage float64 `json:"allocations_per_message"`
}

func seconds(d time.Duration) float64 { return d.Seconds() }

// summarize reads a histogram.
func summarize(h *Histogram) Summary {
	return Summary{
		Count: h.Count(),
		Mean:  seconds(h.Mean()),
		P50:   seconds(h.Quantile(0.5)),
		P90:   seconds(h.Quantile(0.9)),
		P99:   seconds(h.Quantile(0.99)),
		P999:  seconds(h.Quantile(0.999)),
		Max:   seconds(h.Max()),
	}
}

// collect fills in what the meters counted.
func (r *Result) collect(m *meter, c *clock) {
	r.latency = m.latency
	r.Latency = summarize(&m.latency)
	if m.lag.Count() > 0 {
		r.Lag = summarize(&m.lag)
		r.Unanswered = int64(m.lag.Count()) - int64(m.latency.Count())
	}
	r.Messages = m.messages
	if r.Config.Mode == Idle {
		return
	}
	r.PerSecond = float64(r.Messages) / seconds(c.end-c.begin)
	r.Generator.charge(r.cpu.ours, r.Messages)
	r.Server.charge(r.cpu.server, r.Messages)
	if r.PerSecond > 0 {
		r.Server.AllocationsPerMessage = r.mallocs / r.PerSecond
	}
}

// charge notes the CPU time that went into n messages.
func (p *Process) charge(cpu time.Duration, n int64) {
	p.CPU = seconds(cpu)
	if n > 0 {
		p.CPUPerMessage = p.CPU / float64(n)
	}
}

// WriteText writes the result for people to read.
func (r *Result) WriteText(w io.Writer) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tab, "load\t%s\n", r.Config.describe())
	noun := map[Mode]string{Echo: "messages", Churn: "rounds", Idle: "messages", Broadcast: "deliveries"}[r.Config.Mode]
	if r.PerSecond > 0 {
		fmt.Fprintf(tab, "%s\t%d, %.0f a second, %.1f MB/s each way\n", noun, r.Messages, r.PerSecond, r.PerSecond*float64(r.Config.Size)/1e6)
	}
	fmt.Fprintf(tab, "latency\t%v\n", r.Latency)
	if r.Lag.Count > 0 {
		fmt.Fprintf(tab, "sent late by\t%v\n", r.Lag)
	}
	if r.Unanswered > 0 {
		fmt.Fprintf(tab, "unanswered\t%d\n", r.Unanswered)
	}
	if r.Opening > 0 {
		fmt.Fprintf(tab, "opening\t%.2f s\n", r.Opening)
	}
	r.Generator.writeText(tab, "generator", noun)
	r.Server.writeText(tab, "server", noun)
	if r.Config.ServerVars != "" && r.PerSecond > 0 {
		fmt.Fprintf(tab, "server allocations\t%.2f objects for each of the %s\n", r.Server.AllocationsPerMessage, noun)
	}
	return tab.Flush()
}

func (p *Process) writeText(w io.Writer, name, noun string) {
	if p.CPU > 0 {
		fmt.Fprintf(w, "%s CPU\t%.2f s, %.3f µs for each of the %s\n", name, p.CPU, p.CPUPerMessage*1e6, noun)
	}
	if p.Memory > 0 {
		fmt.Fprintf(w, "%s memory\t%.1f MB, %.2f KB a connection\n", name, float64(p.Memory)/1e6, p.MemoryPerConnection/1e3)
	}
}

// String gives the summary in one line.
func (s Summary) String() string {
	if s.Count == 0 {
		return "none"
	}
	d := func(v float64) time.Duration { return round(time.Duration(v * float64(time.Second))) }
	return fmt.Sprintf("mean %v, p50 %v, p90 %v, p99 %v, p99.9 %v, max %v",
		d(s.Mean), d(s.P50), d(s.P90), d(s.P99), d(s.P999), d(s.Max))
}

// round cuts a duration to three digits or so.
func round(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}

// describe says what a run does, in one line.
func (c *Config) describe() string {
	s := fmt.Sprintf("%s to %s: %d connections, %d bytes of %s", c.Mode, c.URL, c.Connections, c.Size, c.Content)
	if c.Depth > 1 {
		s += fmt.Sprintf(", %d in flight each", c.Depth)
	}
	if c.Rate > 0 {
		s += fmt.Sprintf(", %.6g messages a second in all", c.Rate)
	}
	if c.Compress {
		s += ", compressed"
	}
	if c.NoTakeover {
		s += " without takeover"
	}
	return s + fmt.Sprintf(", %v after %v", c.Duration, c.WarmUp)
}
