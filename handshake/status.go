package handshake

import "errors"

// Status gives the HTTP status that err deserves as an answer to an opening request: that of the
// Refusal or sentinel in its chain, and 400 for any other error. nil, which refuses nothing and can
// only be a mistake here, gives 500.
func Status(err error) int {
	if err == nil {
		return 500
	}
	if status, known := statusOf(err); known {
		return status
	}
	return 400
}

// statusOf gives the status of the Refusal or sentinel in err's chain, if there is one.
func statusOf(err error) (status int, known bool) {
	if r, ok := errors.AsType[*Refusal](err); ok {
		return r.status(), true
	}
	if f, ok := errors.AsType[*fault](err); ok {
		return f.status, true
	}
	return 0, false
}

// statusText gives the reason phrase for a status that is likely here (RFC 9110 §15), and a general
// one for its class otherwise.
func statusText(status int) string {
	switch status {
	case 301:
		return "Moved Permanently"
	case 302:
		return "Found"
	case 303:
		return "See Other"
	case 307:
		return "Temporary Redirect"
	case 308:
		return "Permanent Redirect"
	case 400:
		return "Bad Request"
	case 401:
		return "Unauthorized"
	case 403:
		return "Forbidden"
	case 404:
		return "Not Found"
	case 405:
		return "Method Not Allowed"
	case 408:
		return "Request Timeout"
	case 410:
		return "Gone"
	case 426:
		return "Upgrade Required"
	case 429:
		return "Too Many Requests"
	case 431:
		return "Request Header Fields Too Large"
	case 500:
		return "Internal Server Error"
	case 502:
		return "Bad Gateway"
	case 503:
		return "Service Unavailable"
	}
	switch status / 100 {
	case 3:
		return "Redirect"
	case 4:
		return "Refused"
	}
	return "Server Error"
}
