package cmd

import (
	"slices"
	"strings"

	"github.com/otel-genai/otel-genai/exporters"
	"github.com/otel-genai/otel-genai/instrument/redact"
)

// The variables that this package reads by name.
const (
	varTraces       = "OTEL_TRACES_EXPORTER"
	varMetrics      = "OTEL_METRICS_EXPORTER"
	varLogs         = "OTEL_LOGS_EXPORTER"
	varConsole      = "OTEL_GENAI_CONSOLE_STREAM"
	varFile         = "OTEL_GENAI_FILE"
	varDisabled     = "OTEL_SDK_DISABLED"
	varSpool        = "OTEL_GENAI_SPOOL"
	varSpoolLimit   = "OTEL_GENAI_SPOOL_LIMIT"
	varMaxExport    = "OTEL_GENAI_MAX_EXPORT_BYTES"
	varService      = "OTEL_SERVICE_NAME"
	varContent      = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
	varEmitEvent    = "OTEL_INSTRUMENTATION_GENAI_EMIT_EVENT"
	varFlush        = "OTEL_GENAI_FLUSH_TIMEOUT"
	varParent       = "OTEL_GENAI_TRACEPARENT"
	varRunSpan      = "OTEL_GENAI_RUN_SPAN"
	varInject       = "OTEL_GENAI_INJECT"
	varHosts        = "OTEL_GENAI_HOSTS"
	varHook         = "OTEL_INSTRUMENTATION_GENAI_COMPLETION_HOOK"
	varUploadBase   = "OTEL_INSTRUMENTATION_GENAI_UPLOAD_BASE_PATH"
	varUploadFormat = "OTEL_INSTRUMENTATION_GENAI_UPLOAD_FORMAT"
	varUploadQueue  = "OTEL_INSTRUMENTATION_GENAI_UPLOAD_MAX_QUEUE_SIZE"
	varDuplicates   = "OTEL_GENAI_DUPLICATES"
	varLinger       = "OTEL_GENAI_LINGER"
	varListen       = "OTEL_GENAI_LISTEN"
	varSecret       = "OTEL_GENAI_SECRET"
	varUpstream     = "OTEL_GENAI_UPSTREAM"
	varRedact       = "OTEL_GENAI_REDACT"
	varSampler      = "OTEL_TRACES_SAMPLER"
	varSamplerArg   = "OTEL_TRACES_SAMPLER_ARG"
	varPropagators  = "OTEL_PROPAGATORS"
	varDetectors    = "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS"
	varConfigFile   = "OTEL_CONFIG_FILE"
	varLogLevel     = "OTEL_LOG_LEVEL"
	varPromHost     = "OTEL_EXPORTER_PROMETHEUS_HOST"
	varPromPort     = "OTEL_EXPORTER_PROMETHEUS_PORT"
)

const defaultFile = "otel-genai.jsonl"

