package cmd

import (
	"cmp"
	"errors"
	"iter"
	"strings"

	"github.com/spf13/pflag"
)

// flagSet holds what the flags of one command line say, by variable. A
// variable that no flag named is absent, so that the environment shows through.
type flagSet map[string]string

// register gives fs a flag for every setting. Each takes a value, booleans too:
// a boolean that may stand alone would make the next word, which begins the
// program to run, ambiguous.
func (f flagSet) register(fs *pflag.FlagSet, command string) {
	fs.SetNormalizeFunc(snake)
	fs.SetInterspersed(false) // the first word that is no flag begins the program's own
	fs.SortFlags = false
	for i := range settings {
		s := &settings[i]
		fs.Var(&flagValue{set: f, of: s}, s.flag(), s.Help)
		if s.Actor != bySDK && s.Actor != byUs || s.Only != "" && s.Only != command {
			_ = fs.MarkHidden(s.flag())
		}
	}
}

// snake makes --kebab-case the same as --snake_case, and finds the flags of
// OTEL_PYTHON_ variables also where that word is written out.
func snake(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	return pflag.NormalizedName(strings.TrimPrefix(strings.ReplaceAll(name, "-", "_"), "python_"))
}

// flagValue is one flag. It takes any text: what is allowed is decided in one
// place for flags and variables.
type flagValue struct {
	set flagSet
	of  *setting
}

var _ pflag.Value = (*flagValue)(nil)

func (v *flagValue) Set(text string) error {
	if have := v.set[v.of.Variable]; v.of.Repeat && have != "" {
		text = have + cmp.Or(v.of.Join, ",") + text
	}
	v.set[v.of.Variable] = text
	return nil
}

func (v *flagValue) String() string {
	if v.set == nil {
		return "" // pflag asks a zero one
	}
	return v.set[v.of.Variable]
}

func (v *flagValue) Type() string { return v.of.placeholder() }

// flagError puts what the parser says into our words, with the way out.
func flagError(fs *pflag.FlagSet, err error) error {
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		name := unknown.GetSpecifiedName()
		if short := unknown.GetSpecifiedShortnames(); short != "" {
			return usage("unknown flag -"+short, "our flags come before the program, and begin with --; see otel-genai run --help")
		}
		hint := "see otel-genai run --help; a program's own flags come after its name"
		// Who copies a variable writes it whole, perhaps in its own letters.
		if near := nearest(flagName(strings.ToUpper(string(snake(nil, name)))), fs); near != "" {
			hint = "did you mean --" + near + "?"
		}
		return usage("unknown flag --"+printable(name), hint)
	}
	if missing, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		f := missing.GetFlag()
		return usage("--"+f.Name+" needs a value", "write --"+f.Name+"="+f.Value.Type())
	}
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok { // of the plain switches alone
		return usage("--"+invalid.GetFlag().Name+" is a switch", "write --"+invalid.GetFlag().Name+" without a value")
	}
	return usage("a flag that makes no sense: "+printable(err.Error()), "see otel-genai run --help")
}

// nearest is the flag that an unknown one was meant to be, or "".
func nearest(name string, fs *pflag.FlagSet) string {
	return closest(name, func(yield func(string) bool) {
		more := true
		fs.VisitAll(func(f *pflag.Flag) { more = more && yield(f.Name) })
	})
}

// closest is the word nearest to name, or "" when none is near enough to be
// what was meant.
func closest(name string, words iter.Seq[string]) string {
	best, limit := "", min(3, len(name)/3)+1
	for word := range words {
		if d := distance(name, word, limit); d < limit {
			best, limit = word, d
		}
	}
	return best
}

// distance is how many letters have to be put in, taken out, changed or swapped
// with the next one to make b of a (Damerau-Levenshtein, each place edited
// once), or limit when it is that or more.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range len(b) {
			cost := last[j]
			if a[i] != b[j] {
				cost++
			}
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				cost = min(cost, before[j-1]+1)
			}
			row[j+1] = min(cost, row[j]+1, last[j+1]+1)
		}
	}
	return min(row[len(b)], limit)
}
