import assert from 'node:assert/strict';
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import type { Calibration } from '#engine/tree/calibration.ts';
import { writeModel } from '#engine/tree/written.ts';
import { type Happened, learn, type Report, TooLittle, type Wish } from './learn.ts';
import { learnPriority } from './limits.ts';
import { modelOf } from './model.ts';

/** What this thread is told: what happened, piece by piece, and at the end what to learn from it. */
export type ToLearner =
  | { readonly happened: readonly Happened[] }
  | {
      readonly wish: Omit<Wish, 'rival'>;
      readonly rival: { format: string; model: string; calibration: Calibration | undefined } | undefined;
    };
export type FromLearner =
  | { readonly learned: { features: readonly string[]; model: string; calibration: Calibration; report: Report } }
  | { readonly tooLittle: string };

assert(parentPort, 'this is a thread of the payments service');
const port = parentPort;
// Linux has a priority for each thread: payments go before this one.
if (process.platform === 'linux') setPriority(learnPriority);
const all: Happened[] = [];

port.on('message', (message: ToLearner) => {
  if ('happened' in message) return void all.push(...message.happened);
  port.postMessage(answerOf(message));
  port.close();
});

function answerOf({ wish, rival }: Extract<ToLearner, { wish: unknown }>): FromLearner {
  try {
    const before = rival && { model: modelOf(rival.format, rival.model), calibration: rival.calibration };
    const { model, calibration, report } = learn(all, { ...wish, rival: before });
    return { learned: { features: model.features, model: writeModel(model), calibration, report } };
  } catch (error) {
    if (error instanceof TooLittle) return { tooLittle: error.message };
    throw error;
  }
}
