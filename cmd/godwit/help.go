package main

import (
	"context"
	"flag"
	"fmt"
)

// helpCommand describes all commands or one.
func helpCommand() command {
	return command{
		name:  "help",
		args:  "[COMMAND]",
		short: "describe all commands, or one with its flags and examples",
		long: `
Help describes all commands, or one of them with its flags and examples.

Examples:
  godwit help
  godwit help dial`,
		register: func(*flag.FlagSet) action { return help },
	}
}

func help(_ context.Context, args []string, s stdio) error {
	if len(args) == 0 {
		fmt.Fprint(s.out, overview())
		return nil
	}
	cmd, rest, err := find(args)
	if err != nil {
		return err
	}
	if err := noArguments(rest); err != nil {
		return err
	}
	fmt.Fprint(s.out, cmd.help())
	return nil
}
