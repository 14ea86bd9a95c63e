import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClassicGroup } from '../domain/group/classic.ts';
import type { Joined } from '../domain/group/member.ts';

type Waiting = { readonly joined: () => Joined | undefined };

/** A member that comes with an id of its own; what it is told, once it is. */
function join(group: ClassicGroup, id: string, now: number, memberId = ''): Waiting {
  let told: Joined | undefined;
  const protocols = [{ name: 'range', metadata: Buffer.alloc(0) }];
  const times = { sessionTimeoutMs: 60_000, rebalanceTimeoutMs: 10_000 };
  const how = { protocolType: 'consumer', protocols, knownFirst: false, maySkip: false, instanceId: null, host: '/' };
  void group.join({ memberId, clientId: id, ...times, ...how }, now).then((joined) => {
    told = joined;
  });
  return { joined: () => told };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const groupOf = (delayMs?: number) =>
  new ClassicGroup(
    () => undefined,
    (clientId) => clientId,
    delayMs,
  );

async function settle(group: ClassicGroup, ids: readonly string[], now: number): Promise<void> {
  for (const memberId of ids)
    void group.sync({ memberId, instanceId: null, generation: group.generation, protocolType: null, protocol: null }, new Map(), now);
  await turn();
  assert.equal(group.state, 'Stable');
}

test('a group without members waits for more before its first generation, longer while they come, and never beyond their patience', async () => {
  const group = groupOf(3000);
  const first = join(group, 'a', 1000);
  assert.equal(group.deadline, 4000);
  group.tick(3999);
  await turn();
  assert.equal(first.joined(), undefined);
  const second = join(group, 'b', 3999);
  group.tick(4000);
  assert.equal(group.deadline, 7000);
  const third = join(group, 'c', 6000);
  group.tick(7000);
  assert.equal(group.deadline, 10_000);
  await turn();
  assert.deepEqual([first, second, third].map(({ joined }) => joined()), [undefined, undefined, undefined]);
  // Nobody came in the last wait.
  group.tick(10_000);
  await turn();
  assert.deepEqual(
    [first, second, third].map(({ joined }) => joined()?.generation),
    [1, 1, 1],
  );
  assert.equal(first.joined()?.members.length, 3);
  await settle(group, ['b', 'c', 'a'], 10_000);
  // Whoever comes later begins a rebalance that waits for members, and for no time.
  const fourth = join(group, 'd', 11_000);
  for (const id of ['a', 'b', 'c']) join(group, id, 11_500, id);
  await turn();
  assert.equal(fourth.joined()?.generation, 2);

  const patient = groupOf(6000);
  const early = join(patient, 'a', 0);
  join(patient, 'b', 5999);
  patient.tick(6000);
  assert.equal(patient.deadline, 10_000);
  join(patient, 'c', 9999);
  patient.tick(10_000);
  await turn();
  assert.deepEqual([early.joined()?.generation, early.joined()?.members.length], [1, 3]);
});

test('a group that is left while it waits is empty again; without a delay the first is told at once', async () => {
  const left = groupOf(3000);
  const gone = join(left, 'a', 0);
  assert.equal(left.leave('a', null, 1000), 'NONE');
  left.tick(3000);
  await turn();
  assert.deepEqual([left.state, gone.joined()?.generation], ['Empty', -1]);
  const again = join(left, 'b', 5000);
  assert.equal(left.deadline, 8000);
  left.tick(8000);
  await turn();
  assert.equal(again.joined()?.members.length, 1);

  const hasty = groupOf();
  const alone = join(hasty, 'a', 0);
  await turn();
  assert.equal(alone.joined()?.generation, 1);
});
