// Reads messages by moov-io/iso20022 and writes them anew: a message a line on standard input, `name TAB message` with the message in
// hexadecimal; a line for each with the message that it wrote, or `ERROR` and what it found wrong. Its own validation is left out: of
// each choice of the schemas it wants every alternative.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"os"
	"strings"

	"github.com/moov-io/iso20022/pkg/document"
)

func again(text []byte) ([]byte, error) {
	found, err := document.ParseIso20022Document(text)
	if err != nil {
		return nil, err
	}
	return xml.Marshal(found)
}

func main() {
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(make([]byte, 1<<22), 1<<22)
	for input.Scan() {
		name, text, _ := strings.Cut(input.Text(), "\t")
		bytes, _ := hex.DecodeString(text)
		written, err := again(bytes)
		if err != nil {
			fmt.Printf("%s\tERROR\t%s\n", name, strings.ReplaceAll(err.Error(), "\n", " "))
			continue
		}
		fmt.Printf("%s\t%s\n", name, hex.EncodeToString(written))
	}
}
