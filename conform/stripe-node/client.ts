import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';
import type { Client } from '../client.ts';
import { stripeInput } from '../stripe.ts';
import { stripeNodeScenario } from './checks.ts';

const own = join(installation, 'node_modules', 'stripe');

/** Stripe's client for Node, in its newest version. */
export const client: Client = {
  name: 'stripe-node',
  setup: async () => ({ version: String((JSON.parse(readFileSync(join(own, 'package.json'), 'utf8')) as { version: string }).version) }),
  run: async (place) => ({ checks: await stripeNodeScenario(join(own, 'esm', 'stripe.esm.node.js'), await stripeInput(place)) }),
};
