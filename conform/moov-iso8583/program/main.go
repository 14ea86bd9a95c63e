// Reads and writes messages by moov-io/iso8583: a case a line on standard input, `name TAB encoding TAB type TAB fields TAB message`,
// with fields as `number:value` and all values in hexadecimal; a line for each with what was read of the message, and the message written of
// the fields. `rate ENCODING SECONDS` prints how many messages a second are read and written, with the first case of that encoding.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/padding"
	"github.com/moov-io/iso8583/prefix"
	"github.com/moov-io/iso8583/specs"
)

// What ISO 8583:1987 has beyond field 64, of which moov's own specification names one.
var beyond = map[int]int{70: 3, 90: 42}

var beyondText = map[int]int{95: 42}

func fixed(length int, enc encoding.Encoder, pref prefix.Prefixer) field.Field {
	return field.NewString(&field.Spec{Length: length, Enc: enc, Pref: pref})
}

// moov's own specification in ASCII, with the chip's field as bytes and fields of the second bitmap.
func asciiSpec() *iso8583.MessageSpec {
	fields := map[int]field.Field{}
	for number, one := range specs.Spec87ASCII.Fields {
		fields[number] = one
	}
	fields[1] = field.NewBitmap(&field.Spec{Length: 8, Enc: encoding.BytesToASCIIHex, Pref: prefix.Hex.Fixed})
	fields[52] = field.NewBinary(&field.Spec{Length: 8, Enc: encoding.BytesToASCIIHex, Pref: prefix.ASCII.Fixed})
	fields[55] = field.NewBinary(&field.Spec{Length: 255, Enc: encoding.Binary, Pref: prefix.ASCII.LLL})
	// moov takes leading zeros off where it is told to fill with them; they are part of the value here.
	fields[3], fields[4] = fixed(6, encoding.ASCII, prefix.ASCII.Fixed), fixed(12, encoding.ASCII, prefix.ASCII.Fixed)
	for number, length := range beyond {
		fields[number] = fixed(length, encoding.ASCII, prefix.ASCII.Fixed)
	}
	for number, length := range beyondText {
		fields[number] = fixed(length, encoding.ASCII, prefix.ASCII.Fixed)
	}
	fields[102] = fixed(28, encoding.ASCII, prefix.ASCII.LL)
	return &iso8583.MessageSpec{Name: "ISO 8583:1987 ASCII", Fields: fields}
}

// The same in packed digits: numbers two a byte, all else as it is.
func binarySpec() *iso8583.MessageSpec {
	fields := map[int]field.Field{
		0:   fixed(4, encoding.BCD, prefix.BCD.Fixed),
		1:   field.NewBitmap(&field.Spec{Length: 8, Enc: encoding.Binary, Pref: prefix.Binary.Fixed}),
		2:   fixed(19, encoding.BCD, prefix.BCD.LL),
		32:  fixed(11, encoding.BCD, prefix.BCD.LL),
		33:  fixed(11, encoding.BCD, prefix.BCD.LL),
		52:  field.NewBinary(&field.Spec{Length: 8, Enc: encoding.Binary, Pref: prefix.Binary.Fixed}),
		54:  fixed(120, encoding.ASCII, prefix.BCD.LLL),
		55:  field.NewBinary(&field.Spec{Length: 255, Enc: encoding.Binary, Pref: prefix.BCD.LLL}),
		102: fixed(28, encoding.ASCII, prefix.BCD.LL),
	}
	numbers := map[int]int{3: 6, 4: 12, 7: 10, 11: 6, 12: 6, 13: 4, 14: 4, 22: 3, 25: 2, 70: 3, 90: 42}
	for number, length := range numbers {
		fields[number] = field.NewString(&field.Spec{Length: length, Enc: encoding.BCD, Pref: prefix.BCD.Fixed, Pad: padding.None})
	}
	for number, length := range map[int]int{37: 12, 38: 6, 39: 2, 41: 8, 42: 15, 43: 40, 49: 3, 95: 42} {
		fields[number] = fixed(length, encoding.ASCII, prefix.ASCII.Fixed)
	}
	for _, number := range []int{48, 60} {
		fields[number] = fixed(999, encoding.ASCII, prefix.BCD.LLL)
	}
	return &iso8583.MessageSpec{Name: "ISO 8583:1987 binary", Fields: fields}
}

