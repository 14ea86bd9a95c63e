import { fileURLToPath } from 'node:url';
import kafkajs from 'kafkajs';
import { command } from '../../conform/command.ts';

const transactions = fileURLToPath(new URL('./Transactions.java', import.meta.url));
const toolMs = 600_000;

export type Produced = { readonly mbPerSecond: number; readonly recordsPerSecond: number; readonly p99Ms: number };
/** How to reach a broker: `config` is a file of client properties, `sasl` what it says of the login. */
export type Reach = { readonly address: string; readonly config: string; readonly sasl?: { username: string; password: string } };
export type Producing = { topic: string; records: number; sizeBytes: number; acks: '1' | 'all'; perSecond?: number };

/** Apache Kafka's own perf tools, against one broker. */
export class Tools {
  readonly #jars: string;
  readonly #address: string;
  readonly #config: string;
  readonly #kafka: kafkajs.Kafka;

  constructor(jars: string, { address, config, sasl }: Reach) {
    this.#jars = jars;
    this.#address = address;
    this.#config = config;
    const login = sasl && { sasl: { mechanism: 'plain' as const, ...sasl } };
    this.#kafka = new kafkajs.Kafka({ brokers: [address], logLevel: kafkajs.logLevel.NOTHING, requestTimeout: toolMs, ...login });
  }

  #run(name: string, ...words: string[]): Promise<string> {
    const program = ['java', '-Xmx512M', '-cp', this.#jars, `org.apache.kafka.tools.${name}`];
    return command([...program, ...words, '--bootstrap-server', this.#address, '--command-config', this.#config], { timeoutMs: toolMs });
  }

  /** Nothing of it is measured, so it need not start a Java. */
  async create(topic: string, partitions: number): Promise<void> {
    const admin = this.#kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic, numPartitions: partitions, replicationFactor: 1 }], timeout: toolMs });
    await admin.disconnect();
  }

  /** Of the last tenths of the records: the first warm up the tool's own code. */
  async produce({ topic, records, sizeBytes, acks, perSecond = -1 }: Producing): Promise<Produced> {
    const sizes = [
      '--num-records',
      String(records),
      '--record-size',
      String(sizeBytes),
      '--warmup-records',
      String(Math.floor(records / 4)),
    ];
    const how = ['--throughput', String(perSecond), '--command-property', `acks=${acks}`];
    const out = await this.#run('ProducerPerformance', '--topic', topic, ...sizes, ...how);
    const line =
      out
        .trimEnd()
        .split('\n')
        .findLast((each) => each.includes('99th')) ?? '';
    const [, rate, mb] = /([\d.]+) records\/sec \(([\d.]+) MB\/sec\)/.exec(line) ?? [];
    const [, p99] = /([\d.]+) ms 99th/.exec(line) ?? [];
    if (p99 === undefined) throw new Error(`no figures in ${out.slice(-500)}`);
    return { recordsPerSecond: Number(rate), mbPerSecond: Number(mb), p99Ms: Number(p99) };
  }

  /** MB a second from the first fetch on, the group's forming left out. */
  async consume(topic: string, records: number): Promise<number> {
    const out = await this.#run(
      'ConsumerPerformance',
      '--topic',
      topic,
      '--num-records',
      String(records),
      '--hide-header',
      '--timeout',
      '60000',
    );
    const fields = (
      out
        .trimEnd()
        .split('\n')
        .findLast((line) => /^\d{4}-/.test(line)) ?? ''
    )
      .split(', ')
      .map(Number);
    const [read, rate] = [fields[4] ?? 0, fields[8] ?? Number.NaN];
    if (read < records) throw new Error(`only ${read} of ${records} records were read from ${this.#address}`);
    return rate;
  }

  /** From send until it is read, one record at a time. */
  async endToEnd(topic: string, records: number): Promise<number> {
    const out = await this.#run(
      'EndToEndLatency',
      ...['--topic', topic, '--num-records', String(records)],
      ...['--producer-acks', '1', '--record-size', '1024'],
    );
    const [, p99] = /99th(?: =|:)? ?([\d.]+)/.exec(out) ?? [];
    if (p99 === undefined) throw new Error(`no figures in ${out.slice(-500)}`);
    return Number(p99);
  }

  /** Transactions a second, of 100 records of 100 bytes each. */
  async transact(topic: string, count: number): Promise<number> {
    const out = await command(['java', '-cp', this.#jars, transactions, this.#address, this.#config, topic, String(count)], {
      timeoutMs: toolMs,
    });
    return Number(out.trim().split('\n').at(-1));
  }
}
