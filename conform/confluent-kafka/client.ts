import { join } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';
import type { Client } from '../client.ts';
import { pythonChecks, pythonPackage } from '../python.ts';

/** Confluent's client for Python: librdkafka, with its defaults. */
export const client: Client = {
  name: 'confluent-kafka',
  setup: () => pythonPackage('confluent-kafka'),
  async run(place) {
    const { sasl } = await place.credential();
    const input = { kafka: place.doors['log.kafka']?.url.replace('kafka://', ''), sasl, ca: place.ca };
    return { checks: await pythonChecks(join(installation, 'conform', 'confluent-kafka', 'checks.py'), [], input) };
  },
};
