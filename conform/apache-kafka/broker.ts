import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { type Child, openChild } from '../child.ts';
import { command } from '../command.ts';
import { freePort } from '../tool.ts';

export type Broker = {
  /** Where everybody may come in, and where a login by SCRAM-SHA-512 is asked for. */
  readonly open: string;
  readonly guarded: string;
  /** Kills it and starts it again over the same files. */
  restart(): Promise<void>;
  end(): Promise<void>;
};

export const login = { username: 'gamut', password: 'open sesame' } as const;
const memory = ['-Xmx512m', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'];

/** One node of Apache Kafka, broker and controller, over files of its own. */
export async function openBroker(folder: string, classPath: string): Promise<Broker> {
  const [open, guarded, controller] = [await freePort(), await freePort(), await freePort()];
  const path = join(folder, 'server.properties');
  writeFileSync(path, propertiesOf(join(folder, 'kafka'), { open, guarded, controller }));
  const java = ['java', ...memory, '-cp', classPath];
  const user = `SCRAM-SHA-512=[name=${login.username},password=${login.password}]`;
  await command([...java, 'kafka.tools.StorageTool', 'format', '-t', 'Z2FtdXQtY29uZm9ybS1rYQ', '-c', path, '--add-scram', user]);
  const start = () => openChild('Apache Kafka', [...java, 'kafka.Kafka', path], () => answers(open));
  let child: Child = await start();
  return {
    open: `127.0.0.1:${open}`,
    guarded: `127.0.0.1:${guarded}`,
    async restart() {
      await child.end('SIGKILL');
      child = await start();
    },
    end: () => child.end('SIGKILL'),
  };
}

async function answers(port: number): Promise<boolean> {
  const admin = new Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING, retry: { retries: 0 } }).admin();
  try {
    await admin.connect();
    await admin.listTopics();
    return true;
  } catch {
    return false;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

function propertiesOf(folder: string, ports: { readonly open: number; readonly guarded: number; readonly controller: number }): string {
  const at = (name: string, port: number) => `${name}://127.0.0.1:${port}`;
  const doors = [at('OPEN', ports.open), at('GUARDED', ports.guarded)];
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${ports.controller}`,
    listeners: [...doors, at('CONTROLLER', ports.controller)].join(','),
    'advertised.listeners': doors.join(','),
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,OPEN:PLAINTEXT,GUARDED:SASL_PLAINTEXT',
    'inter.broker.listener.name': 'OPEN',
    'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
    'listener.name.guarded.scram-sha-512.sasl.jaas.config':
      'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    'log.dirs': folder,
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '3',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.num.partitions': '3',
    'transaction.state.log.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'auto.create.topics.enable': 'false',
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
