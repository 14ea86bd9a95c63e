import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '#engine/random/random.ts';
import { StatementError } from '#engine/pgwire/statement-error.ts';
import { placesIn } from '../domain/context.ts';
import { type Cut, hashesIn, partRelation } from '../domain/part.ts';
import { pushedDown } from '../domain/push-down.ts';
import type { Plan } from '../domain/plan.ts';
import { planRows } from '../domain/planner.ts';
import { parseStatement } from '../domain/statement.ts';
import { type Column, printRow, readValue, type Type } from '../domain/value.ts';
import { type Batch, BatchBuilder, emptyBatch } from '../engine/batch.ts';
import type { CircuitEntry, Tapped } from '../engine/circuit.ts';
import { rejoined } from '../engine/rejoin.ts';
import { View } from '../engine/view.ts';
import { shareIn } from '../store/share.ts';
import type { Relation } from '../store/relation.ts';
import { readAgain } from './fixtures/lying.ts';
import { randomSelect, randomText, tables } from './fixtures/query.ts';

const names = ['t', 'u'] as const;
const columnsOf = (name: (typeof names)[number]): Column[] =>
  Object.entries(tables[name]).map(([column, type]) => ({ name: column, type: type as Type }));

async function planOf(text: string, appends: boolean): Promise<Plan> {
  const statement = await parseStatement(text);
  assert.equal(statement?.kind, 'select');
  const relation = (name: string): Plan | undefined => {
    const at = names.indexOf(name as 't');
    return at < 0 ? undefined : { kind: 'scan', relation: BigInt(at + 1), name, columns: columnsOf(name as 't'), appends };
  };
  const { select } = statement as Extract<typeof statement, { kind: 'select' }>;
  return pushedDown(planRows(select, { relation, named: new Map(), params: [], at: placesIn(text) }));
}

/** What is made of a SELECT in two ways, which both compute it. */
function waysOf(random: Random, text: string, columns: readonly string[]): string[] {
  const by = random.of(columns);
  const ways = [
    `select * from (${text}) as own`,
    `select ${by} as renamed, count(*) as n from (${text}) as counted group by 1`,
    `select distinct ${by} from (${text}) as some`,
    `select count(*) as n, count(${by}) as m, min(${by}::text) as least from (${text}) as whole`,
    `select p.${by} as x, q.n from (${text}) as p join (select ${by}, count(*) as n from (${text}) as r group by 1) q on p.${by} = q.${by}`,
    `select 12 / (n - 2) as q from (select ${by}, count(*) as n from (${text}) as f group by 1) as g`,
  ];
  return [random.of(ways), random.of(ways)];
}

type Rows = readonly { readonly texts: readonly (string | null)[]; readonly weight: number }[];

function batchOf(name: (typeof names)[number], rows: Rows): Batch {
  const columns = columnsOf(name);
  const builder = new BatchBuilder(columns);
  for (const { texts, weight } of rows)
    builder.add(
      texts.map((text, at) => (text === null ? null : readValue(columns[at]?.type as Type, text))),
      weight,
    );
  return builder.finish();
}

const rowsOf = (view: View): string[] => [...view.rows()].map((row) => JSON.stringify(printRow(view.columns, row))).sort();

/** A step that is kept, or undone where it cannot be made. */
function step(view: View, relation: bigint, batch: Batch): boolean {
  try {
    view.step(new Map([[relation, batch]]));
    view.settle();
    return true;
  } catch (error) {
    if (!(error instanceof StatementError) && !(error instanceof RangeError)) throw error;
    view.undo();
    return false;
  }
}

const again = (plan: Plan, entries: readonly CircuitEntry[]): View => {
  const view = new View(plan);
  view.load(readAgain(entries));
  return view;
};

/** Two views of which one has a part of the other. */
class Pair {
  owner: View;
  rider: View;
  readonly cut: Cut;
  readonly #plans: readonly [owner: Plan, own: Plan];
  #tapped: Tapped;

  private constructor(owner: View, plans: readonly [Plan, Plan], cut: Cut) {
    this.owner = owner;
    this.cut = cut;
    this.#plans = plans;
    this.rider = new View(cut.rest);
    this.#tapped = owner.partOf(cut.hash) as Tapped;
  }

