package exporters

import "github.com/go-logr/logr"

// debugLog passes on the sentences of the SDK's own log.
type debugLog func(text string)

var _ logr.LogSink = debugLog(nil)

func (debugLog) Init(logr.RuntimeInfo)                  {}
func (debugLog) Enabled(int) bool                       { return true }
func (d debugLog) Info(_ int, text string, _ ...any)    { d(oneLine(text)) }
func (d debugLog) Error(_ error, text string, _ ...any) { d(oneLine(text)) }
func (d debugLog) WithValues(...any) logr.LogSink       { return d }
func (d debugLog) WithName(string) logr.LogSink         { return d }
