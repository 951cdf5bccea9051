package conn

import "github.com/godwit-ws/godwit/frame"

// Code is a close code (RFC 6455 §7.4).
type Code = frame.Code

// The close codes, as in package frame. Applications have 4000 to 4999 for their
// own, libraries 3000 to 3999.
const (
	CodeNormal             = frame.CodeNormal             // 1000: the purpose is fulfilled
	CodeGoingAway          = frame.CodeGoingAway          // 1001: a server going down, a page left
	CodeProtocolError      = frame.CodeProtocolError      // 1002
	CodeUnsupportedData    = frame.CodeUnsupportedData    // 1003: no binary here, or no text
	CodeNoStatus           = frame.CodeNoStatus           // 1005: stands for an empty Close; never sent
	CodeAbnormal           = frame.CodeAbnormal           // 1006: stands for a lost connection; never sent
	CodeInvalidPayload     = frame.CodeInvalidPayload     // 1007: text that isn't UTF-8
	CodePolicyViolation    = frame.CodePolicyViolation    // 1008
	CodeMessageTooBig      = frame.CodeMessageTooBig      // 1009
	CodeMandatoryExtension = frame.CodeMandatoryExtension // 1010: a server without a needed extension
	CodeInternalError      = frame.CodeInternalError      // 1011
	CodeServiceRestart     = frame.CodeServiceRestart     // 1012
	CodeTryAgainLater      = frame.CodeTryAgainLater      // 1013: overload
	CodeBadGateway         = frame.CodeBadGateway         // 1014
)