  /** Undefined where there is no equal part, or what it stands for cannot be taken. */
  static async begin(owner: View, plans: readonly [Plan, Plan]): Promise<Pair | undefined> {
    const relation = { name: 'owner' } as Relation;
    const share = shareIn(plans[1], [{ relation, plan: plans[0], view: owner }]);
    if (!share) return undefined;
    const pair = new Pair(owner, plans, share.cut);
    owner.tap([pair.#tapped]);
    let isBegun = false;
    for await (const rows of owner.standing(pair.#tapped)) {
      if (!step(pair.rider, partRelation, rows)) return undefined;
      isBegun = true;
    }
    if (!isBegun && !step(pair.rider, partRelation, emptyBatch(share.cut.part.columns))) return undefined;
    return pair;
  }

  /** A step of both; what the second is by itself, before the step, where they have to part. */
  step(relation: bigint, batch: Batch): View | undefined {
    const [before, own] = [[...this.owner.dump()], [...this.rider.dump()]];
    const isTaken = step(this.owner, relation, batch);
    if (!isTaken && this.owner.hasFailedIn(this.#tapped)) return undefined;
    if (isTaken && step(this.rider, partRelation, this.owner.tapped(this.#tapped))) return undefined;
    return this.#parted(before, own);
  }

  #parted(entries: CircuitEntry[], own: CircuitEntry[]): View {
    const [ownerPlan, plan] = this.#plans;
    return again(plan, rejoined({ plan: ownerPlan, entries: readAgain(entries) }, { plan, cut: this.cut, entries: readAgain(own) }));
  }

  part(): View {
    return this.#parted([...this.owner.dump()], [...this.rider.dump()]);
  }

  async restart(): Promise<void> {
    this.owner = again(this.#plans[0], [...this.owner.dump()]);
    this.rider = again(this.cut.rest, [...this.rider.dump()]);
    this.#tapped = this.owner.partOf(this.cut.hash) as Tapped;
    this.owner.tap([this.#tapped]);
  }
}

const seeds = Number(process.env.GAMUT_PART_SEEDS ?? 600);

test('a view that has a part of another is what it would be by itself, whenever they meet and part', { timeout: 60_000 }, async () => {
  const met = { shared: 0, inner: 0, restarted: 0, parted: 0, forced: 0 };
  for (let seed = 1; seed <= seeds; seed += 1) {
    const random = new Random(seed);
    const appends = random.is(0.5);
    const { text, columns } = randomSelect(random);
    const [first, second] = waysOf(random, text, Object.keys(columns)) as [string, string];
    let plans: readonly [Plan, Plan];
    try {
      plans = [await planOf(first, appends), await planOf(second, appends)];
    } catch (error) {
      if (!(error instanceof StatementError)) throw error;
      continue;
    }
    const [owner, alone] = plans.map((plan) => new View(plan)) as [View, View];
    const left: Record<string, (readonly (string | null)[])[]> = { t: [], u: [] };
    let pair: Pair | undefined;
    let parted: View | undefined;
    // What one of them refused and the other did not keeps them from meeting.
    let isAlike = true;
    const count = 3 + random.below(6);
    const [meets, parts] = [random.below(count), random.below(2 * count)];
    step(owner, 1n, batchOf('t', []));
    step(alone, 1n, batchOf('t', []));
    for (let at = 0; at < count; at += 1) {
      if (at === meets && isAlike) pair = await Pair.begin(owner, plans);
      if (pair && !parted && at === parts) {
        parted = pair.part();
        met.parted += 1;
      }
      if (pair && !parted && random.is(0.25)) {
        await pair.restart();
        met.restarted += 1;
      }
      const name = random.of(names);
      const known = left[name] as (readonly (string | null)[])[];
      const rows = Array.from({ length: random.below(10) }, () => {
        if (!appends && known.length > 0 && random.is(0.35))
          return { texts: known.splice(random.below(known.length), 1)[0] as (string | null)[], weight: -1 };
        const texts = Object.values(tables[name]).map((type) => randomText(random, type));
        return { texts, weight: 1 };
      });
      const relation = BigInt(names.indexOf(name) + 1);
      const isTaken = step(alone, relation, batchOf(name, rows));
      if (parted) assert.equal(step(parted, relation, batchOf(name, rows)), isTaken, `seed ${seed}`);
      else if (pair) {
        parted = pair.step(relation, batchOf(name, rows));
        if (parted) {
          met.forced += 1;
          assert.equal(step(parted, relation, batchOf(name, rows)), isTaken, `seed ${seed}`);
        }
      } else isAlike = step(owner, relation, batchOf(name, rows)) === isTaken && isAlike;
      for (const { texts, weight } of rows) if ((weight > 0) === isTaken) known.push(texts);
      const own = parted ?? pair?.rider;
      if (own) assert.deepEqual(rowsOf(own), rowsOf(alone), `seed ${seed}, step ${at}: ${first} ... ${second}`);
    }
    if (!pair) continue;
    met.shared += 1;
    if (pair.cut.hash !== hashesIn(plans[0]).get(plans[0])) met.inner += 1;
  }
  for (const [what, times] of Object.entries(met)) assert.ok(times >= seeds / 100, `${what} ${times} times`);
});
