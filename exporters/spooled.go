package exporters

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/otel-genai/otel-genai/internal/spool"
)

// Spool says where requests are kept that their endpoint did not take.
type Spool struct {
	// Dir is the folder; it is made when something is kept.
	Dir string
	// Limit is how many bytes of disk it may take, as [SpoolLimit] by default.
	Limit int64
	// Content says that what is kept may hold messages, which is told.
	Content bool
	// Manual leaves what waits to [Providers.Resend].
	Manual bool
}

// SpoolLimit is how many bytes of disk a spool takes at most unless told otherwise.
const SpoolLimit = spool.DefaultLimit

// told is how long nobody is told again of what waits for other endpoints.
const told = 24 * time.Hour

// openSpool makes the spool, which touches nothing yet.
func (b *builder) openSpool() {
	if b.Spool == nil {
		return
	}
	limit := b.Spool.Limit
	if limit <= 0 {
		limit = SpoolLimit
	}
	b.spool = spool.Open(b.Spool.Dir, limit, spool.Tell{
		Dropped: func(name string, m spool.Meta, why spool.Reason) {
			for _, c := range b.stores() {
				c.tally.lost.Add(c.disown(name)) // its file may be unreadable
			}
			b.report.unspooled(m, why, limit)
		},
		Aside: func(path string, why error) {
			b.report.aside(path, why)
		},
		Unread: func(err error) { b.report.unread(b.spool.Dir(), err) },
	})
	b.disk = &disk{}
	b.ends = append(b.ends, func() error {
		err, _ := soon(b.disk, b.spool.Close)
		return err
	})
}

// disk is what the spool is on. It may hang, as one over a network does, and
// nobody can be told to wait no longer for it: at the end it is left behind.
type disk struct{ hangs atomic.Bool }

// soon returns what f does, and true if that was within [patience]. When one was
// not, no other is begun.
func soon[T any](d *disk, f func() T) (result T, ok bool) {
	if d.hangs.Load() {
		return result, false
	}
	done := make(chan T, 1)
	go func() { done <- f() }() // ends with f, or with the process
	enough := time.NewTimer(patience)
	defer enough.Stop()
	select {
	case result = <-done:
		return result, true
	case <-enough.C:
		d.hangs.Store(true)
		return result, false
	}
}

// soon is the same of what returns nothing.
func (d *disk) soon(f func()) {
	soon(d, func() struct{} { f(); return struct{}{} })
}

// stores are those that there are; more may come while New is at work.
func (b *builder) stores() (all []*store) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.kept)
}

// keepFor gives a courier its part of the spool, if there is one.
func (b *builder) keepFor(c *courier, set settings) {
	if b.spool == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	key, nth := set.key(0), 0
	for slices.ContainsFunc(b.kept, func(other *store) bool { return other.key == key }) {
		nth++
		key = set.key(nth)
	}
	s := &store{
		courier: c, spool: b.spool, key: key, protocol: set.protocol,
		wakes: make(chan struct{}, 1), mine: map[string]int64{},
	}
	c.store = s
	b.kept = append(b.kept, s)
}

// begin begins to send what waits.
func (s *store) begin() {
	s.ended = make(chan struct{})
	go s.resend() // ends when the end begins
}

// key is what requests to one place have in common: the signal and the
// endpoint, whatever the credentials in it are today. A file may name an endpoint
// several times, for one tenant each: nth tells them apart.
func (s settings) key(nth int) string {
	where := protoGRPC + " " + s.target
	if s.url != nil {
		where = s.url.Scheme + "://" + s.url.Host + s.url.EscapedPath()
	}
	if nth > 0 {
		where += " " + strconv.Itoa(nth)
	}
	sum := sha256.Sum256([]byte(s.signal.String() + " " + where))
	return hex.EncodeToString(sum[:])[:spool.KeyLen]
}

// Account is what became of one signal's records at one destination by OTLP:
// spans, metrics or log records. When [Providers.Shutdown] has returned in time,
// Recorded is the sum of the other numbers.
type Account struct {
	Signal, Where string
	Unit          string // of the numbers: span, metric or log record
	Recorded      int64  // made and, of spans, sampled
	Sent          int64  // the endpoint took them
	Rejected      int64  // of a request that it took, these it did not
	Kept          int64  // they wait in the spool
	Taken         int64  // another process took them out of it
	Lost          int64  // refused for good, or there was no room for them in the spool
	Dropped       int64  // there was no room for them in the queue, or no time to send them
	// Older are those that other runs had kept, and this one sent, or lost.
	OlderSent, OlderLost int64
}