// settings is the table. Within a group, the order is that of the help.
var settings = slices.Concat(
	[]setting{
		{Variable: varTraces, Default: "otlp", Help: "where spans go: otlp, console, otlp_file, none, or several with commas between", Group: groupWhere, Check: checkExporter("traces"), Value: "LIST"},
		{Variable: varMetrics, Default: "otlp", Help: "where metrics go: as for spans, and prometheus", Group: groupWhere, Check: checkExporter("metrics"), Value: "LIST"},
		{Variable: varLogs, Default: "otlp", Help: "where events go: as for spans", Group: groupWhere, Check: checkExporter("logs"), Value: "LIST"},
		{Variable: varConsole, Kind: kindEnum, Default: "stderr", Allowed: []string{"stderr", "stdout"}, Help: "where the console exporters write; stdout is the program's own, so stderr unless asked", Group: groupWhere, Actor: byUs},
		{Variable: varFile, Kind: kindFile, Default: defaultFile, Help: "the file that otlp_file appends OTLP JSON lines to, all signals to one", Group: groupWhere, Actor: byUs},
		{Variable: varPromHost, Default: "localhost", Help: "address that the prometheus exporter listens on", Group: groupWhere, Value: "HOST"},
		{Variable: varPromPort, Kind: kindPort, Default: "9464", Help: "port that the prometheus exporter listens on", Group: groupWhere},
		{Variable: varSpool, Kind: kindEnum, Default: "on", Allowed: []string{"on", "off"}, Help: "keep what a collector doesn't take, messages too where they are captured, until it does: in the folder spool of XDG_STATE_HOME/otel-genai, for 7 days; off: it is lost", Group: groupWhere, Actor: byUs},
		{Variable: varSpoolLimit, Kind: kindSize, Default: "256MiB", Help: "how much of the disk that may take; the oldest gives way", Group: groupWhere, Actor: byUs},
		{Variable: varDisabled, Kind: kindBool, Default: "false", Help: "true: no telemetry, the program just runs", Group: groupWhere, Actor: byUs},

		{Variable: varInject, Default: "auto", Help: "how the program's calls are led here: proxy (HTTPS_PROXY, with TLS opened to the hosts of providers alone), base-url (the variables that name a provider's URL), java (Java's own options), none, or several; auto combines them so that no program behaves differently", Group: groupRun, Actor: byUs, Only: "run", Check: checkInject, Value: "LIST"},
		{Variable: varHosts, Help: "further hosts whose calls are read: api.example.com, *.example.com, or http://HOST:PORT for a server without TLS; may be repeated (the variable: commas between)", Group: groupRun, Actor: byUs, Only: "run", Check: checkHosts, Repeat: true, Value: "HOST"},
		{Variable: varRunSpan, Kind: kindBool, Default: "true", Help: "a span for the run itself, parent of its calls", Group: groupRun, Actor: byUs, Only: "run"},
		{Variable: varParent, Kind: kindBool, Default: "true", Help: "give the program the run's trace context in TRACEPARENT", Group: groupRun, Actor: byUs, Only: "run"},
		{Variable: varDuplicates, Kind: kindEnum, Default: duplicatesSpans, Allowed: []string{duplicatesEmit, duplicatesSpans, duplicatesDrop}, Help: "what is made of the calls of a program that instruments itself, where its command line or its trace context tells: emit everything, spans alone, or drop them", Group: groupRun, Actor: byUs},
		{Variable: varLinger, Kind: kindBool, Default: "false", Help: "when the program has ended, keep serving until the programs that it left running have ended too, or INT, TERM or HUP; Linux only", Group: groupRun, Actor: byUs, Only: "run", Check: checkLinger},
		{Variable: varFlush, Kind: kindMillis, Default: "5000", Help: "how long to wait for the last telemetry to be sent, in milliseconds", Group: groupRun, Actor: byUs},

		{Variable: varContent, Kind: kindEnum, Default: "NO_CONTENT", Allowed: []string{"NO_CONTENT", "SPAN_ONLY", "EVENT_ONLY", "SPAN_AND_EVENT", "true", "false"}, Help: "record messages and tool definitions: NO_CONTENT, SPAN_ONLY, EVENT_ONLY, SPAN_AND_EVENT (or true), false", Group: groupContent, Actor: byUs, Value: "MODE"},
		{Variable: varHook, Help: "upload: messages and tool definitions are written to files, and spans and events refer to them instead of holding them", Group: groupContent, Actor: byUs, Check: checkHook, Value: "upload"},
		{Variable: varUploadBase, Kind: kindFile, Help: "the folder that upload writes to: a path, or file:///a/path", Group: groupContent, Actor: byUs, Check: checkUploadBase, Value: "FOLDER"},
		{Variable: varUploadFormat, Kind: kindEnum, Default: "json", Allowed: []string{"json", "jsonl"}, Help: "how upload writes a document: one JSON array, or one line for each message", Group: groupContent, Actor: byUs},
		{Variable: varUploadQueue, Kind: kindCount, Default: "20", Help: "how many documents may wait to be written", Group: groupContent, Actor: byUs},
		{Variable: varEmitEvent, Kind: kindBool, DefaultText: "true where content goes to events", Help: "send the event with the details of each call", Group: groupContent, Actor: byUs},

		{Variable: varRedact, Help: "what to take out of all telemetry: " + strings.Join(redact.Names(), ", ") + " or all, @FILE with such lines, or [NAME=]re:REGEX to the end of the line (RE2); may be repeated (the variable: commas or lines between); a request's own credentials always are", Group: groupContent, Actor: byUs, Check: checkRedact, Repeat: true, Join: "\n", Value: "LIST"},

		{Variable: varService, DefaultText: "the program's name; " + proxyService + " for the proxy", Help: "service.name of all telemetry", Group: groupNames, Value: "NAME"},
		{Variable: "OTEL_RESOURCE_ATTRIBUTES", Kind: kindPairs, Help: "further attributes of all telemetry", Group: groupNames, Check: checkResource},
		{Variable: varDetectors, Default: "otel", Help: "what else is found out and said of where it runs: " + strings.Join(exporters.Detectors(), ", ") + ", * for all", Group: groupNames, Actor: byUs, Check: checkDetectors, Value: "LIST"},
	},

	perSignal(setting{Kind: kindURL, Help: "collector to send to", DefaultText: "http://localhost:4318, or :4317 for grpc", Group: groupOTLP, Check: checkEndpoint}, "ENDPOINT"),
	perSignal(setting{Kind: kindEnum, Default: "http/protobuf", Allowed: []string{"http/protobuf", "http/json", "grpc"}, Help: "how to speak to it", Group: groupOTLP}, "PROTOCOL"),
	perSignal(setting{Kind: kindSecret, Help: "header fields to send along, such as a key", Group: groupOTLP, Check: checkPairs, Value: "K=V,..."}, "HEADERS"),
	perSignal(setting{Kind: kindMillis, Default: "10000", Help: "longest time for one request, in milliseconds", Group: groupOTLP}, "TIMEOUT"),
	perSignal(setting{Kind: kindEnum, Default: "none", Allowed: []string{"none", "gzip"}, Help: "compression of requests", Group: groupOTLP}, "COMPRESSION"),
	perSignal(setting{Kind: kindFile, Help: "PEM file of the certificates to trust", Group: groupOTLP}, "CERTIFICATE"),
	perSignal(setting{Kind: kindFile, Help: "PEM file of our own certificate", Group: groupOTLP}, "CLIENT_CERTIFICATE"),
	perSignal(setting{Kind: kindFile, Help: "PEM file of our own key", Group: groupOTLP}, "CLIENT_KEY"),
	perSignal(setting{Kind: kindBool, Default: "false", Help: "no TLS, for a grpc endpoint without a scheme", Group: groupOTLP}, "INSECURE"),
	[]setting{
		{Variable: varMaxExport, Kind: kindSize, Default: "4MiB", Help: "longest request to a collector, before compression; more is sent in several", Group: groupOTLP, Actor: byUs, Check: checkMaxExport},
		{Variable: "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", Kind: kindEnum, Default: "cumulative", Allowed: []string{"cumulative", "delta", "lowmemory"}, Help: "temporality of metrics", Group: groupOTLP},
		{Variable: "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", Kind: kindEnum, Default: "explicit_bucket_histogram", Allowed: []string{"explicit_bucket_histogram", "base2_exponential_bucket_histogram"}, Help: "kind of histograms", Group: groupOTLP, Value: "KIND"},

		{
			Variable: varSampler, Kind: kindEnum, Default: "parentbased_always_on", Help: "which traces are recorded", Group: groupSampling, Value: "NAME",
			Allowed: []string{"always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"},
		},
		{Variable: varSamplerArg, Default: "1.0", Help: "share of traces that a traceidratio sampler records, 0 to 1", Group: groupSampling, Check: checkSamplerArg, Value: "N"},
		{Variable: varPropagators, Default: "tracecontext,baggage", Help: "how trace context is read from calls and from the environment, and given to the program: " + strings.Join(propagatorNames, ", "), Group: groupSampling, Actor: byUs, Check: checkPropagators, Value: "LIST"},
		{Variable: "OTEL_METRICS_EXEMPLAR_FILTER", Kind: kindEnum, Default: "trace_based", Allowed: []string{"always_on", "always_off", "trace_based"}, Help: "which measurements may be kept as examples beside a metric", Group: groupSampling},

		{Variable: "OTEL_METRIC_EXPORT_INTERVAL", Kind: kindMillis, Default: "60000", Help: "time between two exports of metrics, in milliseconds", Group: groupBatch, Check: checkPositive},
		{Variable: "OTEL_METRIC_EXPORT_TIMEOUT", Kind: kindMillis, Default: "30000", Help: "longest time for one export of metrics, in milliseconds", Group: groupBatch, Check: checkPositive},
	},
	limits(),
	batch("OTEL_BSP_", "spans", "5000"),
	batch("OTEL_BLRP_", "events", "1000"),

	[]setting{
		{Variable: varListen, Default: "127.0.0.1:4000", Help: "address to listen on; other than loopback only with a secret of your own", Group: groupProxy, Actor: byUs, Only: "proxy", Check: checkListen, Value: "HOST:PORT"},
		{Variable: varSecret, Kind: kindSecret, DefaultText: "made up, and printed in the URLs", Help: "first word of every URL's path; who doesn't know it gets nothing (as a variable it is not seen in ps)", Group: groupProxy, Actor: byUs, Only: "proxy", Check: checkSecret, Value: "SECRET"},
		{Variable: varUpstream, Help: "where a provider's calls go; may be repeated (the variable: commas between)", Group: groupProxy, Actor: byUs, Only: "proxy", Check: checkUpstream, Repeat: true, Value: "NAME=URL"},

		{Variable: varConfigFile, Kind: kindFile, Help: "a declarative configuration in YAML: it alone sets up the SDK, and the variables and flags that it stands in for are not read", Group: groupWhere, Actor: byUs},
		{Variable: varLogLevel, Kind: kindEnum, Default: "info", Allowed: logLevels, Help: "what otel-genai and the SDK in it say about themselves on stderr", Group: groupRun, Actor: byUs, Value: "LEVEL"},

		{Variable: "OTEL_GO_X_OBSERVABILITY", Kind: kindBool, Default: "false", Help: "metrics of the SDK about itself (otel.sdk.*): spans and events in its queues, exported, dropped; experimental there", Group: groupBatch},

		{Variable: "OTEL_SEMCONV_STABILITY_OPT_IN", Help: "accepted; the present GenAI conventions are always sent", Group: groupCompat, Actor: silent},
	},
	nothing("there is no Zipkin exporter here: Zipkin and the Collector take OTLP", "OTEL_EXPORTER_ZIPKIN_ENDPOINT", "OTEL_EXPORTER_ZIPKIN_TIMEOUT", "OTEL_EXPORTER_ZIPKIN_PROTOCOL"),
	nothing("its old name; OTEL_EXPORTER_OTLP_TRACES_INSECURE is the present one", "OTEL_EXPORTER_OTLP_SPAN_INSECURE"),
	nothing("its old name; OTEL_EXPORTER_OTLP_METRICS_INSECURE is the present one", "OTEL_EXPORTER_OTLP_METRIC_INSECURE"),
	nothing("its old name; OTEL_CONFIG_FILE is the present one", "OTEL_EXPERIMENTAL_CONFIG_FILE"),
	nothing("entities are not told apart from attributes yet; use OTEL_RESOURCE_ATTRIBUTES", "OTEL_ENTITIES"),
	nothing("for Python programs that instrument themselves; nothing here reads it",
		"OTEL_PYTHON_AUTO_INSTRUMENTATION_EXPERIMENTAL_GEVENT_PATCH", "OTEL_PYTHON_CONFIGURATOR", "OTEL_PYTHON_CONTEXT",
		"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "OTEL_PYTHON_DISTRO", "OTEL_PYTHON_ID_GENERATOR", "OTEL_PYTHON_LOGGER_CONFIGURATOR",
		"OTEL_PYTHON_LOGGER_PROVIDER", "OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED", "OTEL_PYTHON_METER_CONFIGURATOR",
		"OTEL_PYTHON_METER_PROVIDER", "OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED", "OTEL_PYTHON_TRACER_CONFIGURATOR", "OTEL_PYTHON_TRACER_PROVIDER",
	),
)

