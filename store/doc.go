// Package store keeps messages in the order they came until someone has dealt with them: a FIFO that
// many append to and many take from, in memory (Memory) or in one file that survives crashes (Disk).
//
// A message is one JSON object. What the object means is the caller's business; the store checks that
// it is one, in UTF-8, and takes the white space between its tokens away, nothing else. It opens no
// socket, writes no log (OpenDisk reports what it found, see Report), and knows nothing of the rest of
// Godwit. It is no database: there is no key, no search and no order but the order of arrival.
//
// # Taking
//
// A message goes to exactly one taker. Next and TryNext lend it out; Ack removes it; Return gives it
// back to its old place, before everything that came after it. Return after Ack does nothing, so
//
//	d, err := s.Next(ctx)
//	if err != nil {
//		return err
//	}
//	defer s.Return(d)
//
// gives a message back however its taker dies: by an error, a panic or runtime.Goexit. Consume is that
// loop. When the process dies, everything lent out waits again in the reopened Disk. So a message may
// be delivered more than once, but never lost once Append has returned; Message.Seq tells repetitions
// apart.
//
// # What Disk promises
//
//   - With SyncAlways an appended message survives power loss, if the disk honours a flush, and no
//     taker sees it before it is that safe. With SyncInterval and SyncNever it survives the death of
//     the process (kill -9), not of the machine.
//   - A message is never altered: each carries a checksum, tested when the file is opened and again
//     when the message is taken.
//   - A full disk is an error of Append (ErrFull) and costs nothing that was stored before. A failed
//     sync, or a failed write that can't be undone, stops the store (ErrPoisoned) until it is opened
//     again: what the kernel holds after a failed sync is anyone's guess, and guessing loses messages.
//   - Every operation costs the same whatever the backlog, which stays in the file: memory is used for
//     messages lent out, not for messages waiting.
//
// # The file
//
// It is a JSON array at every quiet moment, so `python3 -m json.tool data/received_messages.json`
// shows what is stored; a reader may see a half-written state while a message is being appended.
//
//	[                                                       two bytes, "[\n"
//	                                                        acknowledged: spaces, newline kept
//	 {"数据内容":"first","_seq":1790000000000000,"_crc":"3c97b647"}
//	,{"数据内容":"second","_seq":1790000000000001,"_crc":"e3791c26"}
//	]                                                       "]\n"
//
// A record is a line: a lead byte (a space for the first live record, else a comma), the message with
// two keys added at its end, and a newline. Compact JSON holds no newline of its own, so the start of
// a line is where reading can begin again after damage. The two keys are read by position and taken
// off again. _seq rises from record to record and never repeats; _crc is the CRC-32 (IEEE, that of
// zlib.crc32) of the message followed by the decimal digits of _seq, in eight hexadecimal digits.
//
// Live means not blanked on disk, whether lent out or not. Appending is one positioned write over the
// final "]\n" and nothing before it. Acknowledging is one positioned write of spaces, newlines kept,
// over the acknowledged run at the head through to the lead byte of the next live record; if there is
// none, the bracket stays untouched and the next record's lead is a space. Acknowledgements out of
// order wait in memory until the run at the head reaches them: after a crash those messages come again.
// When blanks prevail, the live records are copied to a new file that takes the place of the old.
//
// Opening reads every line. A line is live if its two keys are in place, its checksum holds and its
// sequence rises. If everything is where it belongs the file is used as it is. If anything is not, the
// live records go to a new file, lines that couldn't be read go to a file beside it whose name ends in
// .unreadable- and the time, and nothing is ever repaired in place. A file without a single live line
// but with something in it is taken for one written by hand or by the Python library WebSocketProtocolCore,
// in whatever formatting, and its objects are imported.
//
// A lock on received_messages.json.lock keeps a second process, or a second Disk of this one, away.
//
// # Who may do what at once
//
// All methods of Memory and Disk may be called from any goroutine at any time.
//
// # Decisions
//
// Two obvious layouts lost or altered messages in a page-level model of power loss: an append that
// rewrites the previous record's newline together with the bracket, and records without checksums. In
// the layout above a write that never reached the disk can only cost what it was itself writing.
//
// Appends wait for each other's sync (group commit) without a goroutine to serve them: whoever finds no
// batch opens one and leads it, waits for the sync under way, then writes and syncs everything that
// joined meanwhile. 64 producers share a sync between 43 of them on average; it was 32 before the leader
// let those go first whom the last sync had set free.
//
// One mutex is held around each write to the file, because it decides lead bytes: an acknowledgement
// and an append that both think about the same comma must not overlap. Syncs happen outside it.
//
// CRC-32 rather than CRC-32C, since Python's standard library has it: a script can verify the file.
//
// Messages nested deeper than MaxDepth or with numbers longer than MaxNumber are refused though they
// are JSON: Python's json module can't read them, and one such message would hide all others from it.
package store
