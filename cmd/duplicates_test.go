package cmd

import (
	"strings"
	"testing"
)

func TestCommandLinesThatInstrumentThemselves(t *testing.T) {
	for _, tt := range []struct {
		words string
		env   map[string]string
		want  bool
	}{
		{"python main.py", nil, false},
		{"opentelemetry-instrument python main.py", nil, true},
		{"/venv/bin/opentelemetry-instrument --traces_exporter none python main.py", nil, true},
		{"uv run opentelemetry-instrument python main.py", nil, true},
		{"python -m opentelemetry.instrumentation.auto_instrumentation main.py", nil, true},
		{"python -m http.server", nil, false},
		{"sh app.sh /x/opentelemetry-instrument", nil, false},
		{"node app.js --require @opentelemetry/auto-instrumentations-node/register", nil, false},
		{"myapp opentelemetry-instrument", nil, false},
		{"env A=b nice -n 5 opentelemetry-instrument python main.py", nil, true},
		{"node --require @opentelemetry/auto-instrumentations-node/register app.js", nil, true},
		{"node --require=@opentelemetry/auto-instrumentations-node/register app.js", nil, true},
		{"node --import @opentelemetry/auto-instrumentations-node/register app.mjs", nil, true},
		{"node app.js", map[string]string{"NODE_OPTIONS": "--max-old-space-size=100 --require @opentelemetry/auto-instrumentations-node/register"}, true},
		{"node app.js", map[string]string{"NODE_OPTIONS": "--max-old-space-size=100"}, false},
		{"java -javaagent:/opt/opentelemetry-javaagent.jar=x -jar app.jar", nil, true},
		{"java -javaagent:/opt/opentelemetry/other-agent.jar -jar app.jar", nil, false},
		{"java -jar app.jar", map[string]string{"JAVA_TOOL_OPTIONS": "-javaagent:opentelemetry-javaagent.jar"}, true},
		{"python main.py", map[string]string{"PYTHONPATH": "/x/opentelemetry/instrumentation/auto_instrumentation:/y"}, true},
	} {
		if got := instrumented(strings.Fields(tt.words), getenvMap(tt.env)); got != tt.want {
			t.Errorf("%s %v: %t", tt.words, tt.env, got)
		}
	}
}
