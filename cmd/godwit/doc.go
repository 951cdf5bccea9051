// Command godwit runs WebSocket servers and clients from the command line.
//
//	godwit new myapp                           an application to begin with, in a new folder
//	godwit gen [--check]                       imports for all packages of blueprints
//	godwit routes [DIR]                        the routes of a module's blueprints
//	godwit serve                               a server to try things out on, with a console page
//	godwit dial ws://127.0.0.1:8080/echo       an interactive client
//	godwit echo --addr 127.0.0.1:9001          a bare echo server, for suites and load generators
//	godwit bench ws://127.0.0.1:9001/          a load generator
//	godwit node                                a node that exchanges stored messages with others
//	godwit send IP PORT TYPE SUBTYPE CONTENT   a message to such a node
//	godwit store ls                            what is stored; also export, import, verify, compact
//	godwit autobahn client --url … --agent …   the client that the Autobahn testsuite's server examines
//	godwit torture ws://127.0.0.1:8080/echo    a hostile peer, for servers and for clients
//	godwit help [command]                      what a command takes, with examples
//
// Results go to standard output, everything else to standard error. The exit
// status is 0 for success, 1 for a failure, 2 for a command line that makes no
// sense; send tells more with others.
//
// In another module, which has it as a tool, it is go tool godwit.
//
// This package wires flags to packages conn, app and store, and decides nothing
// about the protocol. Each command is a file named for it; run is the entry point
// that tests call.
package main
