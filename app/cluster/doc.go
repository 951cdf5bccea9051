// Package cluster makes several servers of package app one, over NATS: what is published
// on any of them reaches the members of a topic on all, history survives a server, and
// each knows who is where.
//
//	c, err := cluster.New(cluster.Config{URL: "nats://10.0.0.1:4222", Retain: retain})
//	...
//	s, err := app.New(app.Config{Broker: c})
//	c.Attach(s)
//
// It is a module of its own, so that package app stays without NATS. NATS does the
// distributing; nothing here elects, votes or replicates.
//
// # Topics without history
//
// A node subscribes at NATS to the topics that have members on it, once each; messages
// go to those nodes only. They are delivered at most once: members on the publishing
// node get them at once, and the others in the order of their publisher. Concurrent
// publishers may be seen in different orders on different nodes.
//
// # Topics with history
//
// A message goes to a JetStream stream first. Topics are spread over Config.Shards
// streams for each Retention; the stream gives the message its sequence and
// republishes it to the topic's subject, from where all nodes, the publisher's too,
// deliver it: all members see one order. A position is the stream's epoch, which is
// when it was made, and the sequence. Each republished message names the one before it
// in its topic, so that a node sees at once if it has missed one, and reads it from
// the stream; what would be missed unseen, because nothing came behind it, a regular
// look at the stream finds (Config.CheckInterval). Whoever resumes gets everything
// that the history has, and is told honestly if that isn't all.
//
// # What survives what
//
// An acknowledged message (Publish returned nil) with history survives
//
//   - the death of any server of package app, always;
//   - the death of the nats-server process (kill -9), with files (the default);
//   - the loss of one machine of three, with Replicas: 3;
//   - the loss of power on all machines at once, only with files and syncing always
//     (Embed.SyncAlways, or sync_interval: always in nats-server's configuration). By
//     default NATS acknowledges before the disk has it and syncs every two minutes: with
//     three replicas a message is gone if a majority lose power within that time.
//
// Messages without history survive nothing.
//
// The tests kill, stop and cut off processes of Godwit and of nats-server, the leader of
// the topic's stream above all, while clients publish and listen; a checker then looks at
// what each of them saw. Power loss can't be had in a test: that the servers have the
// setting is tested, and, where strace may look on, that the system is asked to sync at
// least once for each message.
//
// # Who is there
//
// A node renews one lease; its members lie below it, one key each, and are gone when it
// hasn't been renewed for Config.Lease. Who comes and goes is told to nodes with
// members of the topic. When NATS was gone, nodes write what they have anew, so that
// all agree again. What a dead node had is removed three leases later, by whoever lives,
// after a look at its lease: a node that was only cut off is told to write it anew.
//
// # When NATS is gone
//
// Members stay connected, and without history hear each other on their node. Publishing
// fails or waits (Config.Down), joining a topic with history fails. Everything comes
// back by itself.
//
// # What is bounded, and by whom
//
// A stream holds Config.MaxStreamBytes, for all its topics together: whoever may publish
// to topics of any name can fill it, and then nobody can publish (ErrFull), unless the
// Retention has a MaxBytes, which makes the oldest go. So who may publish where is for
// app.Config.Authorize to say. 16,384 messages wait in each of a few lanes, 8 MiB while
// NATS is gone. Publication.ID is the same for all who publish to a topic: who guesses
// another's is taken in its place.
//
// NATS is trusted, and whoever can reach it: give it a token or credentials.
//
// All methods may be called from any goroutine at any time.
package cluster
