package exporters

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/otel-genai/otel-genai/internal/spool"
)

// patience is how long an endpoint may leave a request unanswered before it is
// kept, so that one that hangs holds up neither what comes after nor the end. The
// attempt goes on: a late answer counts.
const patience = time.Second

// lookAgain is how long the spool is not looked into while all goes well.
const lookAgain = time.Minute

// store is a courier's part of the spool: what its endpoint did not take, and
// the sending of that.
type store struct {
	*courier
	spool    *spool.Store
	key      string
	protocol string

	wakes chan struct{} // room for one: there is something to send
	ended chan struct{} // closed when nothing is sent again by itself any more; nil if never begun
	// trying is read by the attempts that nobody waits for. A WaitGroup panics where
	// one begins beside the end, as it may when the SDK is left behind.
	trying sync.RWMutex

	mu     sync.Mutex
	away   *failure // why the endpoint is not asked for the moment; nil if it is
	tries  int      // how often in a row it failed
	due    time.Time
	asked  time.Time        // before which the endpoint wants to hear nothing
	probed bool             // it has been asked since the end began
	mine   map[string]int64 // records of this process that wait, by the file's name
	older  tally            // of what other processes kept
	looked time.Time        // when the folder was last looked at
	well   bool             // its last answer was one
	later  time.Time        // when something is to be sent that was put off; zero if nothing is
}

// bring sends r, or keeps it. It takes no longer than [patience] where it can be
// kept.
func (s *store) bring(ctx context.Context, r request) error {
	if f := s.absent(); f != nil {
		if s.keep(r, f) == nil {
			return ErrUndelivered
		}
		return s.persist(ctx, r)
	}
	payload, err := s.sender.encode(r)
	if err != nil {
		s.lose(r, s.unfit(err), &s.tally)
		return ErrUndelivered
	}
	answer := make(chan *failure, 1)
	s.trying.RLock()
	go func() { // ends with the attempt, at the latest a second after the end has begun
		defer s.trying.RUnlock()
		answer <- s.try(payload)
	}()
	enough := time.NewTimer(patience)
	defer enough.Stop()
	select {
	case f := <-answer:
		return s.settle(ctx, r, f)
	case <-enough.C:
	case <-ctx.Done():
	}
	silent := s.silent()
	item, err := s.put(r, true)
	if err != nil { // it can't be kept: then it has to be waited for
		s.unkept(err)
		select {
		case silent = <-answer:
		case <-ctx.Done():
		}
		return s.settle(ctx, r, silent)
	}
	s.failed(silent)
	s.report.kept(r, silent)
	s.trying.RLock()
	go func() { // likewise
		defer s.trying.RUnlock()
		s.settleKept(item, r, <-answer)
	}()
	return ErrUndelivered
}

// try makes one attempt that lasts as long as its own time and, once the end has
// begun, [patience]. Where its own time is without end it is [maxElapsed]: nobody
// waits for what may lie in the spool, and attempts must not pile up.
func (s *store) try(payload []byte) *failure {
	ctx, cancel := context.WithTimeout(s.life.hard, cmp.Or(s.timeout, maxElapsed))
	defer cancel()
	var ended atomic.Bool
	defer context.AfterFunc(s.life.ending, func() {
		time.AfterFunc(patience, func() { ended.Store(true); cancel() })
	})()
	f := s.attempt(ctx, payload)
	if f != nil && f.kind == "silent" && ended.Load() {
		f = s.silent() // a longer timeout would not have helped
		f.cut = true
	}
	return f
}

// settle is for a request that is in memory only.
func (s *store) settle(ctx context.Context, r request, f *failure) error {
	if s.took(r, f, &s.tally) {
		s.answered()
		return nil
	}
	if parts := s.smaller(r, f); parts != nil {
		s.answered()
		return s.bringAll(ctx, parts)
	}
	if f.final() {
		s.answered()
		s.lose(r, f, &s.tally)
		return ErrUndelivered
	}
	s.failed(f)
	if s.keep(r, f) != nil {
		return s.persist(ctx, r)
	}
	return ErrUndelivered
}

