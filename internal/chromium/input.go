package chromium

import "fmt"

// Click clicks in the middle of the element that a CSS selector finds, with the mouse.
func (p *Page) Click(selector string) {
	p.t.Helper()
	var at *struct{ X, Y float64 }
	p.Eval(fmt.Sprintf(`(() => {
		const e = document.querySelector(%s);
		if (!e?.checkVisibility()) return null;
		e.scrollIntoView({block: "center", behavior: "instant"});
		const r = e.getBoundingClientRect();
		return {X: r.x + r.width / 2, Y: r.y + r.height / 2};
	})()`, quote(selector)), &at)
	if at == nil {
		p.t.Fatalf("there is no %s to click\nthe page shows:\n%s", selector, p.Text("body"))
	}
	for _, event := range []string{"mousePressed", "mouseReleased"} {
		p.Call("Input.dispatchMouseEvent", map[string]any{
			"type": event, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1,
		}, nil)
	}
}

// Type types text where the focus is, all at once, as an input method does.
func (p *Page) Type(text string) {
	p.t.Helper()
	p.Call("Input.insertText", map[string]any{"text": text}, nil)
}

// Fill puts the focus on a field and types text in place of what it holds.
func (p *Page) Fill(selector, text string) {
	p.t.Helper()
	p.Eval(fmt.Sprintf(`document.querySelector(%s).focus(); document.querySelector(%[1]s).select()`, quote(selector)), nil)
	if text == "" {
		p.Press("Delete")
		return
	}
	p.Type(text)
}

// Press presses a key, by its name in events, and lets it go.
func (p *Page) Press(key string) {
	p.t.Helper()
	code, text := 0, ""
	switch key {
	case "Enter":
		code, text = 13, "\r"
	case "Tab":
		code = 9
	case "ArrowRight":
		code = 39
	case "Delete":
		code = 46
	default:
		p.t.Fatalf("there is no key %q", key)
	}
	for _, event := range []string{"keyDown", "keyUp"} {
		params := map[string]any{"type": event, "key": key, "code": key, "windowsVirtualKeyCode": code}
		if event == "keyDown" && text != "" {
			params["text"] = text
		}
		p.Call("Input.dispatchKeyEvent", params, nil)
	}
}

// Choose chooses the option of a select element that shows text, once it is there.
func (p *Page) Choose(selector, text string) {
	p.t.Helper()
	p.Await(fmt.Sprintf("the option %q of %s", text, selector), fmt.Sprintf(`(() => {
		const list = document.querySelector(%s);
		const i = Array.from(list.options).findIndex((o) => o.text === %s);
		if (i < 0) return false;
		list.focus();
		list.selectedIndex = i;
		list.dispatchEvent(new Event("input", {bubbles: true}));
		list.dispatchEvent(new Event("change", {bubbles: true}));
		return true;
	})()`, quote(selector), quote(text)))
}
