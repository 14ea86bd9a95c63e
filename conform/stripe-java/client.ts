import { fileURLToPath } from 'node:url';
import type { Client } from '../client.ts';
import { javaProgram, mavenJar } from '../java.ts';
import { lineChecks } from '../line.ts';
import { stripeInput } from '../stripe.ts';

const source = fileURLToPath(new URL('./program/Checks.java', import.meta.url));
const libraries = ['com.stripe:stripe-java:33.3.0', 'com.google.code.gson:gson:2.10.1'] as const;

/** Stripe's client for Java. */
export const client: Client = {
  name: 'stripe-java',
  async setup() {
    const [stripe, gson] = [await mavenJar(libraries[0]), await mavenJar(libraries[1])];
    return 'skip' in gson ? gson : stripe;
  },
  async run(place) {
    const jars: string[] = [];
    for (const library of libraries) {
      const found = await mavenJar(library);
      if ('skip' in found) throw new Error(found.skip);
      jars.push(found.jar);
    }
    const { address, key, run } = await stripeInput(place);
    return { checks: await lineChecks([...javaProgram(jars.join(':'), source), address, key, run]) };
  },
};
