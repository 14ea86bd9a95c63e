import { fileURLToPath } from 'node:url';
import type { Client } from '../client.ts';
import { javaProgram, mavenClassPath } from '../java.ts';
import { lineChecks } from '../line.ts';

const program = fileURLToPath(new URL('./program', import.meta.url));
const version = '7.4.15.Final';
const libraries = [
  `org.hibernate.orm:hibernate-core:${version}`,
  'org.flywaydb:flyway-core:13.12.1',
  'org.flywaydb:flyway-database-postgresql:13.12.1',
  'org.postgresql:postgresql:42.7.8',
];

/** Hibernate, the object-relational mapper of Java, over tables that Flyway migrates. */
export const client: Client = {
  name: 'hibernate',
  async setup() {
    const found = await mavenClassPath('hibernate', libraries);
    return 'skip' in found ? found : { version };
  },
  async run(place) {
    const found = await mavenClassPath('hibernate', libraries);
    if ('skip' in found) throw new Error(found.skip);
    const { sasl } = await place.credential('--role', 'owner');
    const { host } = new URL(place.doors['analytics.postgres']?.url ?? '');
    const given = [host, sasl.username, sasl.password, `${program}/migrations`];
    return { checks: await lineChecks([...javaProgram(found.classPath, `${program}/Checks.java`), ...given]) };
  },
};
