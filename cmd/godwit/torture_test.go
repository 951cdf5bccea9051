package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// The groups that take no time, against our own echo server.
func TestTortureServer(t *testing.T) {
	s := start(t, "echo", "--addr", "127.0.0.1:0", "--compress", "--max-message", "65536")
	got := invoke(t, "", "torture", "--strict", "--max-message", "65536", "--run", "^(close|utf8|limit|reset|deflate)/", s.url)
	if got.code != exitOK || !strings.Contains(got.out, "ok   close/one-byte\n") || !strings.Contains(got.out, " 0 failed, 0 skipped\n") {
		t.Errorf("status %d\n%s%s", got.code, got.out, got.err)
	}
}

func TestTortureJSON(t *testing.T) {
	s := start(t, "echo", "--addr", "127.0.0.1:0")
	got := invoke(t, "", "torture", "--json", "--run", "^close/code-1000$|^deflate/fixed$", s.url)
	if got.code != exitOK {
		t.Fatalf("status %d\n%s", got.code, got.err)
	}
	verdicts := map[string]string{}
	var sum summaryLine
	for line := range strings.Lines(got.out) {
		var c caseLine
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if c.Name != "" {
			verdicts[c.Name] = c.Verdict
		} else if err := json.Unmarshal([]byte(line), &sum); err != nil {
			t.Fatal(err)
		}
	}
	if verdicts["close/code-1000"] != "ok" || verdicts["deflate/fixed"] != "skip" || sum.OK != 1 || sum.Skipped != 1 || sum.Echoes == 0 {
		t.Errorf("verdicts %v, summary %+v", verdicts, sum)
	}
}

// A server that doesn't keep to what it is said to do has failed.
func TestTortureFails(t *testing.T) {
	s := start(t, "echo", "--addr", "127.0.0.1:0", "--max-message", "1000")
	got := invoke(t, "", "torture", "--max-message", "2000", "--run", "^limit/exact$", s.url)
	if got.code != exitFailure || !strings.Contains(got.out, "FAIL limit/exact\n") || got.err != "godwit torture: 1 of 1 cases failed\n" {
		t.Errorf("status %d\n%s%s", got.code, got.out, got.err)
	}
}

func TestTortureClient(t *testing.T) {
	s := &server{out: newTranscript(), err: newTranscript()}
	done := make(chan int, 1)
	go func() {
		done <- run(t.Context(), []string{"torture", "--client", "127.0.0.1:0", "--run", "^answer/status-200$"}, stdio{strings.NewReader(""), s.out, s.err})
	}()
	line := s.err.await(t, "waiting for a client")
	invoke(t, "", "dial", line[strings.LastIndex(line, " ")+1:])
	if code := <-done; code != exitOK {
		t.Errorf("status %d\n%s%s", code, s.out, s.err)
	}
}

func TestTortureList(t *testing.T) {
	got := invoke(t, "", "torture", "--list", "--run", "^length/2.62-text$")
	if got.code != exitOK || !strings.HasPrefix(got.out, "length/2^62-text  text announces 2^62 bytes: closed with 1009") {
		t.Errorf("%+v", got)
	}
}
