package codec

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

// Bounds of one response, whatever it claims. OpenAI allows 128 choices of a
// chat; a batch of legacy completions answers with prompts times n.
const (
	maxChoices = 4096
	maxBlocks  = 4096
)

// Fold gathers the output of one response, piece by piece, for every family:
// choices, each of them blocks of text, reasoning, tool calls or media. It
// takes room from the record as pieces arrive, so that it never holds more
// than may be kept, and holds no content where none may be.
type Fold struct {
	in      *genai.Inference
	finish  map[string]string
	choices []*Choice
	blocks  int
}

// NewFold returns a Fold into in. finish maps the provider's finish reasons to
// those of the message schema; a word that it lacks stays as it is.
func NewFold(in *genai.Inference, finish map[string]string) *Fold {
	return &Fold{in: in, finish: finish}
}

// Keeps reports whether content is gathered at all; where not, what only
// carries content need not be read.
func (f *Fold) Keeps() bool { return f.in.Keeps() }

// Choice returns the choice of that index, made when first asked for. It is
// nil, which every method of [Choice] accepts, when there are too many.
func (f *Fold) Choice(index int64) *Choice {
	for _, c := range f.choices {
		if c.index == index {
			return c
		}
	}
	if len(f.choices) >= maxChoices {
		f.in.Cut(genai.CutContent)
		return nil
	}
	c := &Choice{fold: f, index: index}
	f.choices = append(f.choices, c)
	return c
}

// Finished reports whether at least n choices were seen and each has a finish
// reason.
func (f *Fold) Finished(n int64) bool {
	for _, c := range f.choices {
		if c.finish == "" {
			return false
		}
	}
	return len(f.choices) > 0 && int64(len(f.choices)) >= n
}

// Flush writes finish reasons and output messages into the record, in the
// order of the choices' indexes. It makes new slices each time, so that a copy
// of the record that someone still reads is not changed.
func (f *Fold) Flush() {
	slices.SortStableFunc(f.choices, func(a, b *Choice) int { return compare(a.index, b.index) })
	f.in.Response.FinishReasons = nil
	f.in.Output = nil
	for _, c := range f.choices {
		if !f.Keeps() { // content may be dropped while a call runs
			c.Clear()
		}
		if c.finish != "" {
			f.in.Response.FinishReasons = append(f.in.Response.FinishReasons, c.finish)
		}
		if f.Keeps() {
			f.in.Output = append(f.in.Output, c.message())
		}
	}
}

