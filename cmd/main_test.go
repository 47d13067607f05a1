package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/otel-genai/otel-genai/internal/fakellm"
)

func TestMain(m *testing.M) {
	// The demo starts its own program again, which here is the test binary, and
	// so does the bash that completes our line.
	if len(os.Args) == 2 && os.Args[1] == demoClientName || filepath.Base(os.Args[0]) == "otel-genai" && len(os.Args) > 1 && completes(os.Args[1:]) {
		os.Exit(Main())
	}
	testscript.Main(leakless{m}, map[string]func(){
		"otel-genai": func() { os.Exit(Main()) },
		"client":     func() { os.Exit(client(os.Args[1:])) },
	})
}

// leakless fails when a test leaves a goroutine behind.
type leakless struct{ m *testing.M }

func (l leakless) Run() int {
	// Under nohup, or as a shell's background job, it comes to us ignored, and
	// the programs that the tests start would inherit that.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	code := l.m.Run()
	if code != 0 {
		return code
	}
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// clients are further programs that client can be, by its first argument.
var clients = map[string]func(args []string){}

// client is a program as scripts need it: it knows nothing of telemetry.
func client(args []string) int {
	if len(args) == 0 {
		args = []string{"chat"}
	}
	if run := clients[args[0]]; run != nil {
		run(args[1:])
		return 0
	}
	switch args[0] {
	case "args": // shows its arguments
		fmt.Printf("%q\n", args[1:])
	case "env": // shows variables
		for _, name := range args[1:] {
			value, ok := os.LookupEnv(name)
			fmt.Printf("%s=%s set=%t\n", name, value, ok)
		}
	case "environ": // shows all of them
		for _, entry := range os.Environ() {
			fmt.Println(entry)
		}
	case "cat": // copies stdin
		_, _ = io.Copy(os.Stdout, os.Stdin)
	case "exit":
		code, _ := strconv.Atoi(args[1])
		return code
	case "kill": // dies by a signal
		n, _ := strconv.Atoi(args[1])
		signal.Reset()
		if self, err := os.FindProcess(os.Getpid()); err == nil {
			_ = self.Signal(syscall.Signal(n))
		}
		select {}
	case "chat": // [model [traceparent | "Name: value"]]
		return ask(args[1:])
	case "later": // file: chats when that named pipe was opened for writing and closed
		fmt.Println("waiting", os.Getpid())
		_, _ = os.ReadFile(args[1])
		return ask(args[2:])
	}
	return 0
}

func ask(args []string) int {
	model := "gpt-4o-mini"
	if len(args) > 0 {
		model = args[0]
	}
	body := fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":"a secret question"}]}`, model)
	req, err := http.NewRequest(http.MethodPost, os.Getenv("OPENAI_BASE_URL")+"/chat/completions", strings.NewReader(body))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	req.Header.Set("Authorization", "Bearer sk-very-secret")
	if len(args) > 1 {
		name, value, named := strings.Cut(args[1], ": ")
		if !named {
			name, value = "Traceparent", args[1]
		}
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Choices []struct{ Message struct{ Content string } }
	}
	_ = json.NewDecoder(resp.Body).Decode(&answer)
	fmt.Println("status", resp.StatusCode)
	for _, c := range answer.Choices {
		fmt.Println("answer", c.Message.Content)
	}
	return 0
}

// collector is an OTLP/HTTP collector that remembers what it was sent.
type collector struct {
	mu   sync.Mutex
	got  map[string]string // by signal, as JSON
	head http.Header
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	message, ok := map[string]proto.Message{
		"/v1/traces":  &coltrace.ExportTraceServiceRequest{},
		"/v1/metrics": &colmetrics.ExportMetricsServiceRequest{},
		"/v1/logs":    &collogs.ExportLogsServiceRequest{},
	}[r.URL.Path]
	body, err := io.ReadAll(r.Body)
	if !ok || err != nil || proto.Unmarshal(body, message) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	text, _ := protojson.Marshal(message)
	// protojson puts spaces in or not as it likes, so that nobody relies on them.
	var plain bytes.Buffer
	_ = json.Compact(&plain, text)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got[strings.TrimPrefix(r.URL.Path, "/v1/")] += plain.String() + "\n"
	c.head = r.Header
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			llm := httptest.NewServer(fakellm.New())
			c := &collector{got: map[string]string{}}
			backend := httptest.NewServer(c)
			e.Defer(llm.Close)
			e.Defer(backend.Close)
			e.Values[collectorKey{}] = c
			e.Setenv("LLM", llm.URL)
			e.Setenv("COLLECTOR", backend.URL)
			e.Setenv("OPENAI_BASE_URL", llm.URL+"/v1")
			e.Setenv("XDG_STATE_HOME", filepath.Join(e.WorkDir, "state"))
			e.Vars = append(e.Vars, promptRace)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"collected": collected,
		},
	})
}

// promptRace takes away the second that a program built with -race waits at its end.
const promptRace = "GORACE=atexit_sleep_ms=0"

type collectorKey struct{}

// collected looks for a pattern in what the collector was sent: collected
// traces|metrics|logs|header pattern.
func collected(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: [!] collected signal pattern")
	}
	c := ts.Value(collectorKey{}).(*collector)
	c.mu.Lock()
	defer c.mu.Unlock()
	text := c.got[args[0]]
	if args[0] == "header" {
		text = fmt.Sprint(c.head)
	}
	switch found := regexp.MustCompile(args[1]).MatchString(text); {
	case found && neg:
		ts.Fatalf("%s were sent with %s:\n%s", args[0], args[1], text)
	case !found && !neg:
		ts.Fatalf("%s were sent without %s:\n%s", args[0], args[1], text)
	}
}

// otelGenai is the command as a process of its own, in a bare environment.
func otelGenai(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command("otel-genai", args...)
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), promptRace}
	c.Dir = t.TempDir()
	return c
}
