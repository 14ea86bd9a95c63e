import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Connection } from '#engine/iso8583/connection.ts';
import { Host } from '#engine/iso8583/host.ts';
import { answerTo, schemes, schemeSpec } from '#wire/iso8583/scheme.ts';
import { check, type Client } from '../client.ts';
import { command } from '../command.ts';
import { bothWays, cases, trackCases } from '../iso8583.ts';
import { javaProgram, mavenClassPath } from '../java.ts';
import { same } from '../tool.ts';

const source = fileURLToPath(new URL('./program/Messages.java', import.meta.url));
const calls = fileURLToPath(new URL('./program/Calls.java', import.meta.url));
const version = '2.1.10';
const libraries = [`org.jpos:jpos:${version}`, 'org.slf4j:slf4j-nop:2.0.17'];

/** jPOS, the card switch in Java: its own packagers of ISO 8583:1987 read what we write, and we read what they write. */
export const client: Client = {
  name: 'jpos',
  async setup() {
    const found = await mavenClassPath('jpos', libraries);
    return 'skip' in found ? found : { version };
  },
  async run() {
    const found = await mavenClassPath('jpos', libraries);
    if ('skip' in found) throw new Error(found.skip);
    const messages = await bothWays(javaProgram(found.classPath, source), [...cases('after'), ...trackCases('after')]);
    const program = javaProgram(found.classPath, calls);
    return {
      checks: [
        ...messages,
        await check('it signs on with our host, and has an echo and fifty authorizations answered', () => itCalls(program)),
        await check('we sign on with it, and have fifty authorizations answered', () => weCall(program)),
      ],
    };
  },
};

const address = '127.0.0.1';
/** A scheme with the standard's own codes of network management. */
const scheme = schemes.find(({ name }) => name === 'unionpay')!;
const count = 50;

async function itCalls(program: readonly string[]): Promise<void> {
  const host = new Host(schemeSpec(scheme, 'ascii'), (message) => answerTo(message, { 39: '00' }));
  const port = await host.listen(0, address);
  try {
    const lines = (await command([...program, 'call', String(port)])).trim().split('\n');
    const authorized = Array.from({ length: count }, (_, index) => `0110 00 ${String(index + 2).padStart(6, '0')}`);
    same(lines, ['0810 00 001', '0810 00 301', ...authorized]);
  } finally {
    await host.close();
  }
}

async function weCall(program: readonly string[]): Promise<void> {
  const [file = '', ...words] = [...program, 'serve'];
  const child = spawn(file, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const connection = await Connection.open(Number(line.toString()), address, { scheme, encoding: 'ascii' });
    const asked = Array.from({ length: count }, () => {
      const fields = {
        2: '6200000000000005',
        3: '000000',
        4: '100',
        7: '1126153058',
        11: connection.nextTrace(),
        41: 'TERM0001',
        49: '156',
      };
      return connection.request({ mti: '0100', fields });
    });
    const answers = await Promise.all(asked);
    same(new Set(answers.map(({ mti, fields }) => `${mti} ${String(fields[39])}`)).size, 1);
    same([answers[0]?.mti, answers[0]?.fields[39]], ['0110', '00']);
    await connection.close();
  } finally {
    child.kill('SIGKILL');
  }
}
