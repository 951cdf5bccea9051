// Package live gives browsers and other programs the topics of a server without any
// code on the server: a client subscribes, publishes, asks who is there, and after a
// break in the line gets what it missed.
//
//	l, err := live.New(live.Config{})
//	...
//	err = l.Mount(server.Router(), "/live")
//
// The client is godwit.js in this folder, which Script serves, or package
// app/client, or anything that speaks the protocol: PROTOCOL.md in this folder
// describes it completely. It is JSON over one WebSocket, with the subprotocol
// Subprotocol.
//
// What a client may do is for app.Config.Authorize to say: it is asked for each
// subscription (JoinTopic), each resumption (ResumeTopic), each publication
// (PublishTopic), and before a client learns who is in a topic (SeeTopic). Nil allows
// all. Who the client is, the request says (a cookie, a client's certificate), or a
// token (Config.Token), which ends some time and can be renewed over the connection.
//
// Topics are those of the server. Messages that it publishes itself
// (app.Server.To) reach clients too, and a handler with a Framing of its own, or with
// none, shares them: nothing ties a topic to this protocol.
//
// All methods may be called from any goroutine at any time.
//
// # Clients that mean harm
//
// A connection is bounded in what it costs: topics by app.Config.MaxTopics, the length of
// requests by Config.MaxRequest, their number by Config.MaxRate, where setting info counts
// once for each topic that is told, names of topics by app.MaxTopicName before anybody
// is asked about them. A position of another life, or of the future, is a gap, and brings
// the whole history: no faster than the client reads it. How many connections there are,
// app.Config.MaxConnsPerIP says, and what they may publish where, app.Config.Authorize:
// without it, anybody fills any topic, and makes new ones. Who comes into a topic is told
// to all who watch it (presence), so where very many are, deny SeeTopic. A publication's
// "once" is known by topic, not by client: clients make it random.
//
// # Decisions
//
// One request, one answer, in order: requests are carried out as they come, in the
// connection's hook. A client may send many without waiting; one that asks for much
// waits for itself only.
//
// What was missed is sent before the answer to the subscription, in the same events as
// what is new. So a client needs no code for it but to note positions.
//
// A message that is JSON stands in its event as it is, not as a string of JSON: a
// browser then parses once. Text that isn't JSON is a string, and bytes are base64,
// each under a name of its own.
package live
