import { type Entity, type Feature, features, Velocity } from '#services/payments/domain/velocity.ts';
import type { Transaction } from './world.ts';

/** Numbers of transactions, row after row, with their labels. */
export type Rows = { readonly rows: Float64Array; readonly labels: Float64Array };

/** What the platform counts of entities: the customer, and the terminal as the device that a payment comes from. */
const counted = [
  ...['count', 'mean', 'deviation', 'max', 'zscore', 'disputed'].flatMap((aggregate) =>
    ['1d', '7d', '90d'].map((window) => `customer_${aggregate}_${window}`),
  ),
  ...['count', 'disputed', 'dispute_rate', 'others'].flatMap((aggregate) =>
    ['1d', '7d', '90d'].map((window) => `device_${aggregate}_${window}`),
  ),
];
export const names: readonly string[] = ['amount', 'hour', 'weekday', ...counted];

const daySeconds = 86_400;
/** Until somebody knows that a payment was a fraud, in seconds. */
const knownAfter = 7 * daySeconds;
/** Windows reach back from here, as they do from any time since 1970. */
const beginning = 1_522_540_800;

/** The features of transactions of some days, each before it is counted; frauds are told a week after they happened. */
export function featuresOf(all: readonly Transaction[], parts: readonly { readonly from: number; readonly to: number }[]): Rows[] {
  const velocity = new Velocity(20_000);
  const asked = counted.map((name) => features.get(name) as Feature);
  const found = parts.map(() => ({ rows: [] as number[], labels: [] as number[] }));
  const entitiesOf = ({ customer, terminal }: Transaction): [Entity, string, string][] => [
    ['customer', String(customer), String(terminal)],
    ['device', String(terminal), String(customer)],
  ];
  let told = 0;
  for (const each of all) {
    for (; (all[told] as Transaction).seconds + knownAfter <= each.seconds; told += 1) {
      const past = all[told] as Transaction;
      if (past.fraud === 0) continue;
      for (const [entity, value, other] of entitiesOf(past))
        velocity.note(entity, value, beginning + past.seconds + knownAfter, { kind: 'disputed', amount: past.amount, other });
    }
    const seconds = beginning + each.seconds;
    const part = found[parts.findIndex(({ from, to }) => each.seconds >= from * daySeconds && each.seconds < to * daySeconds)];
    if (part) {
      const at = new Date(seconds * 1000);
      part.rows.push(each.amount, at.getUTCHours(), at.getUTCDay());
      for (const feature of asked) {
        const value = String(feature.entity === 'customer' ? each.customer : each.terminal);
        part.rows.push(velocity.read(feature, value, seconds, each.amount) ?? Number.NaN);
      }
      part.labels.push(Number(each.fraud > 0));
    }
    for (const [entity, value, other] of entitiesOf(each))
      velocity.note(entity, value, seconds, { kind: 'paid', amount: each.amount, other });
  }
  return found.map(({ rows, labels }) => ({ rows: Float64Array.from(rows), labels: Float64Array.from(labels) }));
}
