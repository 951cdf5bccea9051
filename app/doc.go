// Package app is the framework: routes with typed parameters, blueprints, hooks,
// topics, and a server that carries them.
//
//	type Echo struct{}
//
//	func (*Echo) OnMessage(c *app.Conn, text []byte) error { return c.SendTextBytes(text) }
//
//	var bp = app.NewBlueprint("/echo")
//	var _ = app.Route[Echo](bp, "/{name}")
//
// # Handlers
//
// A handler is a value with some of these methods; each is optional, and a value
// with none must embed Application. There is a new handler for each connection,
// and never do two of its hooks run at once.
//
//	OnOpen(c *app.Conn) error                       the handshake is done
//	OnMessage(c *app.Conn, text []byte) error       a text message, whole and valid UTF-8
//	OnBinary(c *app.Conn, data []byte) error        a binary message, whole
//	OnPing(c *app.Conn, payload []byte) error       a ping, which has been answered
//	OnPong(c *app.Conn, payload []byte) error       a pong
//	OnClose(c *app.Conn, e *app.CloseError)         the end; exactly once, whoever ended it
//
// The bytes are the engine's, valid until the hook returns. A hook's error ends
// the connection: with the code of the *CloseError in it if there is one, else
// with 1011, its text going to the log and not to the peer; so does a panic. A
// value with another method whose name begins with On, or with a hook of another
// shape, is refused when its route is added, so that a misspelt hook can't
// silently never run. Exported fields with a tag `path:"name"` are filled from
// the path before OnOpen.
//
// # Routes
//
// Package router says how patterns are written and which of several wins. A
// Blueprint is a group of routes under a prefix with the middleware they share. A
// Router takes blueprints whole or not at all. Those declared at package level,
// in files called *_bp.go or *Bp.go of the package blueprints (or of packages
// below it), are found by Router.Discover without a line of wiring beside the
// import that links the package: NewBlueprint notes where it was called.
//
// # Middleware
//
// An Acceptor decides on a request before the handshake is answered: it returns
// the handler, or an error, which refuses the request with a status (Refuse). A
// Middleware wraps one Acceptor in another. What it returns may wrap the handler
// as well, so that one concept covers both what comes before the upgrade
// (authentication, quotas) and what happens to messages after it.
//
// # Topics
//
// A connection joins topics; what is published to a topic is encoded once and
// goes to all its members, in one order for all. Nobody waits for a slow member:
// a SlowConsumer policy says what it gets. Topics exist while they have members.
//
// With Config.Retain a topic has a history, within the process; a Config.Broker
// carries topics over several. A member that comes back with the last Position it saw
// (Conn.JoinWith) gets what it missed, in order, each message once, and then what is
// new; where the history doesn't reach back that far, it is told of the gap. It counts
// as a member from the beginning: what comes while it is sent what it missed waits,
// and is then spliced on by position, so that nothing falls in between. Without
// history, topics don't go through a Broker at all and cost nothing for it.
//
// # Ending and restarting
//
// Shutdown, or the end of Run's context, lets nobody in any more, tells every
// connection 1001 behind what is still to be sent, and waits for the last OnClose, for
// Config.DrainTimeout at most. Service managers ask for it with SIGTERM:
//
//	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
//	defer stop()
//	err := server.Run(ctx)
//
// Give them some seconds more than DrainTimeout before they kill (TimeoutStopSec of
// systemd, terminationGracePeriodSeconds of Kubernetes).
//
// Sockets can be opened by someone else: ActivationListeners returns those that systemd,
// or PassListeners in another process, has handed over. To restart without a moment in
// which connections are refused, start the new process with the old one's listeners,
// wait until it serves, and shut the old one down: its clients get 1001 and connect
// again, to the new one.
//
// # Overload
//
// Whatever clients do, the server's memory stays within bounds: messages, queues and
// headers by Config.Limits, what all connections hold together by Limits.MaxBuffered,
// connections by MaxConns and MaxConnsPerIP, handshakes under way by MaxHandshakes, messages
// a second by MaxMessageRate, and by client by RateLimit and ConnectLimit. Who comes when
// there is no room gets 503 or 429 with Retry-After, who is there and holds most of what
// is scarce 1013.
//
// # Who may do what at once
//
// All methods of Server, Router, Conn and Audience may be called from any
// goroutine at any time, those of Conn from within hooks too. A Blueprint is
// filled by one goroutine, then only read. A Request belongs to the Acceptors
// until the handshake is answered, and is only read after that.
//
// # Decisions
//
// Static text beats parameters wherever they were registered. The Python
// framework whose routes these are took the route registered first, so that a
// /u/me behind a /u/{name} could never be reached.
//
// The server reads the opening request from the socket itself and answers it
// without net/http. Any other HTTP request is handed on to net/http with its
// connection, if Config.HTTP says who answers it.
//
// Errors before the handshake is answered are HTTP answers; from then on they are
// close codes.
//
// Handlers are checked by reflection when their route is added, once; a message
// costs one call through an interface.
package app
