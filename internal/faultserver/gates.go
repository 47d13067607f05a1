package faultserver

import (
	"sync"
	"time"
)

// Gates order what two scripts do, without a clock: one waits at a gate that
// the other one opens.
type Gates struct {
	mu    sync.Mutex
	gates map[string]chan struct{}
	held  []string
}

func (g *Gates) gate(name string) chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.gates == nil {
		g.gates = map[string]chan struct{}{}
	}
	if g.gates[name] == nil {
		g.gates[name] = make(chan struct{})
	}
	return g.gates[name]
}

// Open opens a gate, for good.
func (g *Gates) Open(name string) {
	c := g.gate(name)
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-c:
	default:
		close(c)
	}
}

// Await waits until a gate is open. After half of [Patience] it ends the script
// and notes the gate in [Gates.Held].
func (g *Gates) Await(name string) {
	timer := time.NewTimer(Patience / 2)
	defer timer.Stop()
	select {
	case <-g.gate(name):
	case <-timer.C:
		g.mu.Lock()
		g.held = append(g.held, name)
		g.mu.Unlock()
		panic(over{})
	}
}

// Held are the gates at which somebody waited in vain.
func (g *Gates) Held() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string(nil), g.held...)
}
