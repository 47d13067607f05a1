//go:build unix

package launcher

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// defaultPath is what execvp(3) searches without PATH (confstr _CS_PATH).
const defaultPath = "/bin:/usr/bin"

// candidates are the files that name may stand for, in order. A PATH element
// that is empty is the working directory (POSIX, Environment Variables).
func candidates(name string, env []string) []string {
	if name == "" {
		return nil
	}
	if strings.Contains(name, "/") {
		return []string{name}
	}
	var out []string
	for _, dir := range searchPath(env) {
		if dir == "" {
			dir = "."
		}
		out = append(out, dir+"/"+name)
	}
	return out
}

func searchPath(env []string) []string {
	for _, e := range env { // the first counts, as for getenv(3)
		if path, ok := strings.CutPrefix(e, "PATH="); ok {
			return strings.Split(path, ":")
		}
	}
	return strings.Split(defaultPath, ":")
}

// head is the start of a file, enough for a "#!" line (Linux reads 256 bytes).
func head(path string) []byte {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a FIFO would block
	if err != nil {
		return nil
	}
	defer f.Close()
	b := make([]byte, 256)
	n, _ := io.ReadFull(f, b)
	return b[:n]
}

// binary reports whether a file is not a script that merely lacks its first
// line, by the rule of the shells: its first line has a NUL.
func binary(path string) bool {
	line, _, _ := bytes.Cut(head(path), []byte("\n"))
	return bytes.IndexByte(line, 0) >= 0
}

// interpreter is the program of a script's "#!" line.
func interpreter(path string) (name string, ok bool) {
	line, ok := bytes.CutPrefix(head(path), []byte("#!"))
	if !ok {
		return "", false
	}
	line, _, _ = bytes.Cut(line, []byte("\n"))
	name, _, _ = strings.Cut(strings.Trim(string(line), " \t"), " ")
	return name, true
}

// startError puts into words why c did not start. found is the file that was
// tried, empty if there was none.
func startError(c Command, found string, err error) *StartError {
	e := &StartError{Name: c.Name, Status: statusCannotExec, Err: err}
	fi, statErr := os.Stat(found)
	switch {
	case found == "":
		e.Status, e.Err = statusNotFound, notFound(c.Name)
		e.Hint = suggest(c)
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.ENOMEM):
		e.Status = statusSetup
		e.Hint = "the system has no room for another process: see ulimit -u and the memory in use"
	case statErr == nil && fi.IsDir():
		e.Err = reason("it is a directory", err)
		e.Hint = "name a program inside it"
	case errors.Is(err, syscall.EACCES) && statErr == nil && fi.Mode()&0o111 == 0:
		e.Err = reason("not executable", err)
		e.Hint = howToRun(found)
	case errors.Is(err, syscall.EACCES):
		e.Err = reason("permission denied", err)
		e.Hint = "look at the rights of the file and its directories, and for a file system that is mounted noexec"
	case errors.Is(err, syscall.ENOEXEC):
		e.Err = reason("not a program for this machine", err)
		e.Hint = "was it built for another operating system or processor?"
	case errors.Is(err, syscall.ENOENT) && statErr == nil:
		e.Hint, e.Err = missingInterpreter(found, err)
	case errors.Is(err, syscall.E2BIG):
		e.Err = reason("its arguments and environment are too long", err)
		e.Hint = "pass what is long in a file"
	}
	return e
}

func notFound(name string) error {
	if strings.Contains(name, "/") {
		return reason("no such file", syscall.ENOENT)
	}
	return reason("no such program in PATH", syscall.ENOENT)
}

// interpreters are what usually runs a script, by the end of its name.
var interpreters = map[string]string{".py": "python", ".js": "node", ".sh": "sh", ".rb": "ruby"}

// howToRun is the way out for a file that is not executable. To make it so is
// of use where the system knows how to run it, or where a shell may try; a
// script in another language, without a "#!" line, is its interpreter's.
func howToRun(path string) string {
	name := interpreters[filepath.Ext(path)]
	if _, script := interpreter(path); name == "" || script || binary(path) {
		return "make it executable with: chmod +x " + word(path)
	}
	return "run it with its interpreter, such as " + name + " " + word(path)
}

// missingInterpreter is for a file that exists while the kernel says that it,
// or what shall run it, does not.
func missingInterpreter(path string, cause error) (hint string, err error) {
	name, script := interpreter(path)
	switch {
	case !script:
		return "it was linked against libraries that this system hasn't: a static build, or one made here, would start",
			reason("its loader is missing", cause)
	case strings.HasSuffix(name, "\r"):
		return "take the carriage returns out: sed -i 's/\\r$//' " + word(path),
			reason("its first line ends in a Windows line end", cause)
	}
	return "correct its first line, or name the interpreter that shall run it: " + filepath.Base(name) + " " + word(path),
		reason("its interpreter "+word(name)+" does not exist", cause)
}