type given struct {
	name, encoding, mti string
	fields              map[int][]byte
	message             []byte
}

var all = map[string]*iso8583.MessageSpec{"ascii": asciiSpec(), "binary": binarySpec()}

func isBytes(number int) bool { return number == 52 || number == 55 }

func readCase(line string) given {
	part := strings.Split(line, "\t")
	one := given{name: part[0], encoding: part[1], mti: part[2], fields: map[int][]byte{}}
	for _, pair := range strings.Split(part[3], ",") {
		number, value, _ := strings.Cut(pair, ":")
		id, _ := strconv.Atoi(number)
		one.fields[id], _ = hex.DecodeString(value)
	}
	one.message, _ = hex.DecodeString(part[4])
	return one
}

func write(one given) ([]byte, error) {
	message := iso8583.NewMessage(all[one.encoding])
	message.MTI(one.mti)
	for number, value := range one.fields {
		var err error
		if isBytes(number) {
			err = message.BinaryField(number, value)
		} else {
			err = message.Field(number, string(value))
		}
		if err != nil {
			return nil, err
		}
	}
	return message.Pack()
}

func read(one given) (string, map[int][]byte, error) {
	message := iso8583.NewMessage(all[one.encoding])
	if err := message.Unpack(one.message); err != nil {
		return "", nil, err
	}
	mti, err := message.GetMTI()
	if err != nil {
		return "", nil, err
	}
	values := map[int][]byte{}
	for number := range message.GetFields() {
		if number < 2 {
			continue
		}
		if isBytes(number) {
			values[number], err = message.GetBytes(number)
		} else {
			var text string
			text, err = message.GetString(number)
			values[number] = []byte(text)
		}
		if err != nil {
			return "", nil, err
		}
	}
	return mti, values, nil
}

func answer(one given) string {
	mti, values, err := read(one)
	if err != nil {
		return one.name + "\tERROR\treads: " + strings.ReplaceAll(err.Error(), "\n", " ")
	}
	written, err := write(one)
	if err != nil {
		return one.name + "\tERROR\twrites: " + strings.ReplaceAll(err.Error(), "\n", " ")
	}
	numbers := []int{}
	for number := range values {
		numbers = append(numbers, number)
	}
	sort.Ints(numbers)
	pairs := []string{}
	for _, number := range numbers {
		pairs = append(pairs, fmt.Sprintf("%d:%s", number, hex.EncodeToString(values[number])))
	}
	return strings.Join([]string{one.name, mti, strings.Join(pairs, ","), hex.EncodeToString(written)}, "\t")
}

// Messages a second that one goroutine reads, every field of it, and writes anew of the fields.
func rate(one given, seconds float64) float64 {
	began := time.Now()
	done := 0
	for time.Since(began).Seconds() < seconds {
		for round := 0; round < 1000; round++ {
			mti, values, err := read(one)
			if err == nil {
				_, err = write(given{encoding: one.encoding, mti: mti, fields: values})
			}
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
		done += 1000
	}
	return float64(done) / time.Since(began).Seconds()
}

func main() {
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(make([]byte, 1<<20), 1<<20)
	for input.Scan() {
		one := readCase(input.Text())
		if len(os.Args) < 4 {
			fmt.Println(answer(one))
		} else if one.encoding == os.Args[2] {
			seconds, _ := strconv.ParseFloat(os.Args[3], 64)
			fmt.Println(rate(one, seconds))
			return
		}
	}
}
