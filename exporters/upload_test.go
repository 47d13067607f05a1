package exporters

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func uploads(t *testing.T, limit int) (*Uploads, *[]string) {
	t.Helper()
	var said []string
	u, err := NewUploads(filepath.Join(t.TempDir(), "a b"), limit, func(problem, hint string) { said = append(said, problem+"; "+hint) })
	if err != nil {
		t.Fatal(err)
	}
	return u, &said
}

func TestUploadsAreWrittenWhole(t *testing.T) {
	u, said := uploads(t, 20)
	ref := u.Put("one.json", []byte("first"), false)
	u.Put("hash.json", []byte("same"), true)
	u.Flush(t.Context())
	u.Put("hash.json", []byte("other"), true)
	u.Flush(t.Context())
	at, err := url.Parse(ref)
	if err != nil || at.Scheme != "file" {
		t.Fatal(ref, err)
	}
	for path, want := range map[string]string{filepath.FromSlash(at.Path): "first", filepath.Join(u.dir, "hash.json"): "same"} {
		if got, err := os.ReadFile(path); string(got) != want || err != nil {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(u.dir, ".*")); len(left) != 0 || len(*said) != 0 {
		t.Errorf("left %v, said %v", left, *said)
	}
}

func TestUploadsThatAreLostAreCounted(t *testing.T) {
	u, said := uploads(t, 2)
	u.mu.Lock() // as if the disk took its time: nothing is taken out meanwhile
	u.running = true
	u.mu.Unlock()
	for range 3 {
		if ref := u.Put("x.json", []byte("x"), false); (ref == "") != (len(u.waiting) == 2 && u.full == 1) {
			t.Errorf("ref %q with %d waiting", ref, len(u.waiting))
		}
	}
	if err := os.RemoveAll(u.dir); err != nil {
		t.Fatal(err)
	}
	go u.work() // ends when nothing waits
	u.Flush(t.Context())
	all := strings.Join(*said, "\n")
	for _, want := range []string{"(2 documents lost)", "1 document of content lost: the queue was full; make it longer with OTEL_INSTRUMENTATION_GENAI_UPLOAD_MAX_QUEUE_SIZE"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in %q", want, all)
		}
	}
}

func TestFlushOfUploadsIsBounded(t *testing.T) {
	u, said := uploads(t, 2)
	u.mu.Lock()
	u.running = true // and never done
	u.mu.Unlock()
	u.Put("x.json", []byte("x"), false)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	u.Flush(ctx)
	if all := strings.Join(*said, ""); !strings.Contains(all, "1 document of content lost: there was no time") {
		t.Errorf("said %q", all)
	}
}

func TestFoldersOfUploads(t *testing.T) {
	for base, ok := range map[string]bool{
		"": false, "s3://bucket": false, "file://elsewhere/x": false, "file:///tmp/x": true, "file://localhost/tmp/x": true, "rel/path": true,
	} {
		if err := CheckUploads(base); (err == nil) != ok {
			t.Errorf("%s: %v", base, err)
		}
	}
}