// settleKept is for one that is in the spool, and claimed.
func (s *store) settleKept(item *spool.Item, r request, f *failure) {
	n := s.disown(item.Name())
	mine, tally := n > 0, &s.older
	if mine {
		tally = &s.tally
	}
	if !s.took(r, f, tally) {
		parts := s.smaller(r, f)
		switch {
		case parts != nil:
			for _, part := range parts {
				if _, err := s.putAs(part, false, mine); err != nil {
					s.lose(part, f, tally)
					s.unkept(err)
				}
			}
			s.wake()
		case f.final() && !f.setup:
			s.lose(r, f, tally)
		default:
			s.keepOn(item, n, f)
			return
		}
	}
	s.answered()
	if err := item.Done(); err != nil {
		s.report.plain(fmt.Sprintf("cannot remove what has been sent from %s: %s; it will be sent twice", s.spool.Dir(), reason(err)), "")
	}
}

// keepOn leaves a request in the spool, with n records of ours, whatever f is
// about: of who sends it, and of where, what was kept is not to blame.
func (s *store) keepOn(item *spool.Item, n int64, f *failure) {
	if f.setup {
		s.report.unsent(s.signal, f)
	} else {
		s.failed(f)
	}
	if n > 0 {
		s.own(item.Name(), n)
	}
	var err error
	if f.cut && n == 0 {
		// It may well have arrived, each time: runs that are shorter than the
		// collector is slow must not go on sending it.
		err = item.PutOff(max(time.Since(item.Made()), lookAgain))
	} else {
		err = item.Release()
	}
	if err != nil {
		s.unkept(err)
	}
}

// keep puts r into the spool, for f is in its way.
func (s *store) keep(r request, f *failure) error {
	if _, err := s.put(r, false); err != nil {
		s.unkept(err)
		return err
	}
	s.report.kept(r, f)
	s.wake()
	return nil
}

// put puts r into the spool as ours, claimed or not.
func (s *store) put(r request, claim bool) (*spool.Item, error) { return s.putAs(r, claim, true) }

// putAs is put, of what this process or another one kept before. It is free for
// others only when we know it for ours: who sends it, or drops it, asks.
func (s *store) putAs(r request, claim, mine bool) (*spool.Item, error) {
	m := spool.Meta{Signal: r.signal.String(), Protocol: s.protocol, Endpoint: s.where, Key: s.key, Records: r.count()}
	item, err := s.spool.Put(m, r.body, mine || claim)
	if err != nil || !mine {
		return item, err
	}
	s.own(item.Name(), m.Records)
	if !claim {
		_ = item.Release() // else it is free when we end
	}
	return item, nil
}

func (s *store) unkept(err error) {
	s.report.plain(
		fmt.Sprintf("cannot keep what was not sent in %s: %s", s.spool.Dir(), reason(err)),
		"make room there, set XDG_STATE_HOME to another folder, or use --genai_spool off",
	)
}

func (s *store) own(name string, n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mine[name] = n
}

// disown forgets a file, and returns how many records of ours were in it: none
// where another process kept it.
func (s *store) disown(name string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.mine[name]
	delete(s.mine, name)
	return n
}

// silent is the failure of who doesn't answer.
func (s *store) silent() *failure {
	return &failure{
		kind: "silent", where: s.where, what: "no answer within a second", retry: true,
		hint: "see whether the collector is well",
	}
}

// absent is why the endpoint is not to be asked now, nil if it is. Once the
// end has begun it is asked once more, unless it is known to hang or wants to be
// left alone.
func (s *store) absent() *failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away != nil && s.life.isEnding() && !s.probed && s.away.kind != "silent" && !time.Now().Before(s.asked) {
		s.probed = true
		return nil
	}
	return s.away
}

// failed is an attempt after which the endpoint is given time.
func (s *store) failed(f *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.asked = now.Add(f.after)
	s.due = now.Add(max(backoff(s.tries), f.after))
	s.tries++
	s.away, s.well = f, false
	s.wake() // to wait until then
}

// answered is an endpoint that is well. Where it was so before, the folder,
// which may hold many files, is only looked at now and then: for what processes
// have left that died meanwhile.
func (s *store) answered() {
	s.mu.Lock()
	look := s.away != nil || !s.well && !s.later.IsZero() || time.Since(s.looked) > lookAgain
	s.away, s.tries, s.due, s.well = nil, 0, time.Time{}, true
	s.mu.Unlock()
	if look {
		s.wake()
	}
}

// rest is how long the endpoint is to be left alone.
func (s *store) rest() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away == nil {
		return 0
	}
	return max(time.Until(s.due), 0)
}

