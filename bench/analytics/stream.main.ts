import { openLog } from '#seams/log/log.ts';
import type { Plan } from '#services/analytics/domain/plan.ts';
import { nexmarkQueries, streaming } from '../nexmark/query.ts';
import { cpuOf } from './measure.ts';
import { planOf } from './plan.ts';
import { answers, fromFiles, fromLog, intoNothing, peakMb, streamTables, type Source, topicScope } from './stream.ts';

/** One query over the files of a folder, or the topics of a log, in a process of its own, until its parent lets it go. */
type Asked = { readonly what: 'time' | 'answer' | 'peak'; readonly from: string; readonly text: string };

async function answer({ what, from, text }: Asked): Promise<object> {
  if (what === 'peak') return { megabytes: peakMb() };
  const plan = await planOf(nexmarkQueries(streaming)[text] ?? text, streamTables);
  const log = from.startsWith('kafka:') ? openLog(from, { clientId: 'bench' }) : undefined;
  const source = log ? fromLog(log.at(topicScope)) : fromFiles(from);
  try {
    return what === 'time' ? { seconds: await cpuOf(() => intoNothing(source, plan)) } : await compared(source, plan);
  } finally {
    await log?.close();
  }
}

async function compared(source: Source, plan: Plan): Promise<object> {
  const { kept, once } = await answers(source, plan);
  const told = ({ rows, sums }: typeof kept) => [rows, ...sums];
  return { types: plan.columns.map(({ type }) => type), kept: told(kept), once: told(once) };
}

process.on('message', (asked) =>
  answer(asked as Asked)
    .catch((error: unknown) => ({ error: String(error) }))
    .then((told) => process.send?.(told)),
);
