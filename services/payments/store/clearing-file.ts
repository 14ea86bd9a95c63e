import type { Placed } from '#kernel/contract/provider.ts';
import { type Fields, numberOf, textOf, type Thing } from '../domain/json.ts';
import { isDown } from '../domain/outage.ts';
import { achReturns } from '../engine/bank/ach.ts';
import { clearingAnswer } from '../engine/bank/clearing-house.ts';
import { drawn } from '../engine/bank/draw.ts';
import type { Answer, Refused } from '../engine/bank/order.ts';
import { sepaRefusals } from '../engine/bank/sepa.ts';
import { unseenCode } from '../engine/bank/transfer.ts';
import { entriesOf, fileKind, settledEntry } from './clearing.ts';
import type { Happening } from './due.ts';
import { fileAgainSeconds, fileLateSeconds, returnsAfterSeconds } from './limits.ts';
import type { Kept } from './object.ts';
import { payoutHeard } from './payout.ts';
import { settle } from './settle.ts';
import { dueAt } from './subscription.ts';
import { asked } from './transfer-message.ts';
import { deskOfCause, found, type World, writtenDesk } from './world.ts';

type Turn = 'early' | 'late';

/**
 * A file is with its clearing house: what it answers is written down as it came, and what follows of it is done, each thing once,
 * however often it is said. A file that was lost is sent again as it is; an answer may come late.
 */
export const fileDue: Happening = async (world, at, { id, due }, now) => {
  const file = await found(world, at, fileKind, id);
  if (file.hidden.due !== due) return;
  const turn: Turn = file.hidden.turn === 'late' ? 'late' : 'early';
  const tries = numberOf(file.hidden.tries) ?? 0;
  const { seed, lost, late, twice, down } = await world.networks.conditions(at);
  // A rail that is down takes nothing: it is known that nothing went, and what was asked before is still to be asked about.
  if (isDown(down, String(file.thing.rail))) return lookAgain(world, at, file, now + fileAgainSeconds, {});
  const draw = (what: string) => drawn(`${seed} ${what} ${id} ${turn} ${tries}`);
  const times = draw('twice') < twice ? 2 : 1;
  if (file.thing.format === 'pacs.008' && turn === 'early') return transferDue(world, at, file, now, { tries, times });
  if (draw('lost') < lost) return lookAgain(world, at, file, now + fileAgainSeconds, { tries: tries + 1 });
  if (file.hidden.wasLate !== turn && draw('late') < late) return lookAgain(world, at, file, now + fileLateSeconds, { wasLate: turn });
  const text = (await world.contents.get(at, id))?.toString() ?? '';
  const answer = clearingAnswer(String(file.thing.rail), text, turn, new Date(now * 1000), `${id.slice(0, 30)}-${turn[0]}`);
  const refused = answer ? await received(world, at, file, answer, now, turn) : [];
  for (let time = 0; time < times; time += 1) await heard(world, at, id, refused, turn, now);
  if (turn === 'early') return lookAgain(world, at, file, now + returnsAfterSeconds, { turn: 'late', tries: 0 });
  await world.objects.commit(at, [await world.objects.change(at, file, file.thing, dueAt(file.hidden, undefined))]);
};

/**
 * A transfer that goes by itself. That it goes is written down before; whoever finds that, and no answer, asks what became of it, and
 * sends it again, as it is, when it was never seen. So nothing goes twice, whatever is lost and whoever dies.
 */
async function transferDue(world: World, at: Placed, file: Kept, now: number, { tries, times }: { tries: number; times: number }) {
  const { id } = file.thing;
  const wasAsked = file.hidden.asked === true;
  await lookAgain(world, at, file, now + fileAgainSeconds, { asked: true, tries: tries + 1 });
  const answer = await asked(world, at, file, now, { tries, wasAsked });
  if (!answer) return;
  const cause = wasAsked ? `inquiry ${tries}` : 'early';
  const refused = await received(world, at, file, answer, now, cause);
  const marked = await found(world, at, fileKind, id);
  if (refused.some(({ code }) => code === unseenCode)) return lookAgain(world, at, marked, now, { asked: false });
  for (let time = 0; time < times; time += 1) await heard(world, at, id, refused, 'early', now);
  await lookAgain(world, at, marked, now + returnsAfterSeconds, { turn: 'late', tries: 0 });
}

async function lookAgain(world: World, at: Placed, file: Kept, due: number, more: Fields): Promise<void> {
  await world.objects.commit(at, [await world.objects.change(at, file, file.thing, { ...file.hidden, ...more, due })]);
  world.steps.onDue(at, due);
}

/** Keeps an answer as it came, and reads it. */
async function received(world: World, at: Placed, { thing }: Kept, answer: Answer, now: number, cause: string): Promise<Refused[]> {
  const refused = answer.format === 'nacha' ? achReturns(answer.text) : sepaRefusals(answer);
  const desk = deskOfCause(at, `answer ${thing.id} ${cause}`, now, thing.livemode === true);
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
  for (const { thing } of await entriesOf(world, at, file)) {
    const code = codes.get(String(thing.reference));
    const isFirst = thing.state === 'sent';
    if (textOf(thing.payout) !== undefined) {
      // What is taken back from a bank counts when it cannot be sent back any more.
      const isTold = thing.way === 'debit' ? turn === 'late' : isFirst;
      if (isTold || code !== undefined) await payoutHeard(world, at, now, thing, code);
    } else if (thing.way === 'credit') {
      if (isFirst) await world.objects.commit(at, await settledEntry(world, at, thing.id, code));
    } else if (turn === 'early') {
      if (isFirst) await settle(world, at, now, thing, code === undefined ? { outcome: 'paid' } : { outcome: 'failed', code });
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
