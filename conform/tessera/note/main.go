// Verifies a checkpoint by golang.org/x/mod/sumdb/note: the note on standard input, the verifier as argument.
package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/mod/sumdb/note"
)

func main() {
	message, err := io.ReadAll(os.Stdin)
	if err != nil {
		fail(err)
	}
	verifier, err := note.NewVerifier(os.Args[1])
	if err != nil {
		fail(err)
	}
	opened, err := note.Open(message, note.VerifierList(verifier))
	if err != nil {
		fail(err)
	}
	fmt.Printf("%d of %d signatures verified\n", len(opened.Sigs), len(opened.Sigs)+len(opened.UnverifiedSigs))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
