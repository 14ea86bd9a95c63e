import { fileURLToPath } from 'node:url';
import type { Client } from '../client.ts';
import { bothWays, cases, trackCases } from '../iso8583.ts';
import { javaProgram, mavenClassPath } from '../java.ts';

const source = fileURLToPath(new URL('./program/Messages.java', import.meta.url));
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
    return { checks: await bothWays(javaProgram(found.classPath, source), [...cases('after'), ...trackCases('after')]) };
  },
};
