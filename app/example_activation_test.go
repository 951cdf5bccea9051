package app_test

import (
	"context"
	"fmt"
	"log"

	"github.com/godwit-ws/godwit/app"
)

// A server that is started by systemd on a socket, or by the process that it replaces,
// serves what it was handed; started by hand, it listens for itself.
func ExampleActivationListeners() {
	s, err := app.New(app.Config{Addr: "127.0.0.1:0"})
	if err != nil {
		log.Fatal(err)
	}
	listeners, err := app.ActivationListeners()
	if err != nil {
		log.Fatal(err)
	}
	for _, l := range listeners {
		go s.Serve(l)
	}
	if len(listeners) == 0 {
		fmt.Println("started by hand")
		go s.ServeForever()
	}
	s.Shutdown(context.Background()) // for the example's sake; else on SIGTERM
	// Output: started by hand
}
