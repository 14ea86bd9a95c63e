// Drives the log by franz-go, unmodified; prints a check per line. Its input names the brokers and a credential.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

type input struct {
	Kafka string
	Sasl  struct{ Username, Password string }
}

var given input

func client(more ...kgo.Opt) (*kgo.Client, error) {
	auth := scram.Auth{User: given.Sasl.Username, Pass: given.Sasl.Password}
	return kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(given.Kafka), kgo.SASL(auth.AsSha256Mechanism())}, more...)...)
}

func told(title string, step func(context.Context) error) {
	within, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	line := map[string]any{"title": title, "ok": true}
	if err := step(within); err != nil {
		line["ok"], line["detail"] = false, err.Error()
	}
	text, _ := json.Marshal(line)
	fmt.Println(string(text))
}

func create(within context.Context, partitions int32, topics ...string) error {
	made, err := client()
	if err != nil {
		return err
	}
	defer made.Close()
	answers, err := kadm.NewClient(made).CreateTopics(within, partitions, 1, nil, topics...)
	if err != nil {
		return err
	}
	return answers.Error()
}

// read consumes a topic in a group until count records have come, and commits.
func read(within context.Context, topic, group string, count int, more ...kgo.Opt) ([]string, error) {
	reader, err := client(append([]kgo.Opt{
		kgo.ConsumeTopics(topic), kgo.ConsumerGroup(group), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	}, more...)...)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	var values []string
	for len(values) < count {
		fetches := reader.PollFetches(within)
		if err := fetches.Err0(); err != nil {
			return values, err
		}
		fetches.EachRecord(func(record *kgo.Record) { values = append(values, string(record.Value)) })
	}
	return values, reader.CommitUncommittedOffsets(within)
}

func same(found, wanted []string) error {
	sort.Strings(found)
	sort.Strings(wanted)
	if fmt.Sprint(found) != fmt.Sprint(wanted) {
		return fmt.Errorf("%v and not %v", found, wanted)
	}
	return nil
}

func roundtrip(within context.Context) error {
	if err := create(within, 3, "go-plain"); err != nil {
		return err
	}
	for _, codec := range []kgo.CompressionCodec{kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression()} {
		writer, err := client(kgo.DefaultProduceTopic("go-plain"), kgo.ProducerBatchCompression(codec))
		if err != nil {
			return err
		}
		for at := 0; at < 100; at++ {
			writer.Produce(within, &kgo.Record{Key: []byte(fmt.Sprint(at % 7)), Value: []byte(fmt.Sprint(at))}, nil)
		}
		err = writer.Flush(within)
		writer.Close()
		if err != nil {
			return err
		}
	}
	found, err := read(within, "go-plain", "go-group", 400)
	if err != nil {
		return err
	}
	var wanted []string
	for at := 0; at < 400; at++ {
		wanted = append(wanted, fmt.Sprint(at%100))
	}
	return same(found, wanted)
}

func transactions(within context.Context) error {
	if err := create(within, 1, "go-in", "go-out"); err != nil {
		return err
	}
	writer, err := client()
	if err != nil {
		return err
	}
	defer writer.Close()
	for _, value := range []string{"a", "b", "c"} {
		if err := writer.ProduceSync(within, &kgo.Record{Topic: "go-in", Value: []byte(value)}).FirstErr(); err != nil {
			return err
		}
	}
	auth := plain.Auth{User: given.Sasl.Username, Pass: given.Sasl.Password}
	mover, err := kgo.NewGroupTransactSession(kgo.SeedBrokers(given.Kafka), kgo.SASL(auth.AsMechanism()),
		kgo.TransactionalID("go-mover"), kgo.ConsumerGroup("go-movers"), kgo.ConsumeTopics("go-in"),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.RequireStableFetchOffsets())
	if err != nil {
		return err
	}
	defer mover.Close()
	for moved := 0; moved < 3; {
		fetches := mover.PollFetches(within)
		if err := fetches.Err0(); err != nil {
			return err
		}
		if fetches.NumRecords() == 0 {
			continue
		}
		if err := mover.Begin(); err != nil {
			return err
		}
		fetches.EachRecord(func(record *kgo.Record) {
			mover.Produce(within, &kgo.Record{Topic: "go-out", Value: append([]byte("moved "), record.Value...)}, nil)
		})
		committed, err := mover.End(within, kgo.TryCommit)
		if err != nil {
			return err
		}
		if committed {
			moved += fetches.NumRecords()
		}
	}
	if err := mover.Begin(); err != nil {
		return err
	}
	mover.ProduceSync(within, &kgo.Record{Topic: "go-out", Value: []byte("never")})
	if _, err := mover.End(within, kgo.TryAbort); err != nil {
		return err
	}
	found, err := read(within, "go-out", "go-out", 3, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		return err
	}
	return same(found, []string{"moved a", "moved b", "moved c"})
}

func administration(within context.Context) error {
	made, err := client()
	if err != nil {
		return err
	}
	defer made.Close()
	admin := kadm.NewClient(made)
	value := "60000"
	if _, err := admin.CreateTopic(within, 1, 1, map[string]*string{"retention.ms": &value}, "go-managed"); err != nil {
		return err
	}
	configs, err := admin.DescribeTopicConfigs(within, "go-managed")
	if err != nil {
		return err
	}
	for _, config := range configs[0].Configs {
		if config.Key == "retention.ms" && config.MaybeValue() != value {
			return fmt.Errorf("retention.ms is %s", config.MaybeValue())
		}
	}
	if _, err := admin.CreatePartitions(within, 2, "go-managed"); err != nil {
		return err
	}
	topics, err := admin.ListTopics(within, "go-managed")
	if err != nil {
		return err
	}
	if len(topics["go-managed"].Partitions) != 3 {
		return fmt.Errorf("%d partitions", len(topics["go-managed"].Partitions))
	}
	lag, err := admin.Lag(within, "go-group")
	if err != nil {
		return err
	}
	if total := lag["go-group"].Lag.Total(); total != 0 {
		return fmt.Errorf("a lag of %d", total)
	}
	if _, err := admin.DeleteGroups(within, "go-group"); err != nil {
		return err
	}
	_, err = admin.DeleteTopics(within, "go-managed")
	return err
}

func refused(within context.Context) error {
	given.Sasl.Password += "x"
	made, err := client()
	if err != nil {
		return err
	}
	defer made.Close()
	if err := made.Ping(within); !errors.Is(err, kerr.SaslAuthenticationFailed) {
		return fmt.Errorf("not refused: %w", err)
	}
	return nil
}

func main() {
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		panic(err)
	}
	told("a group reads what was written in every compression", roundtrip)
	told("a group's transactions read, write and commit once; an aborted one is not read", transactions)
	told("topics and groups are configured, grown, told and deleted", administration)
	told("a wrong password is refused", refused)
}