func compare(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Choice is one of a response's alternative answers.
type Choice struct {
	fold   *Fold
	index  int64
	role   string
	finish string
	blocks []*Block
}

// Role notes who speaks; a choice that nobody named is the assistant's.
func (c *Choice) Role(role string) {
	if c != nil && c.role == "" {
		c.role = Short(role)
	}
}

// Finish notes the provider's finish reason; the last one counts.
func (c *Choice) Finish(reason string) {
	if c != nil && reason != "" && reason != c.finish {
		c.finish = Short(reason)
	}
}

// Slot says where in a message a block stands: blocks are ordered by Item,
// then by Part, and not by when they arrived, so that a stream folds to the
// record of its whole twin.
type Slot struct{ Item, Part int64 }

func (s Slot) compare(t Slot) int {
	if n := compare(s.Item, t.Item); n != 0 {
		return n
	}
	return compare(s.Part, t.Part)
}

// Block returns the block in that slot, made when first asked for. It is nil,
// which every method of [Block] accepts, where content is not kept or there
// are too many.
func (c *Choice) Block(t genai.PartType, s Slot) *Block {
	if c == nil || !c.fold.Keeps() {
		return nil
	}
	for i := len(c.blocks) - 1; i >= 0; i-- {
		if c.blocks[i].slot == s {
			return c.blocks[i]
		}
	}
	return c.add(&Block{slot: s, part: genai.Part{Type: t}})
}

// Last returns the last block that was made in an item, or nil.
func (c *Choice) Last(item int64) *Block {
	if c == nil {
		return nil
	}
	for i := len(c.blocks) - 1; i >= 0; i-- {
		if c.blocks[i].slot.Item == item {
			return c.blocks[i]
		}
	}
	return nil
}

// Grow returns the last block of an item where that is of type t and still
// grows, else a new one behind it: for APIs that number no parts. It is nil
// where [Choice.Block] is.
func (c *Choice) Grow(item int64, t genai.PartType) *Block {
	if c == nil || !c.fold.Keeps() {
		return nil
	}
	if b := c.Last(item); b != nil && b.whole == nil && b.part.Type == t {
		return b
	}
	return c.add(&Block{slot: c.behind(item), part: genai.Part{Type: t}})
}

// Append puts a part behind the last block of an item, as [Choice.Whole] does
// into a slot, and returns its block; nil where there is none.
func (c *Choice) Append(item int64, read func() genai.Part) *Block {
	if c == nil {
		return nil
	}
	s := c.behind(item)
	c.Whole(s, false, func() []genai.Part { return []genai.Part{read()} })
	if b := c.Last(item); b != nil && b.slot == s {
		return b
	}
	return nil
}

// behind is the slot after an item's last block.
func (c *Choice) behind(item int64) Slot {
	if b := c.Last(item); b != nil {
		return Slot{Item: item, Part: b.slot.Part + 1}
	}
	return Slot{Item: item}
}

// Whole puts the parts that read returns into a slot, in place of all that was
// gathered there and in the rest of its item when all is true. read builds
// them with the record's own Text, JSON and Whole, so that they are bounded.
func (c *Choice) Whole(s Slot, all bool, read func() []genai.Part) {
	if c == nil || !c.fold.Keeps() {
		return
	}
	in := c.fold.in
	build := func() *Block {
		before := in.Kept()
		parts := read()
		return &Block{in: in, slot: s, whole: parts, taken: in.Kept() - before}
	}
	at := slices.IndexFunc(c.blocks, func(b *Block) bool { return b.slot == s })
	if at >= 0 && !all { // in its place, so that the last block stays the last
		in.Release(c.blocks[at].taken)
		c.blocks[at] = build()
		return
	}
	c.drop(func(b *Block) bool { return b.slot == s || all && b.slot.Item == s.Item })
	c.add(build())
}

// Clear forgets what was gathered, for a response that ends by repeating all
// of its output.
func (c *Choice) Clear() {
	if c != nil {
		c.drop(func(*Block) bool { return true })
	}
}

func (c *Choice) drop(which func(*Block) bool) {
	kept := c.blocks[:0]
	for _, b := range c.blocks {
		if !which(b) {
			kept = append(kept, b)
			continue
		}
		c.fold.in.Release(b.taken)
		c.fold.blocks--
	}
	clear(c.blocks[len(kept):])
	c.blocks = kept
}

func (c *Choice) add(b *Block) *Block {
	if c.fold.blocks >= maxBlocks {
		c.fold.in.Release(b.taken)
		c.fold.in.Cut(genai.CutContent)
		return nil
	}
	c.fold.blocks++
	b.in = c.fold.in
	c.blocks = append(c.blocks, b)
	return b
}

func (c *Choice) message() genai.Message {
	slices.SortStableFunc(c.blocks, func(a, b *Block) int { return a.slot.compare(b.slot) })
	m := genai.Message{Role: Role(c.role), FinishReason: c.finish}
	if word, ok := c.fold.finish[c.finish]; ok {
		m.FinishReason = word
	}
	for _, b := range c.blocks {
		m.Parts = b.parts(m.Parts)
	}
	return m
}

// Block is one part of a message while it arrives in pieces.
type Block struct {
	in    *genai.Inference
	slot  Slot
	part  genai.Part
	text  []byte
	whole []genai.Part // finished parts; then the fields above are not used
	taken int          // of the record's content bytes
	lost  bool         // pieces were left out
}

// Slot returns where the block stands.
func (b *Block) Slot() Slot {
	if b == nil {
		return Slot{}
	}
	return b.slot
}

// ID returns the tool call's identifier, "" before it was named.
func (b *Block) ID() string {
	if b == nil {
		return ""
	}
	return b.part.ID
}

// Call names a tool call; empty strings change nothing.
func (b *Block) Call(id, name string) {
	if b == nil {
		return
	}
	if id != "" && id != b.part.ID {
		b.part.ID = Short(id)
	}
	if name != "" && name != b.part.Name {
		b.part.Name = Short(name)
	}
}

// Media says what a blob is.
func (b *Block) Media(modality, mime string) {
	if b != nil {
		b.part.Modality, b.part.MIME = modality, Short(mime)
	}
}

// Add appends a piece: of text, of a tool call's arguments, of base64 data.
func (b *Block) Add(s string) {
	if b == nil || s == "" {
		return
	}
	if b.part.Type == genai.BlobPart {
		b.addData(s)
		return
	}
	if b.lost {
		return
	}
	want := min(len(s), b.in.Keep.Part-len(b.text))
	got := b.in.Take(want)
	for got < len(s) && got > 0 && !utf8.RuneStart(s[got]) {
		got--
		b.in.Release(1)
	}
	b.taken += got
	b.text = append(b.text, s[:got]...)
	if got < len(s) {
		b.lost = true
		b.in.Cut(genai.CutContent)
	}
}

// OrEmpty makes a tool call that nothing was added to one without arguments,
// for streams that then send none.
func (b *Block) OrEmpty() {
	if b != nil && len(b.text) == 0 && !b.lost {
		b.Add("{}")
	}
}

// addData counts a blob's bytes, and keeps its data as long as all of it fits
// and the pieces join to one base64 text.
func (b *Block) addData(s string) {
	if strings.HasSuffix(s, genai.Mark) { // shortened as it passed: then the size is not known either
		b.in.Release(b.taken)
		b.part.Size, b.taken, b.text, b.lost = 0, 0, nil, true
		return
	}
	b.part.Size += base64Size(s)
	if b.lost {
		return
	}
	joins := len(b.text) == 0 || b.text[len(b.text)-1] != '='
	fits := len(b.text)+len(s) <= b.in.Keep.Part && b.in.Keep.Call-b.in.Kept() >= len(s)
	if joins && fits {
		b.taken += b.in.Take(len(s))
		b.text = append(b.text, s...)
		return
	}
	b.in.Cut(genai.CutContent)
	b.in.Release(b.taken)
	b.taken, b.text, b.lost = 0, nil, true
}

func (b *Block) parts(to []genai.Part) []genai.Part {
	if b.whole != nil {
		return append(to, b.whole...)
	}
	p := b.part
	switch p.Type {
	case genai.ToolCallPart, genai.ServerToolCallPart:
		p.Args = args(string(b.text), b.lost)
	case genai.ToolCallResponsePart, genai.ServerToolResponsePart:
		p.Result = args(string(b.text), b.lost)
	case genai.BlobPart:
		p.Text = string(b.text)
	default:
		if len(b.text) == 0 && !b.lost {
			return to
		}
		p.Text = string(b.text)
		if b.lost {
			p.Text += genai.Mark
		}
	}
	return append(to, p)
}

// args is a tool call's arguments as a JSON value: as they came where they are
// one, a JSON string where the model's were not, nothing where there are none.
func args(s string, cut bool) json.RawMessage {
	if strings.TrimSpace(s) == "" && !cut {
		return nil
	}
	if cut {
		s += genai.Mark
	} else if json.Valid([]byte(s)) {
		return json.RawMessage(s)
	}
	quoted, _ := json.Marshal(s)
	return quoted
}
