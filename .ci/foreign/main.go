// Command foreign reads a report as reviewdog does, and prints how many diagnostics it has: foreign FORMAT < report
package main

import (
	"fmt"
	"os"

	"github.com/reviewdog/reviewdog/parser"
)

func main() {
	p, err := parser.New(&parser.Option{FormatName: os.Args[1]})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	found, err := p.Parse(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, d := range found {
		if d.GetLocation().GetPath() == "" || d.GetMessage() == "" {
			fmt.Fprintln(os.Stderr, "a diagnostic without a place or words:", d)
			os.Exit(1)
		}
	}
	fmt.Println(len(found))
}
