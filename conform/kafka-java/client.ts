import { fileURLToPath } from 'node:url';
import type { Client } from '../client.ts';
import { javaProgram, mavenJar } from '../java.ts';
import { lineChecks } from '../line.ts';

const source = fileURLToPath(new URL('./program/Checks.java', import.meta.url));
const libraries = ['org.apache.kafka:kafka-clients:4.3.1', 'org.slf4j:slf4j-api:2.0.20'] as const;

/** Apache Kafka's own clients for Java: producer, both kinds of consumers, transactions, admin. */
export const client: Client = {
  name: 'kafka-java',
  async setup() {
    const [clients, log] = [await mavenJar(libraries[0]), await mavenJar(libraries[1])];
    return 'skip' in log ? log : clients;
  },
  async run(place) {
    const jars: string[] = [];
    for (const library of libraries) {
      const found = await mavenJar(library);
      if ('skip' in found) throw new Error(found.skip);
      jars.push(found.jar);
    }
    const { sasl } = await place.credential('--role', 'owner');
    const kafka = place.doors['log.kafka']?.url.replace('kafka://', '') ?? '';
    return { checks: await lineChecks([...javaProgram(jars.join(':'), source), kafka, sasl.username, sasl.password]) };
  },
};
