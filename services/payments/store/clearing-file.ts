import { createHash } from 'node:crypto';
import type { Placed } from '#kernel/contract/provider.ts';
import { type Fields, numberOf, textOf, type Thing } from '../domain/json.ts';
import { achReturns } from '../engine/bank/ach.ts';
import { clearingAnswer } from '../engine/bank/clearing-house.ts';
import type { Answer, Refused } from '../engine/bank/order.ts';
import { sepaRefusals } from '../engine/bank/sepa.ts';
import { entriesOf, fileKind, settledEntry } from './clearing.ts';
import type { Happening } from './due.ts';
import { fileAgainSeconds, fileLateSeconds, returnsAfterSeconds } from './limits.ts';
import type { Kept } from './object.ts';
import { settle } from './settle.ts';
import { dueAt } from './subscription.ts';
import { deskOfCause, found, type World, writtenDesk } from './world.ts';

type Turn = 'early' | 'late';

/** A number from 0 to 100 that follows from a text. */
const drawn = (name: string): number => (createHash('sha256').update(name).digest().readUInt32BE(0) / 2 ** 32) * 100;

/**
 * A file is with its clearing house: what it answers is written down as it came, and what follows of it is done, each thing once,
 * however often it is said. A file that was lost is sent again as it is; an answer may come late.
 */
export const fileDue: Happening = async (world, at, { id, due }, now) => {
  const file = await found(world, at, fileKind, id);
  if (file.hidden.due !== due) return;
  const turn: Turn = file.hidden.turn === 'late' ? 'late' : 'early';
  const tries = numberOf(file.hidden.tries) ?? 0;
  const { seed, lost, late, twice } = await world.networks.conditions(at);
  const draw = (what: string) => drawn(`${seed} ${what} ${id} ${turn} ${tries}`);
  if (draw('lost') < lost) return lookAgain(world, at, file, now + fileAgainSeconds, { tries: tries + 1 });
  if (file.hidden.wasLate !== turn && draw('late') < late) return lookAgain(world, at, file, now + fileLateSeconds, { wasLate: turn });
  const text = (await world.contents.get(at, id))?.toString() ?? '';
  const rail = String(file.thing.rail);
  const answer = clearingAnswer(rail, text, turn, new Date(now * 1000), `${id.slice(0, 30)}-${turn[0]}`);
  const refused = answer ? await received(world, at, file, answer, now, turn) : [];
  const times = draw('twice') < twice ? 2 : 1;
  for (let time = 0; time < times; time += 1) await heard(world, at, id, refused, turn, now);
  if (turn === 'early') return lookAgain(world, at, file, now + returnsAfterSeconds, { turn: 'late', tries: 0 });
  await world.objects.commit(at, [await world.objects.change(at, file, file.thing, dueAt(file.hidden, undefined))]);
};

async function lookAgain(world: World, at: Placed, file: Kept, due: number, more: Fields): Promise<void> {
  await world.objects.commit(at, [await world.objects.change(at, file, file.thing, { ...file.hidden, ...more, due })]);
  world.steps.onDue(at, due);
}

/** Keeps an answer as it came, and reads it. */
async function received(world: World, at: Placed, { thing }: Kept, answer: Answer, now: number, turn: Turn): Promise<Refused[]> {
  const refused = answer.format === 'nacha' ? achReturns(answer.text) : sepaRefusals(answer);
  const desk = deskOfCause(at, `answer ${thing.id} ${turn}`, now, thing.livemode === true);
  const back: Thing = {
    ...{ ...thing, id: desk.ids('clf'), created: now, direction: 'received', format: answer.format, entries: refused.length },
    ...{ amount: null, answer_to: thing.id },
  };
  await world.objects.commit(at, [
    await world.objects.insertion(at, back),
    await world.contents.insertion(at, back.id, Buffer.from(answer.text)),
  ]);
  return refused;
}

/** What was not named as sent back is paid; what comes back later is taken from the business again, and not argued about. */
async function heard(world: World, at: Placed, file: string, refused: readonly Refused[], turn: Turn, now: number): Promise<void> {
  const codes = new Map(refused.map(({ reference, code }) => [reference, code]));
  for (const kept of await entriesOf(world, at, file)) {
    const { thing } = kept;
    const code = codes.get(String(thing.reference));
    if (thing.way === 'credit') {
      if (thing.state === 'sent') await world.objects.commit(at, await settledEntry(world, at, thing.id, code));
    } else if (turn === 'early') {
      if (thing.state === 'sent')
        await settle(world, at, now, thing, code === undefined ? { outcome: 'paid' } : { outcome: 'failed', code });
    } else if (code !== undefined) await takenBack(world, at, thing, now);
  }
}

async function takenBack(world: World, at: Placed, { id, payment, livemode }: Thing, now: number): Promise<void> {
  const step = `${id} returned`;
  await world.steps.on(at, String(payment), async () => {
    if (await world.steps.wasTaken(at, step)) return;
    const desk = deskOfCause(at, step, now, livemode === true);
    const input = { reason: 'debit_not_authorized', desk: writtenDesk(desk) };
    await world.steps.take(at, { id: step, kind: 'dispute', subject: textOf(payment) ?? '', input });
  });
}