// Accounts returns what became of what was recorded, for each signal and each
// destination by OTLP. It is final when Shutdown has returned.
func (p *Providers) Accounts() (all []Account) {
	present := p.present()
	for sig, couriers := range p.couriers {
		for _, c := range couriers {
			a := Account{
				Signal: signal(sig).String(), Where: c.where, Unit: rows[sig].unit,
				Sent: c.tally.sent.Load(), Rejected: c.tally.rejected.Load(), Lost: c.tally.lost.Load(),
			}
			if c.store != nil {
				a.Kept = c.store.waiting(present)
				a.OlderSent, a.OlderLost = c.store.older.sent.Load(), c.store.older.lost.Load()
				a.Taken = c.tally.taken.Load()
			}
			a.Recorded = c.tally.in.Load()
			for _, q := range p.queues {
				if q.to == c {
					a.Dropped += q.left()
				}
			}
			a.Recorded += a.Dropped
			all = append(all, a)
		}
	}
	return all
}

// present are the names of what is in the spool: all of ours where nobody can say
// that they are gone. Where none is ours it is not asked.
func (p *Providers) present() map[string]bool {
	ours := map[string]bool{}
	for _, s := range p.stores {
		s.names(ours)
	}
	if len(ours) == 0 {
		return nil
	}
	found, ok := soon(p.disk, func() map[string]bool {
		names, err := p.spool.Present()
		if err != nil {
			return ours
		}
		return names
	})
	if !ok {
		return ours
	}
	return found
}

// names adds those of what is ours.
func (s *store) names(to map[string]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.mine {
		to[name] = true
	}
}

// finish ends the sending of what waits.
func (p *Providers) finish(ctx context.Context) {
	var all sync.WaitGroup
	for _, s := range p.stores {
		all.Go(func() { s.finish(ctx) }) // ends with ctx
	}
	all.Wait()
}

// tellSpool says what waits at the end, and what was sent that had waited.
func (p *Providers) tellSpool() {
	if p.spool == nil {
		return
	}
	var kept, sent [signals]int64
	var where []string
	waiting := map[string]bool{}
	for _, a := range p.Accounts() {
		sig, _ := signalOf(a.Signal)
		kept[sig] += a.Kept
		sent[sig] += a.OlderSent
		if a.Kept > 0 {
			waiting[a.Where] = true
			if !slices.Contains(where, a.Where) {
				where = append(where, a.Where)
			}
		}
	}
	p.report.waits(waiting)
	if p.manual {
		return
	}
	if older := (&problem{lost: sent}).cost(); older != "" {
		p.report.plain("sent "+older+" that had been kept in the spool", "")
	}
	p.disk.soon(p.elsewhere)
	p.keeping = func() bool { // after the reasons
		if len(where) > 0 {
			about, _ := soon(p.disk, p.aboutSpool)
			p.report.keeps(kept, where, p.spool.Dir(), about)
		}
		return len(where) > 0
	}
}

// aboutSpool is what is said when something is kept on this machine for the
// first time, and when messages are for the first time.
func (p *Providers) aboutSpool() string {
	first, messages := p.spool.First("place", 0), p.content && p.spool.First("content", 0)
	if !first && !messages {
		return ""
	}
	text := "it stays on this machine, for " + inDays(spool.MaxAge) + " and up to " + inBytes(p.spool.Limit()) + "; --genai_spool off keeps nothing"
	if messages {
		text = "the messages that are captured are in it; " + text
	}
	return text
}

// elsewhere tells, once a day, what waits for endpoints that nothing is sent to
// any more.
func (p *Providers) elsewhere() {
	others, err := p.others()
	if err != nil || len(others) == 0 || !p.spool.First("elsewhere", told) {
		return
	}
	where := "other endpoints"
	if info, err := p.spool.About(others[0]); err == nil {
		where = info.Endpoint
		if len(others) > 1 {
			if last, err := p.spool.About(others[len(others)-1]); err != nil || last.Endpoint != where {
				where += " and others"
			}
		}
	}
	requests := strconv.Itoa(len(others)) + " requests wait"
	if len(others) == 1 {
		requests = "1 request waits"
	}
	p.report.plain(
		requests+" in "+p.spool.Dir()+" for "+where+", where nothing is sent now",
		"otel-genai flush --dry-run shows them; with that endpoint set, otel-genai flush sends them, with --redirect to the present one, and --discard drops them",
	)
}

// Waiting is what waits in a spool for one destination of one signal.
type Waiting struct {
	Signal, Endpoint string
	Requests         int
	Records          int64  // spans, metrics or log records
	Unit             string // of Records: span, metric or log record
	Bytes            int64
	Oldest           time.Time
	Sends            bool // the settings in force lead there
	Claimed          int  // requests that another process is sending
}

// Taken reports whether another process is sending all of it.
func (w Waiting) Taken() bool { return w.Claimed == w.Requests }

