// Package certs serves a certificate from two files and takes up a new one without a restart.
//
// [Source.Get] is for crypto/tls.Config.GetCertificate. At most once a second, whoever handshakes
// looks at the files first; all others go on with the certificate in use meanwhile. So there is no goroutine,
// nothing to stop, and an idle server touches no file. Connections that stand keep what they have.
//
// A new pair is taken up when both files can be read, hold PEM and belong together. Until then the pair
// in use stays, however old it is, and the fault is reported: once, and again only when the files have
// changed to another fault. As tools write one file after the other, a report of a key that doesn't match
// may be followed by the right pair a moment later.
//
// Files are compared by content, not by time: that sees links that were swapped (Kubernetes), files that
// were replaced, and such as were overwritten twice within the clock of a file system. Reading them costs
// some ten microseconds a second. Of what was read only a digest is kept. A file of more than 1 MiB is
// refused.
//
// A Source may be used by any number of goroutines. It logs nothing and checks no dates: an expired
// certificate is for its owner to notice.
package certs