func (s *store) wake() {
	select {
	case s.wakes <- struct{}{}:
	default: // it is due to look anyway
	}
}

// resend sends what waits in the spool until the end begins: what earlier runs
// left at once, what is kept later when the endpoint may be back.
func (s *store) resend() {
	defer close(s.ended)
	for {
		if s.rest() == 0 {
			s.drain(s.life.isEnding)
		}
		if !s.wait() {
			return
		}
	}
}

// wait returns when there may be something to send, true, or no more is to be
// sent.
func (s *store) wait() bool {
	var again <-chan time.Time
	wakes, wait := s.wakes, s.rest()
	if wait > 0 {
		wakes = nil
	} else {
		wait = s.putOff()
	}
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		again = timer.C
	}
	select {
	case <-again:
		return true
	case <-wakes:
		return true
	case <-s.life.ending.Done():
		return false
	case <-s.life.hard.Done():
		return false
	}
}

// drain sends what waits for the endpoint, oldest first, until there is nothing
// more, the endpoint has to be given time, or stop says so.
func (s *store) drain(stop func() bool) {
	for {
		s.mu.Lock()
		s.looked, s.later = time.Now(), time.Time{}
		s.mu.Unlock()
		names, err := s.spool.Waiting(s.key)
		if err != nil {
			s.unread(err)
			return
		}
		sent := false
		for _, name := range names {
			if s.rest() > 0 || stop() || s.life.hard.Err() != nil {
				return
			}
			if s.notYet(name) {
				continue
			}
			item, err := s.spool.Claim(name)
			if errors.Is(err, spool.ErrTaken) {
				continue
			}
			if err != nil {
				s.unread(err)
				return
			}
			f, read := s.sendKept(item)
			if f != nil && f.setup {
				return
			}
			sent = sent || read // what can't be read is not looked at again at once
		}
		if !sent {
			return
		}
	}
}

// notYet reports whether a request was put off, and is not to be sent yet: where
// the endpoint answers it is.
func (s *store) notYet(name string) bool {
	until := s.spool.NotBefore(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.well || !time.Now().Before(until) {
		return false
	}
	if s.later.IsZero() || until.Before(s.later) {
		s.later = until
	}
	return true
}

// putOff is how long it is until something is due that was put off; 0 if nothing
// was.
func (s *store) putOff() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.later.IsZero() {
		return 0
	}
	return max(time.Until(s.later), time.Millisecond)
}

// sendKept makes one attempt to send what has been kept, and reports whether
// that could be read.
func (s *store) sendKept(item *spool.Item) (*failure, bool) {
	_, body, err := item.Read()
	switch {
	case errors.Is(err, spool.ErrDamaged): // which has been told
		s.tally.lost.Add(s.disown(item.Name()))
		return nil, false
	case err != nil:
		s.unread(err)
		_ = item.Release()
		return nil, false
	}
	r := request{s.signal, body}
	payload, err := s.sender.encode(r)
	var f *failure
	if err != nil {
		f = s.unfit(err)
	} else {
		f = s.try(payload)
	}
	s.settleKept(item, r, f)
	return f, true
}

func (s *store) unread(err error) { s.report.unread(s.spool.Dir(), err) }

// tried returns when each attempt that nobody waits for has ended.
func (s *store) tried() {
	s.trying.Lock()
	defer s.trying.Unlock()
}

// finish sends what still waits, for a moment, when nothing more will come. An
// endpoint that is away is not waited for.
func (s *store) finish(ctx context.Context) {
	done := make(chan struct{})
	go func() { // ends with ctx, or a little later than a hanging disk
		defer close(done)
		if s.ended != nil {
			<-s.ended
		}
		s.tried()
		if s.ended == nil || s.rest() > 0 {
			return
		}
		until := time.Now().Add(patience)
		s.drain(func() bool { return ctx.Err() != nil || time.Now().After(until) })
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// waiting is how many records of this process wait in the spool, when no attempt
// is under way: others may have sent some.
func (s *store) waiting(present map[string]bool) (n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, records := range s.mine {
		if present[name] {
			n += records
		} else {
			s.tally.taken.Add(records)
			delete(s.mine, name)
		}
	}
	return n
}

// keeps reports whether records of this process wait.
func (s *store) keeps() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.mine) > 0
}
