package chromium

import (
	"encoding/json"
	"slices"
	"strings"
)

// Expect says that errors on the page with this text in them are no faults.
func (p *Page) Expect(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected = append(p.expected, text)
}

// AwaitFault waits until something with this text has gone wrong on the page.
func (p *Page) AwaitFault(text string) {
	p.t.Helper()
	p.await("a fault with "+text, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return slices.ContainsFunc(p.faults, func(fault string) bool { return strings.Contains(fault, text) })
	})
}

// AwaitAlert waits until the page has shown an alert with this text.
func (p *Page) AwaitAlert(text string) {
	p.t.Helper()
	p.await("the alert "+text, func() bool { return slices.Contains(p.Alerts(), text) })
}

// Alerts returns the texts of the alerts that the page has shown. They are closed at
// once.
func (p *Page) Alerts() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.alerts)
}

// listen takes in what the browser says about the page.
func (p *Page) listen() {
	p.tools.On(p.session, "Page.javascriptDialogOpening", func(params json.RawMessage) {
		var e struct {
			Message string `json:"message"`
		}
		json.Unmarshal(params, &e) // what isn't as expected shows as an empty text
		p.mu.Lock()
		defer p.mu.Unlock()
		p.alerts = append(p.alerts, e.Message)
		p.tools.Post(ctx(), p.session, "Page.handleJavaScriptDialog", map[string]any{"accept": true})
	})
	p.tools.On(p.session, "Runtime.exceptionThrown", func(params json.RawMessage) { p.fault(string(params)) })
	p.tools.On(p.session, "Runtime.consoleAPICalled", func(params json.RawMessage) {
		var e struct {
			Type string `json:"type"`
		}
		if json.Unmarshal(params, &e); e.Type == "error" || e.Type == "assert" {
			p.fault(string(params))
		}
	})
	p.tools.On(p.session, "Log.entryAdded", func(params json.RawMessage) { // breaches of the policy among them
		var e struct {
			Entry struct {
				Level string `json:"level"`
				Text  string `json:"text"`
				URL   string `json:"url"`
			} `json:"entry"`
		}
		if json.Unmarshal(params, &e); e.Entry.Level == "error" {
			p.fault(e.Entry.Text + " " + e.Entry.URL)
		}
	})
}

func (p *Page) fault(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, text)
}

// judge fails the test for faults that weren't expected.
func (p *Page) judge() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, fault := range p.faults {
		if !slices.ContainsFunc(p.expected, func(text string) bool { return strings.Contains(fault, text) }) {
			p.t.Errorf("on the page: %s", fault)
		}
	}
}
