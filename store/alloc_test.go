package store_test

import (
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/store"
)

// sample is a message of the size that is usual: 240 bytes.
var sample = []byte(`{"对方IP":"192.168.1.20","对方端口":51234,"处理类型":"数据","次一级数据类型":"温度",` +
	`"数据内容":"` + strings.Repeat("x", 73) + `","时间":"2026-11-22T10:34:00.123456+08:00"}`)

func TestAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	if len(sample) != 240 {
		t.Fatalf("the sample has %d bytes", len(sample))
	}
	memory := store.NewMemory(store.Config{})
	defer memory.Close()
	disk, err := store.OpenDisk(store.Config{Dir: t.TempDir(), Sync: store.SyncNever, CompactAfter: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	backlog := make([][]byte, 1000)
	for i := range backlog {
		backlog[i] = sample
	}
	for _, s := range []store.Store{memory, disk} {
		if err := s.AppendAll(ctx, backlog); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name string
		want float64
		do   func() error
	}{
		{"memory-append", 1, func() error { return memory.Append(ctx, sample) }}, // the copy
		{"memory-take", 0, func() error { return takeOne(memory) }},
		{"disk-append", 0, func() error { return disk.Append(ctx, sample) }},
		{"disk-take", 1, func() error { return takeOne(disk) }}, // the copy
		{"memory-through", 1, func() error {
			if err := memory.Append(ctx, sample); err != nil {
				return err
			}
			return takeOne(memory)
		}},
	}
	for _, tt := range tests {
		got := testing.AllocsPerRun(500, func() {
			if err := tt.do(); err != nil {
				t.Fatal(err)
			}
		})
		if got != tt.want {
			t.Errorf("%s allocates %v times, want %v", tt.name, got, tt.want)
		}
	}
}

func takeOne(s store.Store) error {
	d, err := s.TryNext()
	if err != nil {
		return err
	}
	return s.Ack(d)
}

// TestCopyIsExact appends a message full of white space: the copy takes no more memory than its size,
// so that the limit of bytes means what it says.
func TestCopyIsExact(t *testing.T) {
	s := store.NewMemory(store.Config{})
	defer s.Close()
	if err := s.Append(ctx, []byte("{"+strings.Repeat(" ", 1<<16)+"}")); err != nil {
		t.Fatal(err)
	}
	d, err := s.TryNext()
	if err != nil || string(d.Payload) != "{}" || cap(d.Payload) > 64 {
		t.Errorf("TryNext = %.20q with room for %d, %v", d.Payload, cap(d.Payload), err)
	}
}
