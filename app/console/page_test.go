package console_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/app/console"
)

// element matches those elements that a policy names by hash.
var element = regexp.MustCompile(`(?s)<(style|script)>(.*?)</(?:style|script)>`)

// page returns the page and its policy.
func page(t *testing.T) (html, policy string) {
	t.Helper()
	w := get(console.New(server(t, app.Config{}), console.Config{Allow: everybody}), "/", nil)
	return w.Body.String(), w.Header().Get("Content-Security-Policy")
}

// TestPagePolicy holds the policy to the page: its own style and script, and nothing
// else.
func TestPagePolicy(t *testing.T) {
	html, policy := page(t)
	for _, want := range []string{"default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
		if !slices.Contains(strings.Split(policy, "; "), want) {
			t.Errorf("the policy lacks %s: %s", want, policy)
		}
	}
	for _, bad := range []string{"unsafe", "*", "http:", "https:"} {
		if strings.Contains(policy, bad) {
			t.Errorf("the policy has %s: %s", bad, policy)
		}
	}
	found := element.FindAllStringSubmatch(html, -1)
	if len(found) != 2 {
		t.Fatalf("%d styles and scripts, want one each", len(found))
	}
	for _, m := range found {
		sum := sha256.Sum256([]byte(m[2]))
		if want := m[1] + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(policy, want) {
			t.Errorf("the policy lacks %s: %s", want, policy)
		}
	}
}

// TestPageLoadsNothing looks for what would be loaded, or would run against the policy.
func TestPageLoadsNothing(t *testing.T) {
	html, _ := page(t)
	for _, bad := range []string{" src=", "@import", "url(", " onclick=", " onload=", " style=", "javascript:", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("} {
		if strings.Contains(html, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	for _, m := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(html, -1) {
		if !strings.HasPrefix(m[1], "data:") {
			t.Errorf("the page refers to %s", m[1])
		}
	}
	for _, placeholder := range []string{"/* style */", "/* texts */", "/* script */"} {
		if strings.Contains(html, placeholder) {
			t.Errorf("%s is still there", placeholder)
		}
	}
}

// texts returns the table of texts.
func texts(t *testing.T) map[string]map[string]any {
	t.Helper()
	raw, err := os.ReadFile("static/texts.json")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), "</") {
		t.Error("texts.json would end the element that it stands in")
	}
	var table map[string]map[string]any
	if err := json.Unmarshal(raw, &table); err != nil {
		t.Fatal(err)
	}
	return table
}

// TestTexts holds both languages to one set of keys, with the same values in braces.
func TestTexts(t *testing.T) {
	table := texts(t)
	braces := regexp.MustCompile(`\{\w+\}`)
	shape := func(language string) map[string][]string {
		all := make(map[string][]string)
		for key, text := range table[language] {
			raw, _ := json.Marshal(text) // it came out of JSON
			names := braces.FindAllString(string(raw), -1)
			slices.Sort(names)
			all[key] = names
		}
		return all
	}
	if diff := cmp.Diff(shape("en"), shape("zh")); diff != "" {
		t.Errorf("the languages differ (-en +zh):\n%s", diff)
	}
}

// TestTextsUsed holds the table to the page: no text is missing, none left over.
func TestTextsUsed(t *testing.T) {
	html, _ := page(t)
	keys := texts(t)["en"]
	page, script, _ := strings.Cut(html, "<script type=")
	_, script, _ = strings.Cut(script, "<script>")
	for _, m := range regexp.MustCompile(`data-t="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if _, ok := keys[m[1]]; !ok {
			t.Errorf("the page shows the text %s, and there is none", m[1])
		}
	}
	built := []string{"code.", "state.", "pulse.", "row."} // keys that scripts put together
	for key := range keys {
		whole := strings.Contains(page, `data-t="`+key+`"`) || strings.Contains(script, "'"+key+"'")
		part := slices.ContainsFunc(built, func(prefix string) bool {
			return strings.HasPrefix(key, prefix) && strings.Contains(script, "'"+prefix+"'")
		})
		if !whole && !part {
			t.Errorf("nothing shows the text %s", key)
		}
	}
}
