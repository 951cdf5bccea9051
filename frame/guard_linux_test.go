package frame_test

import (
	"bytes"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/godwit-ws/godwit/frame"
)

// guarded returns two pages of memory between two that may not be touched: whoever reads or writes
// past either end dies.
func guarded(t *testing.T) []byte {
	t.Helper()
	page := os.Getpagesize()
	m, err := syscall.Mmap(-1, 0, 4*page, syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(m); err != nil {
			t.Error(err)
		}
	})
	inner := m[page : 3*page : 3*page]
	if err := syscall.Mprotect(inner, syscall.PROT_READ|syscall.PROT_WRITE); err != nil {
		t.Fatal(err)
	}
	return inner
}

// atEdges calls f with n bytes that begin a readable page and with n that end one.
func atEdges(m []byte, n int, f func(p []byte)) {
	f(m[:n:n])
	f(m[len(m)-n:])
}

func TestMaskStaysInside(t *testing.T) {
	a, b := guarded(t), guarded(t)
	eachKernel(t, func(t *testing.T) {
		for n := range 1200 {
			want := fill(n)
			frame.MaskGeneric(want, testKey)
			atEdges(a, n, func(p []byte) {
				copy(p, fill(n))
				atEdges(b, n, func(q []byte) {
					frame.MaskCopy(q, p, testKey)
					if !bytes.Equal(q, want) {
						t.Fatalf("MaskCopy of %d at a page's edge:\n got % x\nwant % x", n, q, want)
					}
				})
				frame.Mask(p, testKey)
				if !bytes.Equal(p, want) {
					t.Fatalf("Mask of %d at a page's edge:\n got % x\nwant % x", n, p, want)
				}
			})
		}
	})
}

func TestUTF8StaysInside(t *testing.T) {
	m := guarded(t)
	eachKernel(t, func(t *testing.T) {
		for _, tt := range texts {
			for n := range 1000 {
				atEdges(m, n, func(p []byte) {
					copy(p, textOf(tt.text, n))
					wantFeed(t, p)
					want := bytes.Clone(p)
					frame.MaskGeneric(p, testKey)
					var u frame.UTF8
					if _, ok := u.Unmask(p, testKey); !ok || !bytes.Equal(p, want) {
						t.Fatalf("Unmask of %d at a page's edge: %v\n got % x\nwant % x", n, ok, p, want)
					}
				})
			}
		}
	})
}

// faultIn calls f, which must touch memory that may not be touched, and returns the functions of
// this package that were on the stack when it did.
func faultIn(t *testing.T, f func()) (names []string) {
	t.Helper()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() == nil {
			t.Error("no fault")
		}
		var pcs [64]uintptr
		frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs[:])])
		for {
			fr, more := frames.Next()
			if _, name, ok := strings.Cut(fr.Function, "/frame."); ok {
				names = append(names, name)
			}
			if !more {
				return
			}
		}
	}()
	f()
	return nil
}

// TestAssemblyRuns makes the kernels fault, and looks which function it was that did: on a machine
// with a kernel, the exported functions must arrive in assembly and nowhere else.
func TestAssemblyRuns(t *testing.T) {
	page := os.Getpagesize()
	m, err := syscall.Mmap(-1, 0, page, syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Munmap(m)
	for _, tt := range []struct {
		name string
		call func()
		want map[string]string // by kernel
	}{
		{"mask", func() { frame.Mask(m, 1) }, map[string]string{"avx2": "maskAVX2", "avx512": "maskAVX512", "neon": "maskNEON"}},
		{"mask-125", func() { frame.Mask(m[:125], 1) }, map[string]string{"avx2": "maskAVX2", "avx512": "maskAVX512", "neon": "maskNEON"}},
		{"mask-copy", func() { frame.MaskCopy(m, make([]byte, 125), 1) },
			map[string]string{"avx2": "maskAVX2", "avx512": "maskAVX512", "neon": "maskNEON"}},
		{"utf8", func() { new(frame.UTF8).Feed(m[:125]) }, map[string]string{"avx2": "validVector", "avx512": "validVector", "neon": "validVector"}},
		{"unmask", func() { new(frame.UTF8).Unmask(m[:125], 1) }, map[string]string{"avx2": "unmaskVector", "avx512": "unmaskVector", "neon": "unmaskVector"}},
	} {
		eachKernel(t, func(t *testing.T) {
			want := tt.want[frame.Running()]
			if got := faultIn(t, tt.call); want != "" && !slices.Contains(got, want) {
				t.Errorf("%s on kernel %s runs through %v, not %s", tt.name, frame.Running(), got, want)
			}
		})
	}
}
