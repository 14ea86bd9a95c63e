import { fileURLToPath } from 'node:url';
import type { Client } from '../client.ts';
import { javaProgram, mavenJar } from '../java.ts';
import { lineChecks } from '../line.ts';

const source = fileURLToPath(new URL('./program/Checks.java', import.meta.url));
const library = 'org.postgresql:postgresql:42.7.8';

/** pgjdbc: the client of Java for PostgreSQL, and what it tells of a database. */
export const client: Client = {
  name: 'pgjdbc',
  setup: () => mavenJar(library),
  async run(place) {
    const found = await mavenJar(library);
    if ('skip' in found) throw new Error(found.skip);
    const { sasl } = await place.credential('--role', 'owner');
    const { host } = new URL(place.doors['analytics.postgres']?.url ?? '');
    return { checks: await lineChecks([...javaProgram(found.jar, source), host, sasl.username, sasl.password]) };
  },
};