// Waiting returns what waits in the spool, by endpoint and signal.
func (p *Providers) Waiting() ([]Waiting, error) {
	if p.spool == nil {
		return nil, nil
	}
	infos, err := p.spool.All()
	if err != nil {
		return nil, err
	}
	type place struct{ key, endpoint string }
	var list []*Waiting
	have := map[place]*Waiting{}
	for _, i := range infos {
		w := have[place{i.Key, i.Endpoint}]
		if w == nil {
			w = &Waiting{Signal: i.Signal, Endpoint: i.Endpoint, Oldest: i.Made, Unit: i.Signal, Sends: p.leads(i.Key)}
			if sig, ok := signalOf(i.Signal); ok {
				w.Unit = rows[sig].unit
			}
			have[place{i.Key, i.Endpoint}] = w
			list = append(list, w)
		}
		w.Requests++
		w.Records += i.Records
		w.Bytes += i.Bytes
		if i.Claimed {
			w.Claimed++
		}
	}
	slices.SortStableFunc(list, func(a, b *Waiting) int {
		one, _ := signalOf(a.Signal)
		other, _ := signalOf(b.Signal)
		return cmp.Or(cmp.Compare(a.Endpoint, b.Endpoint), cmp.Compare(one, other))
	})
	all := make([]Waiting, len(list))
	for i, w := range list {
		all[i] = *w
	}
	return all, nil
}

// Discard removes what waits for endpoints that the settings in force don't
// lead to, and returns how many requests that was.
func (p *Providers) Discard() (n int, err error) {
	others, err := p.others()
	for _, name := range others {
		item, claim := p.spool.Claim(name)
		if errors.Is(claim, spool.ErrTaken) {
			continue
		}
		if claim == nil {
			claim = item.Done()
		}
		if claim != nil {
			err = errors.Join(err, claim)
			continue
		}
		n++
	}
	return n, err
}

// others are the names of what waits for endpoints that nothing leads to.
func (p *Providers) others() ([]string, error) {
	names, err := p.spool.Waiting("")
	return slices.DeleteFunc(names, func(name string) bool { return p.leads(spool.KeyOf(name)) }), err
}

// leads reports whether the settings in force lead to where key is for.
func (p *Providers) leads(key string) bool {
	return slices.ContainsFunc(p.stores, func(s *store) bool { return s.key == key })
}

// flushTries is how often in a row a collector that is there but busy is asked
// by Resend, and flushWait how long that waits in between at most: who wants to be
// left alone for longer is.
const (
	flushTries = 5
	flushWait  = 30 * time.Second
)

// Resend sends what waits in a spool that is [Spool.Manual], once: what was kept
// for the endpoints in force or, if redirect is true, all of it to them. Each
// request that is dealt with is told to done, in bytes. It ends early where an
// endpoint doesn't take it, and when ctx is done; the reasons come by [Config.Warn] with Shutdown.
func (p *Providers) Resend(ctx context.Context, redirect bool, done func(bytes int64)) {
	defer context.AfterFunc(ctx, p.life.cut)() // an attempt ends with ctx, too
	for _, s := range p.stores {
		for _, i := range p.turns(s, redirect) {
			if ctx.Err() != nil || !s.resendOne(ctx, i.Name) {
				break
			}
			done(i.Bytes)
		}
	}
}

// turns is what s has to send.
func (p *Providers) turns(s *store, redirect bool) []spool.Info {
	infos, err := p.spool.All()
	if err != nil {
		s.unread(err)
	}
	return slices.DeleteFunc(infos, func(i spool.Info) bool {
		ours := i.Key == s.key
		if redirect { // each once, though there may be two for its signal
			first := p.stores[slices.IndexFunc(p.stores, func(one *store) bool { return one.signal == s.signal })]
			ours = ours || !p.leads(i.Key) && s == first && i.Signal == s.signal.String()
		}
		return !ours || i.Claimed
	})
}

// resendOne reports whether the next one may be tried.
func (s *store) resendOne(ctx context.Context, name string) bool {
	for try := 1; ; try++ {
		item, err := s.spool.Claim(name)
		if errors.Is(err, spool.ErrTaken) {
			return true
		}
		if err != nil {
			s.unread(err)
			return false
		}
		f, _ := s.sendKept(item)
		if f == nil || f.partial || f.large || f.final() && !f.setup {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		wait := s.rest()
		if !f.live || try == flushTries || wait > flushWait {
			s.report.unsent(s.signal, f)
			return false
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return false
		}
	}
}

func inBytes(n int64) string { return humanize.IBytes(uint64(max(n, 0))) } //nolint:gosec // not below 0

func inDays(d time.Duration) string { return strconv.Itoa(int(d.Hours()/24)) + " days" }
