package cmd

import (
	"strings"
	"testing"
)

func TestProgramName(t *testing.T) {
	tests := []struct{ words, want string }{
		{"./myapp", "myapp"},
		{"/usr/local/bin/my-app --log v", "my-app"},
		{`C:\tools\app.EXE`, "app"},
		{"python main.py", "main.py"},
		{"python3.11 -u -W ignore src/main.py --m x", "main.py"},
		{"/opt/venv/bin/python3 -m pkg.tool --verbose", "pkg.tool"},
		{"python -c print(1)", "python"},
		{"python", "python"},
		{"python -", "python"},
		{"python3.13t main.py", "main.py"},
		{"node app.js", "app.js"},
		{"node --require ./hook.cjs --env-file=.env dist/app.mjs", "app.mjs"},
		{"node -e 1", "node"},
		{"bun index.ts", "index.ts"},
		{"bun run index.ts", "index.ts"},
		{"deno run --allow-net main.ts", "main.ts"},
		{"uv run main.py", "main.py"},
		{"uv run --with openai python main.py", "main.py"},
		{"uv run -m pkg", "pkg"},
		{"uv sync", "uv"},
		{"uvx --from pkg tool", "tool"},
		{"npx foo", "foo"},
		{"npx -y @scope/foo@latest", "foo"},
		{"npm start", "npm"},
		{"pnpm exec tsx src/app.ts", "app.ts"},
		{"poetry run python main.py", "main.py"},
		{"env A=b C=d python main.py", "main.py"},
		{"env -u A ./myapp", "myapp"},
		{"java -cp a:b -jar build/app.jar", "app.jar"},
		{"java -cp a:b com.example.Main", "com.example.Main"},
		{"go run .", "go"},
		{"go run ./examples/chat", "chat"},
		{"dotnet bin/App.dll", "App.dll"},
		{"7z x", "7z"},
		{"env", "env"},
		{"nohup", "nohup"},
		{"sh run.sh a b", "run.sh"},
		{"/bin/bash -x ./bin/run.sh", "run.sh"},
		{"bash -o pipefail -e run.sh", "run.sh"},
		{"bash -euo pipefail run.sh", "run.sh"},
		{"bash +o posix +x run.sh", "run.sh"},
		{"bash --norc --rcfile rc run.sh", "run.sh"},
		{"bash -O extglob -- run.sh", "run.sh"},
		{"dash run.sh", "run.sh"},
		{"zsh -f run.zsh", "run.zsh"},
		{"sh -c secret", "sh"},
		{"bash -lc secret", "bash"},
		{"bash -euo pipefail -c secret", "bash"},
		{"bash -ceu secret", "bash"},
		{"sh -s secret", "sh"},
		{"sh", "sh"},
		{"nice -n 10 python main.py", "main.py"},
		{"nice -10 ./myapp", "myapp"},
		{"nice --adjustment=5 ./myapp", "myapp"},
		{"timeout 5 python main.py", "main.py"},
		{"timeout -k 1 -s KILL 5s ./myapp 7", "myapp"},
		{"timeout --foreground --signal=INT 5 nice sh run.sh", "run.sh"},
		{"timeout 5", "timeout"},
	}
	for _, tt := range tests {
		t.Run(tt.words, func(t *testing.T) {
			if got := programName(strings.Fields(tt.words)); got != tt.want {
				t.Errorf("programName = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestProgramNameOfEndlessWrappersEnds(t *testing.T) {
	if got := programName(strings.Fields(strings.Repeat("env ", 100))); got != "otel-genai" {
		t.Errorf("programName = %q", got)
	}
}
