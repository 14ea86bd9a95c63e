// A log of Tessera's on files, for the clients and benchmarks of this repository.
//
//	log key DIRECTORY            makes the log's key, and prints its verifier
//	log add DIRECTORY POLICY N   adds N entries under a witness policy, and prints the checkpoint that covers them
//	log rate DIRECTORY N BYTES   adds N entries of so many bytes, and prints the seconds until a checkpoint covers them
//	log verify VERIFIER          verifies a cosignature under the checkpoint on standard input
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	f_log "github.com/transparency-dev/formats/log"
	f_note "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

const origin = "example.com/tessera"

func main() {
	if len(os.Args) < 3 {
		fail(fmt.Errorf("log key | add | rate | verify"))
	}
	directory := os.Args[2]
	switch os.Args[1] {
	case "key":
		makeKey(directory)
	case "add":
		policy, err := os.ReadFile(os.Args[3])
		fail(err)
		add(directory, policy, number(os.Args[4]))
	case "rate":
		rate(directory, number(os.Args[3]), number(os.Args[4]))
	case "verify":
		verify(os.Args[2])
	}
}

func makeKey(directory string) {
	secret, verifier, err := note.GenerateKey(rand.Reader, origin)
	fail(err)
	fail(os.MkdirAll(directory, 0o755))
	fail(os.WriteFile(filepath.Join(directory, "key"), []byte(secret), 0o600))
	fmt.Println(verifier)
}

func options(directory string) *tessera.AppendOptions {
	secret, err := os.ReadFile(filepath.Join(directory, "key"))
	fail(err)
	signer, err := note.NewSigner(string(secret))
	fail(err)
	return tessera.NewAppendOptions().WithCheckpointSigner(signer)
}

func open(directory string, with *tessera.AppendOptions) (*tessera.Appender, func(context.Context) error, tessera.LogReader) {
	driver, err := posix.New(context.Background(), posix.Config{Path: filepath.Join(directory, "log")})
	fail(err)
	appender, shutdown, reader, err := tessera.NewAppender(context.Background(), driver, with)
	fail(err)
	return appender, shutdown, reader
}

func add(directory string, policy []byte, count uint64) {
	group, err := tessera.NewWitnessGroupFromPolicy(policy)
	fail(err)
	with := options(directory).WithBatching(16, 50*time.Millisecond).WithCheckpointInterval(200*time.Millisecond).
		WithCheckpointRepublishInterval(time.Second).WithWitnesses(group, &tessera.WitnessOptions{Timeout: 10 * time.Second})
	appender, shutdown, reader := open(directory, with)
	var last uint64
	for entry := uint64(0); entry < count; entry++ {
		index, err := appender.Add(context.Background(), tessera.NewEntry(fmt.Appendf(nil, "entry %d of %d", entry, time.Now().UnixNano())))()
		fail(err)
		last = index.Index
	}
	fmt.Print(string(await(reader, last+1)))
	fail(shutdown(context.Background()))
}

// await waits for a checkpoint of so many entries. Under a witness policy none is published without its cosignatures.
func await(reader tessera.LogReader, size uint64) []byte {
	deadline := time.Now().Add(2 * time.Minute)
	for time.Now().Before(deadline) {
		checkpoint, err := reader.ReadCheckpoint(context.Background())
		if err == nil {
			var parsed f_log.Checkpoint
			if _, err := parsed.Unmarshal(checkpoint); err == nil && parsed.Size >= size {
				return checkpoint
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
	fail(fmt.Errorf("no checkpoint of %d entries was published", size))
	return nil
}

func rate(directory string, count, bytes uint64) {
	makeKey(directory)
	with := options(directory).WithBatching(4096, 50*time.Millisecond).WithPushback(65536).
		WithCheckpointInterval(100 * time.Millisecond).WithCheckpointRepublishInterval(0).WithGarbageCollectionInterval(0)
	appender, shutdown, reader := open(directory, with)
	entries := make([][]byte, count)
	for index := range entries {
		entries[index] = make([]byte, bytes)
		_, err := rand.Read(entries[index])
		fail(err)
	}
	started := time.Now()
	var next atomic.Uint64
	var workers sync.WaitGroup
	for range 8192 {
		workers.Go(func() {
			for at := next.Add(1) - 1; at < count; at = next.Add(1) - 1 {
				_, err := appender.Add(context.Background(), tessera.NewEntry(entries[at]))()
				fail(err)
			}
		})
	}
	workers.Wait()
	await(reader, count)
	fmt.Println(time.Since(started).Seconds())
	fail(shutdown(context.Background()))
}

func verify(verifier string) {
	checkpoint, err := io.ReadAll(os.Stdin)
	fail(err)
	cosigner, err := f_note.NewVerifierForCosignatureV1(verifier)
	fail(err)
	opened, err := note.Open(checkpoint, note.VerifierList(cosigner))
	fail(err)
	at, err := f_note.CoSigV1Timestamp(opened.Sigs[0])
	fail(err)
	fmt.Printf("cosigned by %s at %d\n", opened.Sigs[0].Name, at.Unix())
}

func number(text string) uint64 {
	value, err := strconv.ParseUint(text, 10, 64)
	fail(err)
	return value
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
