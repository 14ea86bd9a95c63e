import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installation } from '#kernel/supervise/module.ts';
import type { Client } from '../client.ts';
import { command } from '../command.ts';
import { retried } from '../debian.ts';
import { installMs } from '../limits.ts';
import { stripeNodeScenario } from '../stripe-node/checks.ts';
import { stripeInput } from '../stripe.ts';

const program = fileURLToPath(new URL('./program', import.meta.url));
const place = join(installation, '.cache', 'conform', 'stripe-node-before');
const installed = join(place, 'node_modules', 'stripe');

/** Stripe's client for Node, in the last version before the newest major one. */
export const client: Client = {
  name: 'stripe-node-before',
  async setup() {
    mkdirSync(place, { recursive: true });
    for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(program, name), join(place, name));
    await retried(() => command(['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', place], { timeoutMs: installMs }));
    return { version: String((JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { version: string }).version) };
  },
  run: async (at) => ({ checks: await stripeNodeScenario(join(installed, 'esm', 'stripe.esm.node.js'), await stripeInput(at)) }),
};
