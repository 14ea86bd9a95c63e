// Reads ACH files by moov-io/ach and writes them anew: a file a line on standard input, `name TAB file` with the file in hexadecimal;
// a line for each with the file that it wrote, or `ERROR` and what it found wrong.
package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	"github.com/moov-io/ach"
)

func again(text []byte) ([]byte, error) {
	file, err := ach.NewReader(bytes.NewReader(text)).Read()
	if err != nil {
		return nil, err
	}
	if err := file.Validate(); err != nil {
		return nil, err
	}
	var written bytes.Buffer
	if err := ach.NewWriter(&written).Write(&file); err != nil {
		return nil, err
	}
	return written.Bytes(), nil
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
