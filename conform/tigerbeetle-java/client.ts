import { fileURLToPath } from 'node:url';
import type { Client } from '../client.ts';
import { javaProgram, mavenJar } from '../java.ts';
import { ledgerChecks, ledgerInput } from '../ledger.ts';

const source = fileURLToPath(new URL('./program/Checks.java', import.meta.url));
/** The newest on Maven Central. It speaks the forms that came before batches. */
const library = 'com.tigerbeetle:tigerbeetle-java:0.16.30';

/** TigerBeetle's client for Java. */
export const client: Client = {
  name: 'tigerbeetle-java',
  setup: () => mavenJar(library),
  async run(place) {
    const found = await mavenJar(library);
    if ('skip' in found) throw new Error(found.skip);
    return { checks: await ledgerChecks(javaProgram(found.jar, source), await ledgerInput(place)) };
  },
};
