package interop_test

// ability is a set of what a peer can do beyond sending and receiving messages,
// which all of them can.
type ability uint

const (
	dials          ability = 1 << iota // it has a client
	serves                             // it has a server
	fragments                          // its caller chooses the frames of a message
	pings                              // its caller can ping
	closes                             // its caller chooses code and reason
	anyCode                            // every code, not only 1000 and 3000 to 4999
	emptyClose                         // it can send a Close without a code
	patient                            // having sent a Close, it waits for the answer and tells its code
	seesClose                          // it tells the code that it received
	sendsBad                           // it can be made to send text that isn't UTF-8
	checksText                         // it fails connections that bring such text, with 1007
	compresses                         // it has permessage-deflate
	takeover                           // it keeps its context between messages
	windowBits                         // it keeps to windows smaller than 32 KiB
	asymmetric                         // one direction may keep its context, the other not
	secures                            // it speaks wss
	negotiates                         // it tells which subprotocol was agreed on
	joins                              // it puts fragments together to a message
	newCodes                           // it knows the close codes that IANA registered after RFC 6455
	obeysWindow                        // its server keeps to the window that a client asks for
	asksDeflate                        // its caller chooses what it asks for of permessage-deflate, or nothing
	vanishes                           // its caller can drop the connection without a Close
	checksText1002                     // it does so with 1002 in place of 1007
)

// whole is what a complete implementation can do, and does right.
const whole = dials | serves | fragments | pings | closes | anyCode | emptyClose | patient | seesClose |
	sendsBad | checksText | compresses | takeover | windowBits | asymmetric | secures | negotiates | joins | newCodes | obeysWindow | asksDeflate | vanishes

// has reports whether all of needs are in a.
func (a ability) has(needs ability) bool { return a&needs == needs }
