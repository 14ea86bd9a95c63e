import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installation } from '#kernel/supervise/module.ts';
import { command, tryCommand } from '../../conform/command.ts';
import { retried } from '../../conform/debian.ts';
import { installMs } from '../../conform/limits.ts';

const version = '4.3.1';
const dependency = (name: string) =>
  `<dependency><groupId>org.apache.kafka</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
const project = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>bench</groupId><artifactId>log</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${['kafka_2.13', 'kafka-tools'].map(dependency).join('')}</dependencies></project>`;
/** What Apache Kafka's own start script gives its broker. */
const heap = ['-Xmx1G', '-Xms1G', '-server', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20', '-XX:InitiatingHeapOccupancyPercent=35'];
const [startTries, lookMs] = [6000, 10];

/** The class path of Apache Kafka with its tools, from Maven Central; undefined where Java or Maven is missing. */
export async function kafkaJars(): Promise<string | undefined> {
  for (const program of ['java', 'mvn']) if ((await tryCommand(['sh', '-c', `command -v ${program}`])).code !== 0) return undefined;
  const folder = join(installation, '.cache', 'bench', `kafka-${version}`);
  const path = join(folder, 'classpath');
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'pom.xml'), project);
    const repository = `-Dmaven.repo.local=${join(folder, 'repository')}`;
    const get = ['mvn', '-q', '-B', repository, '-f', join(folder, 'pom.xml'), 'dependency:build-classpath', `-Dmdep.outputFile=${path}`];
    await retried(() => command(get, { timeoutMs: installMs }));
  }
  return readFileSync(path, 'utf8').trim();
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

const answers = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

/** One Apache Kafka in KRaft mode, broker and controller in one process. */
export class KafkaPeer {
  readonly #jars: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'gamut-bench-kafka-'));
  #child: ChildProcess | undefined;
  #port = 0;

  private constructor(jars: string) {
    this.#jars = jars;
  }

  static async open(jars: string): Promise<KafkaPeer> {
    const peer = new KafkaPeer(jars);
    const [port, controller] = [await freePort(), await freePort()];
    peer.#port = port;
    const properties = {
      'process.roles': 'broker,controller',
      'node.id': 1,
      'controller.quorum.voters': `1@127.0.0.1:${controller}`,
      listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
      'controller.listener.names': 'CONTROLLER',
      'log.dirs': join(peer.#folder, 'logs'),
      'offsets.topic.replication.factor': 1,
      'transaction.state.log.replication.factor': 1,
      'transaction.state.log.min.isr': 1,
      'group.initial.rebalance.delay.ms': 0,
    };
    const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(peer.#properties, lines.join(''));
    const format = ['format', '-t', 'AAAAAAAAAAAAAAAAAAAAAA', '-c', peer.#properties];
    await command(['java', '-cp', jars, 'kafka.tools.StorageTool', ...format]);
    await peer.start();
    return peer;
  }

  get #properties(): string {
    return join(this.#folder, 'server.properties');
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Milliseconds from the process's start until it takes connections. */
  async start(): Promise<number> {
    const began = performance.now();
    const child = spawn('java', [...heap, '-cp', this.#jars, 'kafka.Kafka', this.#properties], { stdio: 'ignore' });
    this.#child = child;
    for (let tried = 0; tried < startTries && child.exitCode === null; tried += 1) {
      if (await answers(this.#port)) return performance.now() - began;
      await sleep(lookMs);
    }
    throw new Error('Apache Kafka did not start');
  }

  async kill(): Promise<void> {
    if (!this.#child || this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
