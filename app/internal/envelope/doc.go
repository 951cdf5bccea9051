// Package envelope writes and reads the JSON objects that nodes exchange: the
// format of the Python library WebSocketProtocolCore, with its Chinese keys.
//
//	sent      目标IP, 目标端口, 处理类型, 次一级数据类型, 数据内容, 时间
//	received  对方IP, 对方端口, 处理类型, 次一级数据类型, 数据内容, 时间, and what else came
//
// A message is stored as received: the first two keys are the peer's address as
// the socket has it, whatever the sender wrote there; the others keep the bytes
// they came with, so that no number loses digits and no text its escapes.
//
// The package knows no socket, no clock and no store. All its functions may be
// called from any goroutine; Fields alias the text they were read from.
//
// # Decisions
//
// Read splits the object itself and looks into the values it needs alone, in one
// pass: encoding/json would take many times as long, and lose the order of keys.
// It does not check what lies inside other values; whoever stores the rewritten
// message does that, and since each value is written back between our own
// delimiters, a message is right JSON exactly if all of them are.
//
// Of a key that comes twice the last counts, as in Python. It keeps the place of
// the first.
package envelope