// nothing are variables that are accepted and have no effect here.
func nothing(why string, variables ...string) []setting {
	var all []setting
	for _, v := range variables {
		all = append(all, setting{Variable: v, Help: why, Group: groupCompat, Actor: accepted})
	}
	return all
}

// limits are those of attributes, spans and records. The SDK reads them.
func limits() []setting {
	row := func(variable, def, help string) setting {
		return setting{Variable: variable, Kind: kindLimit, Default: def, Help: help, Group: groupLimits}
	}
	return []setting{
		row("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "", "longest text of an attribute, in characters; longer ones are cut"),
		row("OTEL_ATTRIBUTE_COUNT_LIMIT", "128", "most attributes of one span or event"),
		row("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "", "longest text of a span's attribute, in characters"),
		row("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "128", "most attributes of one span"),
		row("OTEL_SPAN_EVENT_COUNT_LIMIT", "128", "most events of one span"),
		row("OTEL_SPAN_LINK_COUNT_LIMIT", "128", "most links of one span"),
		row("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "128", "most attributes of one event of a span"),
		row("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "128", "most attributes of one link of a span"),
		row("OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", "", "longest text of an event's attribute, in characters"),
		row("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "128", "most attributes of one event"),
	}
}

// perSignal spreads one OTLP setting over its four variables: for all signals,
// and for each.
func perSignal(s setting, suffix string) []setting {
	help := s.Help
	var all []setting
	for _, signal := range []string{"", "TRACES", "METRICS", "LOGS"} {
		s.Variable = "OTEL_EXPORTER_OTLP_" + suffix
		if signal != "" {
			s.Variable = "OTEL_EXPORTER_OTLP_" + signal + "_" + suffix
			s.Help = help + ", for " + map[string]string{"TRACES": "spans", "METRICS": "metrics", "LOGS": "events"}[signal] + " alone"
			s.Default, s.DefaultText = "", ""
		}
		all = append(all, s)
	}
	return all
}

// batch is the settings of a batch processor.
func batch(prefix, what, delay string) []setting {
	return []setting{
		{Variable: prefix + "SCHEDULE_DELAY", Kind: kindMillis, Default: delay, Help: "longest time that " + what + " wait to be sent, in milliseconds", Group: groupBatch},
		{Variable: prefix + "EXPORT_TIMEOUT", Kind: kindMillis, Default: "30000", Help: "longest time for one export of " + what + ", in milliseconds", Group: groupBatch},
		{Variable: prefix + "MAX_QUEUE_SIZE", Kind: kindCount, Help: "how many " + what + " may wait to be sent", Group: groupBatch},
		{Variable: prefix + "MAX_EXPORT_BATCH_SIZE", Kind: kindCount, Default: "512", Help: "most " + what + " in one export", Group: groupBatch},
	}
}
