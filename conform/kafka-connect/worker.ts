import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openChild } from '../child.ts';
import { freePort } from '../tool.ts';

export type Sasl = { readonly username: string; readonly password: string };
export type WorkerOptions = { readonly folder: string; readonly classPath: string; readonly kafka: string; readonly sasl: Sasl };

/** A distributed worker of Kafka Connect, asked over its REST interface. */
export type Worker = {
  /** The answer of a request in JSON; fails unless it is one of success. */
  ask(method: string, path: string, body?: object): Promise<unknown>;
  /** SIGTERM lets it commit what it did; SIGKILL does not. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
};

/** Starts a worker and resolves when its REST interface answers. */
export async function openWorker({ folder, classPath, kafka, sasl }: WorkerOptions): Promise<Worker> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const path = join(folder, 'worker.properties');
  writeFileSync(path, propertiesOf(kafka, sasl, url));
  const main = 'org.apache.kafka.connect.cli.ConnectDistributed';
  const java = ['java', '-Xmx384m', '-XX:TieredStopAtLevel=1', '-cp', classPath, main, path];
  const ask = (method: string, to: string, body?: object) => asked(`${url}${to}`, method, body);
  const child = await openChild('the worker', java, () =>
    ask('GET', '/connectors').then(
      () => true,
      () => false,
    ),
  );
  return { ask, end: child.end };
}

async function asked(url: string, method: string, body?: object): Promise<unknown> {
  const sent = body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {};
  const response = await fetch(url, { method, ...sent });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}: ${text.slice(0, 500)}`);
  return text === '' ? undefined : JSON.parse(text);
}

function propertiesOf(kafka: string, { username, password }: Sasl, url: string): string {
  const login = `org.apache.kafka.common.security.scram.ScramLoginModule required username="${username}" password="${password}";`;
  const secure = { 'security.protocol': 'SASL_PLAINTEXT', 'sasl.mechanism': 'SCRAM-SHA-512', 'sasl.jaas.config': login };
  const own = {
    'bootstrap.servers': kafka,
    'group.id': 'connect',
    'config.storage.topic': 'connect-configs',
    'config.storage.replication.factor': '1',
    'offset.storage.topic': 'connect-offsets',
    'offset.storage.replication.factor': '1',
    'offset.storage.partitions': '3',
    'status.storage.topic': 'connect-status',
    'status.storage.replication.factor': '1',
    'status.storage.partitions': '2',
    'offset.flush.interval.ms': '1000',
    'exactly.once.source.support': 'enabled',
    'session.timeout.ms': '6000',
    'heartbeat.interval.ms': '1500',
    'scheduled.rebalance.max.delay.ms': '0',
    'plugin.discovery': 'service_load',
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
    listeners: url,
  };
  const prefixed = ['', 'producer.', 'consumer.', 'admin.'].flatMap((prefix) =>
    Object.entries(secure).map(([name, value]) => `${prefix}${name}=${value}`),
  );
  return `${[...Object.entries(own).map(([name, value]) => `${name}=${value}`), ...prefixed].join('\n')}\n`;
}
