package proxy

import (
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strings"
)

// Env is what the environment says about proxies. The zero value asks for none.
type Env struct {
	HTTP  string // proxy for ws targets: a URL, or host:port for an http proxy
	HTTPS string // proxy for wss targets
	All   string // proxy for targets of either kind for which the field above is empty

	// No lists, separated by commas, the targets to reach directly. Each may end in :port.
	//
	//	example.com     the host and all hosts below it
	//	.example.com    the hosts below it; *.example.com means the same
	//	192.0.2.7       an IP address, if the target is one: names are not resolved
	//	192.0.2.0/24    a range of IP addresses, likewise
	//	*               everything
	No string
}

// FromEnvironment returns the proxy that the process's environment asks for, as [Env.ProxyFor] does.
func FromEnvironment(target *url.URL) (*url.URL, error) {
	return EnvFrom(os.Getenv).ProxyFor(target)
}

// EnvFrom reads HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, or where one is empty its
// lower-case form, through getenv. In a CGI program (REQUEST_METHOD is set) the upper-case
// HTTP_PROXY is not read: there it is the client's Proxy header.
func EnvFrom(getenv func(string) string) Env {
	either := func(name string) string {
		if v := getenv(name); v != "" {
			return v
		}
		return getenv(strings.ToLower(name))
	}
	e := Env{
		HTTP:  either("HTTP_PROXY"),
		HTTPS: either("HTTPS_PROXY"),
		All:   either("ALL_PROXY"),
		No:    either("NO_PROXY"),
	}
	if getenv("REQUEST_METHOD") != "" {
		e.HTTP = getenv("http_proxy")
	}
	return e
}

// ProxyFor returns the proxy for a target of scheme ws or wss (or http, https), or nil if it is to be
// reached directly: no proxy is set for its scheme, it is this machine (localhost, names below it,
// loopback addresses), or e.No lists it. A proxy that is set but can't be used is an error that Is
// [ErrURL]; it names the variable and never its value, which may hold a password.
func (e Env) ProxyFor(target *url.URL) (*url.URL, error) {
	name, value, port := e.forScheme(target.Scheme)
	if value == "" || e.bypasses(target, port) {
		return nil, nil
	}
	u, err := parseProxy(value)
	if err != nil {
		return nil, fmt.Errorf("proxy: %s: %w", name, err)
	}
	return u, nil
}

// forScheme returns the variable that is in charge of a scheme, its value, and the scheme's port.
func (e Env) forScheme(scheme string) (name, value, port string) {
	switch scheme {
	case "ws", "http":
		name, value, port = "HTTP_PROXY", e.HTTP, "80"
	case "wss", "https":
		name, value, port = "HTTPS_PROXY", e.HTTPS, "443"
	default:
		return "", "", ""
	}
	if value == "" {
		name, value = "ALL_PROXY", e.All
	}
	return name, value, port
}

// parseProxy reads a proxy's URL, or host:port with or without user:password@ in front.
func parseProxy(value string) (*url.URL, error) {
	if !strings.Contains(value, "://") {
		value = schemeHTTP + "://" + value
	}
	u, err := url.Parse(value)
	if err != nil {
		return nil, ErrURL // url's error quotes the value
	}
	if _, err := serverOf(u); err != nil {
		return nil, err
	}
	return u, nil
}

// bypasses reports whether target is to be reached directly.
func (e Env) bypasses(target *url.URL, defaultPort string) bool {
	host := canonicalHost(target.Hostname())
	port := target.Port()
	if port == "" {
		port = defaultPort
	}
	ip, _ := netip.ParseAddr(host)
	ip = ip.Unmap().WithZone("")
	if isLocal(host, ip) {
		return true
	}
	for entry := range strings.SplitSeq(e.No, ",") {
		if matches(strings.ToLower(strings.TrimSpace(entry)), host, ip, port) {
			return true
		}
	}
	return false
}

// canonicalHost returns host as it is compared: in lower case, without the root's dot.
func canonicalHost(host string) string {
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// isLocal reports whether a host is this machine. ip is the zero Addr if host is a name.
func isLocal(host string, ip netip.Addr) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip.IsLoopback()
}
