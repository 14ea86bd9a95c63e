import { setTimeout as pause } from 'node:timers/promises';
import type { Placed } from '#kernel/contract/provider.ts';
import type { Thing } from '../domain/json.ts';
import { isDown } from '../domain/outage.ts';
import { clearingAnswer, inquiryAnswer } from '../engine/bank/clearing-house.ts';
import { drawn } from '../engine/bank/draw.ts';
import type { Answer } from '../engine/bank/order.ts';
import { statusInquiry } from '../engine/bank/transfer.ts';
import type { Kept } from './object.ts';
import { deskOfCause, type World } from './world.ts';

type Time = { readonly tries: number; readonly wasAsked: boolean };

/** Sends a transfer, or the question what became of it; undefined where no answer comes in time. */
export async function asked(world: World, at: Placed, file: Kept, now: number, { tries, wasAsked }: Time): Promise<Answer | undefined> {
  const { id } = file.thing;
  const text = (await world.contents.get(at, id))?.toString() ?? '';
  const moment = new Date(now * 1000);
  const name = `${id.slice(0, 30)}-${tries % 1000}`;
  const question = wasAsked ? statusInquiry(text, moment, name) : undefined;
  if (question !== undefined) await kept(world, at, file, question, now, tries);
  const { seed, lost, late, latencyMs, spreadMs, waitMs } = await world.networks.conditions(at);
  const draw = (what: string) => drawn(`${seed} ${what} ${id} ${tries}`);
  const isLost = draw('lost') < lost;
  // Of what is lost, half was lost on its way there, and half on its way back.
  if (isLost && draw('unseen') < 50) return undefined;
  const answer = await housed(world, at, file.thing, text, moment, question === undefined ? undefined : { question, name });
  const latency = latencyMs + (spreadMs * draw('latency')) / 100;
  if (isLost || latency > waitMs || draw('late') < late) return undefined;
  if (latency > 0) await pause(latency, undefined, { ref: false });
  // What is on its way when the rail goes down does not arrive, though the clearing house has acted.
  if (isDown((await world.networks.conditions(at)).down, String(file.thing.rail))) return undefined;
  return answer;
}

/** The simulated clearing house, which writes down what it did: what comes again has the same answer, and nothing happens twice. */
async function housed(
  world: World,
  at: Placed,
  { id, rail }: Thing,
  text: string,
  moment: Date,
  asking: { question: string; name: string } | undefined,
): Promise<Answer | undefined> {
  const book = `house ${id}`;
  const said = (await world.contents.get(at, book))?.toString();
  if (asking) return inquiryAnswer(asking.question, said, moment, `${asking.name}-a`);
  if (said !== undefined) return { format: 'pacs.002', text: said };
  const answer = clearingAnswer(String(rail), text, 'early', moment, `${id.slice(0, 30)}-e`);
  if (answer) await world.objects.commit(at, [await world.contents.insertion(at, book, Buffer.from(answer.text))]);
  return answer;
}

/** The question is a message as any other, and is kept as it went. */
async function kept(world: World, at: Placed, { thing }: Kept, text: string, now: number, tries: number): Promise<void> {
  const desk = deskOfCause(at, `question ${thing.id} ${tries}`, now, thing.livemode === true);
  const question: Thing = { ...thing, id: desk.ids('clf'), created: now, format: 'pacs.028', amount: null, answer_to: thing.id };
  await world.objects.commit(at, [
    await world.objects.insertion(at, question),
    await world.contents.insertion(at, question.id, Buffer.from(text)),
  ]);
}
