package instrument

import "github.com/otel-genai/otel-genai/instrument/codec"

// SetMemory replaces the process's memory budget until restore.
func SetMemory(limit int64) (restore func()) {
	before := memory
	memory = &budget{limit: limit}
	return func() { memory = before }
}

// MemoryUsed is what is taken of the budget now.
func MemoryUsed() int64 { return memory.used.Load() }

// SetFamilies replaces the API families until restore.
func SetFamilies(f ...codec.Family) (restore func()) {
	before := families
	families = f
	return func() { families = before }
}
