package cmd

import (
	"strconv"
	"strings"

	"github.com/otel-genai/otel-genai/exporters"
)

// uploads reports whether content goes to files.
func (v values) uploads() bool { return strings.EqualFold(v.text(varHook), "upload") }

// checkHook wants the one hook that we have, and a place for it. The name of
// another in the environment is that of a hook in the program.
func checkHook(text string, v values) *misuse {
	switch {
	case !strings.EqualFold(text, "upload"):
		if v[varHook].source == fromEnvironment {
			return nil
		}
		return &misuse{strconv.Quote(text) + " is not a hook", "use upload"}
	case v.text(varUploadBase) == "":
		return &misuse{"upload has no folder to write to", "name one with --" + flagName(varUploadBase)}
	}
	return nil
}

func checkUploadBase(text string, v values) *misuse {
	if !v.uploads() {
		return nil // nobody here writes there
	}
	return misuseOf(exporters.CheckUploads(text))
}

// startUploads opens the folder that content goes to; nil without one.
func (m *program) startUploads(v values) (*exporters.Uploads, error) {
	if !v.uploads() {
		return nil, nil
	}
	limit, _ := strconv.Atoi(v.text(varUploadQueue)) // checked
	u, err := exporters.NewUploads(v.text(varUploadBase), limit, func(problem, hint string) { m.say.warn(problem, v.spelled(hint)) })
	if err != nil {
		return nil, setupFailure(err, hintOf(err))
	}
	return u, nil
}
